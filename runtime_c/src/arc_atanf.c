/* SPDX-License-Identifier: 0BSD */
#include "arc_atan_internal.h"

/* pi/4 + atan((a - 1) / (a + 1)) for a from 1/2 to 2. Both differences are exact, and so is adding a multiple of 2^-12 to
 * the head of pi/4. */
static inline float around_one(float a) {
  const float shifter = 3072.0f;
  const float n = a - 1.0f;
  const float d = a + 1.0f;
  const float d_low = a - (d - 1.0f);
  const float inverse = 1.0f / d;
  const float q = n * inverse;
  const float head = (q + shifter) - shifter;
  const float residual = ARC_MULTIPLY_ADD(-head, d_low, arc_residual(n, d, head));
  return arc_atan_sum(q, head, residual, inverse, ARC_QUARTER_PI, ARC_QUARTER_PI_LOW);
}

ARC_FAST_CODE float arc_atanf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t magnitude = bits & ~ARC_SIGN_BIT;
  const bool is_large = magnitude > UINT32_C(0x40000000); /* 2 */
  if (magnitude > UINT32_C(0x3f000000) && !is_large) { /* 1/2 */
    return arc_with_sign_of(around_one(arc_float_of(magnitude)), bits);
  }
  /* 2^-12: atan(x) rounds to x, and -0 has to stay -0. */
  if (magnitude < UINT32_C(0x39800000)) {
    return x;
  }
  const float q = is_large ? -1.0f / x : x;
  const float angle = ARC_MULTIPLY_ADD(q, arc_atan_rest(q), q);
  if (!is_large) {
    return angle;
  }
  /* pi/2 - atan(1/x); NaN comes through. */
  return arc_with_sign_of(1.5707964f, bits) + (angle + arc_with_sign_of(4.371139e-8f, ~bits));
}
