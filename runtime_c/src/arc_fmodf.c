/* SPDX-License-Identifier: 0BSD */
#include "arc_remainder_internal.h"

ARC_FAST_CODE float arc_fmodf(float x, float y) {
  const uint32_t x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  if (x_magnitude >= ARC_INFINITY_BITS || y_magnitude > ARC_INFINITY_BITS || y_magnitude == 0u) {
    return (x * y) / (x * y);
  }
  if (x_magnitude < y_magnitude) {
    return x;
  }
  const uint32_t e = arc_exponent_of(y_magnitude);
  const uint32_t shift = arc_exponent_of(x_magnitude) - e;
  uint32_t quotient;
  const uint32_t r = arc_long_division(arc_significand_of(x_magnitude), shift, arc_significand_of(y_magnitude), &quotient);
  return arc_with_sign_of(arc_scaled(r, e), arc_bits_of(x));
}
