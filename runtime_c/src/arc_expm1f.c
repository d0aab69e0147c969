/* SPDX-License-Identifier: 0BSD */
#include "arc_exp_internal.h"

/* exp(x) - 1 = 2^n * (exp(r) - 1) + (2^n - 1). The two greatest parts of the sum are added first, and what the
 * sums round off (T. J. Dekker, "A floating-point technique for extending the available precision", 1971) goes to the rest.
 * With n = 0 it is r + (exp(r) - 1 - r). */

/* exp(r) - 1 - r - low, nearer than in arc_exp_reduce, since the result may be less than half of 2^n and 2^n - 1:
 * r^2 / 2, and what is small beside it. exp(r) = 1 + r + r^2 / 2 + r^3 / 2 * rest(r).
 * fit expm1: r from -0.34658 to 0.34658, largest error 2^-33.26 of exp(r) */
static inline float arc_expm1_tail(float r, float low) {
  const float half_square = 0.5f * r * r;
  float rest = 0.000394804374f;
  rest = ARC_MULTIPLY_ADD(rest, r, 0.0027870154f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.0166671406f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.083332926f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.333333313f);
  return half_square + ARC_MULTIPLY_ADD(half_square * r, rest, -low);
}

ARC_RARE_CASE float arc_expm1_rare(float x) {
  if (x > 88.7228394f) {
    return arc_float_of(ARC_INFINITY_BITS);
  }
  if (x < -1.0f) {
    return -1.0f;
  }
  if (x > 1.0f) {
    const arc_exp_parts_t parts = arc_exp_reduce(x);
    return arc_scale(arc_exp_mantissa(parts), parts.exponent);
  }
  return x != x ? x + x : x; /* |x| < 2^-25 */
}

ARC_FAST_CODE float arc_expm1f(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t tiny = 0x33000000u; /* 2^-25 */
  if (ARC_UNLIKELY((bits & ~ARC_SIGN_BIT) - tiny > 0x42ae0000u - tiny || bits > 0xc18aa123u)) { /* 87, -17.3286 */
    return arc_expm1_rare(x);
  }
  if ((bits & ~ARC_SIGN_BIT) <= 0x3eb17218u) { /* ln(2) / 2: n = 0 */
    return x + arc_expm1_tail(x, 0.0f);
  }
  {
    const arc_exp_parts_t parts = arc_exp_reduce(x);
    const float tail = arc_expm1_tail(parts.high - parts.low, parts.low);
    const float power = arc_power_of_two(parts.exponent);
    const float whole = power - 1.0f;
    const float part = power * parts.high;
    const float sum = whole + part;
    const float lost = (part - (sum - whole)) + ((power - whole) - 1.0f);
    return sum + ARC_MULTIPLY_ADD(power, tail, lost);
  }
}
