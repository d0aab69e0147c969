/* SPDX-License-Identifier: 0BSD */
#include "arc_remainder_internal.h"

ARC_FAST_CODE float arc_remainderf(float x, float y) {
  const uint32_t x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  if (x_magnitude >= ARC_INFINITY_BITS || y_magnitude > ARC_INFINITY_BITS || y_magnitude == 0u) {
    return (x * y) / (x * y);
  }
  const uint32_t x_exponent = arc_exponent_of(x_magnitude);
  const uint32_t y_exponent = arc_exponent_of(y_magnitude);
  if (x_exponent + 1u < y_exponent || y_magnitude == ARC_INFINITY_BITS) { /* |x| is below |y|/2 */
    return x;
  }
  /* In units of the smaller of the two last places, where y is at most twice as large as its significand. */
  const uint32_t e = x_exponent < y_exponent ? x_exponent : y_exponent;
  const uint32_t divisor = arc_significand_of(y_magnitude) << (y_exponent - e);
  uint32_t quotient;
  uint32_t r = arc_long_division(arc_significand_of(x_magnitude), x_exponent - e, divisor, &quotient);
  uint32_t sign = arc_bits_of(x) & ARC_SIGN_BIT;
  if (2u * r > divisor || (2u * r == divisor && (quotient & 1u) != 0u)) {
    r = divisor - r;
    sign ^= r != 0u ? ARC_SIGN_BIT : 0u;
  }
  return arc_float_of(arc_bits_of(arc_scaled(r, e)) | sign);
}
