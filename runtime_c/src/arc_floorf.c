/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

ARC_FAST_CODE float arc_floorf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t exponent = (bits >> 23) & 0xffu;
  if (exponent >= 150u) { /* no fraction; infinities and NaN too */
    return x;
  }
  if (exponent < 127u) {
    return bits > ARC_SIGN_BIT ? -1.0f : arc_float_of(bits & ARC_SIGN_BIT);
  }
  /* Adding the fraction's mask to the magnitude carries into the whole part, and into the exponent where it has to. */
  const uint32_t fraction = UINT32_C(0x7fffff) >> (exponent - 127u);
  const uint32_t carry = (bits & ARC_SIGN_BIT) != 0u ? fraction : 0u;
  return arc_float_of((bits + carry) & ~fraction);
}
