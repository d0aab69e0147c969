/* SPDX-License-Identifier: 0BSD */
#include "arc_exp_internal.h"

/* exp(x) - 1 = 2^n * (exp(r) - 1) + (2^n - 1). The two greatest parts of the sum are added first, and what the
 * sums round off (T. J. Dekker, "A floating-point technique for extending the available precision", 1971) goes to the rest.
 * With n = 0 it is r + (exp(r) - 1 - r). */

/* (exp(r) - 1 - r) / r^2, nearer than arc_exp_rest: the sum may be less than half of its parts.
 * fit expm1: r from -0.34658 to 0.34658, largest error 2^-33.26 of exp(r) */
static inline float arc_expm1_rest(float r) {
  float rest = 0.000197402187f;
  rest = ARC_MULTIPLY_ADD(rest, r, 0.0013935077f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.00833357032f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.041666463f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.166666657f);
  return ARC_MULTIPLY_ADD(rest, r, 0.5f);
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
  {
    const arc_exp_parts_t parts = arc_exp_reduce(x);
    const float r = parts.high - parts.low;
    const float tail = ARC_MULTIPLY_ADD(r * r, arc_expm1_rest(r), -parts.low);
    const float power = arc_power_of_two(parts.exponent);
    const float whole = power - 1.0f;
    const float part = power * parts.high;
    const float sum = whole + part;
    const float lost = (part - (sum - whole)) + ((power - whole) - 1.0f);
    return sum + ARC_MULTIPLY_ADD(power, tail, lost);
  }
}
