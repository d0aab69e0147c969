/* SPDX-License-Identifier: 0BSD */
#include "arc_asin_internal.h"

ARC_FAST_CODE float arc_asinf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t magnitude = bits & ~ARC_SIGN_BIT;
  if (magnitude <= UINT32_C(0x3f000000)) { /* 1/2 */
    /* 2^-12: asin(x) rounds to x, and -0 has to stay -0. */
    return magnitude < UINT32_C(0x39800000) ? x : ARC_MULTIPLY_ADD(x, arc_asin_rest(x * x), x);
  }
  if (ARC_UNLIKELY(magnitude >= ARC_ONE_BITS)) {
    return arc_outside_of_one(x, arc_with_sign_of(1.5707964f, bits));
  }
  /* Half an ulp of the root would be that of the result; so its head, a multiple of 2^-12, is subtracted from the leading
   * bits of pi/2, which is exact, and the tail joins the small terms. */
  const float shifter = 3072.0f;
  const float z = (1.0f - arc_float_of(magnitude)) * 0.5f;
  const float s = arc_sqrtf(z);
  const float head = (s + shifter) - shifter;
  const float tail = ARC_MULTIPLY_ADD(s, arc_asin_rest(z), arc_root_tail(z, s, head));
  return arc_with_sign_of((1.5708008f - 2.0f * head) - (2.0f * tail + 4.454455e-6f), bits);
}
