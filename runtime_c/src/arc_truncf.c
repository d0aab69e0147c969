/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

ARC_FAST_CODE float arc_truncf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t exponent = (bits >> 23) & 0xffu;
  if (exponent >= 150u) { /* no fraction; infinities and NaN too */
    return x;
  }
  if (exponent < 127u) {
    return arc_float_of(bits & ARC_SIGN_BIT);
  }
  return arc_float_of(bits & ~(UINT32_C(0x7fffff) >> (exponent - 127u)));
}
