/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

ARC_FAST_CODE float arc_truncf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const int32_t fraction_bits = 150 - (int32_t)((bits >> 23) & 0xffu);
  if (fraction_bits <= 0) { /* none; infinities and NaN too */
    return x;
  }
  /* Below 1 only the sign is left. */
  const int32_t cleared = fraction_bits > 23 ? 31 : fraction_bits;
  return arc_float_of(bits & (UINT32_MAX << cleared));
}
