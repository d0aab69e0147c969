/* SPDX-License-Identifier: 0BSD */
/* Exact remainders by long division of the significands. */
#ifndef ARC_REMAINDER_INTERNAL_H
#define ARC_REMAINDER_INTERNAL_H

#include "arc_math_internal.h"

/* Exponent field as a shift: numbers are m * 2^(e - 150), subnormal ones with e = 1 and a smaller m. */
static inline uint32_t arc_exponent_of(uint32_t magnitude) {
  const uint32_t field = magnitude >> 23;
  return field != 0u ? field : 1u;
}

static inline uint32_t arc_significand_of(uint32_t magnitude) {
  const uint32_t fraction = magnitude & UINT32_C(0x7fffff);
  return magnitude >> 23 != 0u ? fraction | UINT32_C(0x800000) : fraction;
}

/* Remainder of m * 2^shift divided by divisor; *quotient has the low bits of the quotient. Significands have 24 bits:
 * eight more fit a word, so that 2^shift, at most 2^253, takes no more than 32 divisions. */
static inline uint32_t arc_long_division(uint32_t m, uint32_t shift, uint32_t divisor, uint32_t *quotient) {
  uint32_t q = m / divisor;
  uint32_t r = m - q * divisor;
  while (shift > 0u) {
    const uint32_t step = shift < 8u ? shift : 8u;
    r <<= step;
    q = r / divisor;
    r -= q * divisor;
    shift -= step;
  }
  *quotient = q;
  return r;
}

/* m * 2^(e - 150) for m below 2^24, where that is a float32. */
static inline float arc_scaled(uint32_t m, uint32_t e) {
  if (m == 0u) {
    return 0.0f;
  }
  const uint32_t normal = arc_bits_of((float)(int32_t)m);
  if ((normal >> 23) + e > 150u) {
    return arc_float_of(normal + (e << 23) - ((uint32_t)150 << 23));
  }
  return arc_float_of(m << (e - 1u));
}

#endif
