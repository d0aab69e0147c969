/* SPDX-License-Identifier: 0BSD */
#include "arc_atan_internal.h"

ARC_FAST_CODE float arc_atanf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t magnitude = bits & ~ARC_SIGN_BIT;
  if (magnitude <= UINT32_C(0x3f000000)) { /* 1/2 */
    /* 2^-12: atan(x) rounds to x, and -0 has to stay -0. */
    return magnitude < UINT32_C(0x39800000) ? x : ARC_MULTIPLY_ADD(x, arc_atan_rest(x), x);
  }
  float result;
  if (magnitude <= UINT32_C(0x40000000)) { /* 2 */
    /* pi/4 + atan((x - 1) / (x + 1)); both differences are exact, and so is adding a multiple of 2^-12 to the head of
     * pi/4. */
    const float shifter = 3072.0f;
    const float a = arc_float_of(magnitude);
    const float n = a - 1.0f;
    const float d = a + 1.0f;
    const float d_low = a - (d - 1.0f);
    const float inverse = 1.0f / d;
    const float q = n * inverse;
    const float head = (q + shifter) - shifter;
    const float residual = ARC_MULTIPLY_ADD(-head, d_low, arc_residual(n, d, head));
    result = arc_atan_sum(q, head, residual, inverse, ARC_QUARTER_PI, ARC_QUARTER_PI_LOW);
  } else if (magnitude <= UINT32_C(0x4c800000)) { /* 2^26; above, 1/x is less than half an ulp of pi/2 */
    const float q = 1.0f / arc_float_of(magnitude);
    result = ARC_HALF_PI - (ARC_MULTIPLY_ADD(q, arc_atan_rest(q), q) - ARC_HALF_PI_LOW);
  } else {
    result = magnitude > ARC_INFINITY_BITS ? x : ARC_HALF_PI + ARC_HALF_PI_LOW;
  }
  return arc_with_sign_of(result, bits);
}
