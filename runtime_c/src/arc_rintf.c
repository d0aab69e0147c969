/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

ARC_FAST_CODE float arc_rintf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t magnitude = bits & ~ARC_SIGN_BIT;
  if (magnitude >= UINT32_C(0x4b000000)) { /* 2^23: no fraction; infinities and NaN too */
    return x;
  }
  /* The sum has no bits behind the point: the addition itself rounds to nearest, ties to even. */
  const float rounded = (arc_float_of(magnitude) + 8388608.0f) - 8388608.0f;
  return arc_float_of(arc_bits_of(rounded) | (bits & ARC_SIGN_BIT));
}
