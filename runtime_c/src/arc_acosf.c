/* SPDX-License-Identifier: 0BSD */
#include "arc_asin_internal.h"

ARC_FAST_CODE float arc_acosf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t magnitude = bits & ~ARC_SIGN_BIT;
  if (magnitude <= UINT32_C(0x3f000000)) { /* 1/2 */
    return 1.5707964f - (x + ARC_MULTIPLY_ADD(x, arc_asin_rest(x * x), 4.371139e-8f));
  }
  if (ARC_UNLIKELY(magnitude >= ARC_ONE_BITS)) {
    return arc_outside_of_one(x, (bits & ARC_SIGN_BIT) != 0u ? 3.1415927f : 0.0f);
  }
  const float z = (1.0f - arc_float_of(magnitude)) * 0.5f;
  const float s = arc_sqrtf(z);
  const float rest = s * arc_asin_rest(z);
  if ((bits & ARC_SIGN_BIT) != 0u) {
    return 3.1415927f - 2.0f * (s + (rest + 4.371139e-8f));
  }
  const float head = arc_leading_bits(s);
  return 2.0f * (head + (rest + arc_root_tail(z, s, head)));
}
