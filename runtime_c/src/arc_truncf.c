/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

ARC_FAST_CODE float arc_truncf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t exponent = (bits >> 23) & 0xffu;
  const int32_t fraction_bits = 150 - (int32_t)exponent;
  if (fraction_bits <= 0) { /* none; infinities and NaN too */
    return x;
  }
  /* Below 1 only the sign is left. */
  const uint32_t cleared = fraction_bits > 23 ? 31u : (uint32_t)fraction_bits;
  return arc_float_of(bits & (UINT32_MAX << cleared));
}
