/* SPDX-License-Identifier: 0BSD */
/* The reduction and the series of the functions that are made of logarithms. */
#ifndef ARC_LOG_INTERNAL_H
#define ARC_LOG_INTERNAL_H

#include "arc_exp_internal.h"

#define ARC_SQRT_HALF_BITS UINT32_C(0x3f3504f3)
#define ARC_SMALLEST_NORMAL_BITS UINT32_C(0x00800000)

/* Whether x, of these bits, is zero, subnormal, negative, infinite or not a number. */
static inline int arc_log_is_rare(uint32_t bits) {
  return bits - ARC_SMALLEST_NORMAL_BITS >= ARC_INFINITY_BITS - ARC_SMALLEST_NORMAL_BITS;
}

/* x = m * 2^k with m in [sqrt(1/2), sqrt(2)): returns m - 1, which is exact. */
static inline float arc_log_reduce(uint32_t bits, float *k) {
  const uint32_t offset = bits - ARC_SQRT_HALF_BITS;
  *k = (float)((int32_t)offset >> 23);
  return arc_float_of((offset & 0x007fffffu) + ARC_SQRT_HALF_BITS) - 1.0f;
}

/* f - log(1 + f) for f in [sqrt(1/2) - 1, sqrt(2) - 1]. With s = f / (2 + f), 1 + f = (1 + s) / (1 - s), and
 * log(1 + f) = 2 atanh(s) = 2 s + s * rest(s^2) = f - s * (f - rest(s^2)).
 * fit log: s^2 from 9.3e-10 to 0.029438, largest error 2^-30.21 of log(1 + f) */
static inline float arc_log_rest(float f) {
  const float s = f / (2.0f + f);
  const float z = s * s;
  float rest = 0.298706919f;
  rest = ARC_MULTIPLY_ADD(rest, z, 0.399775863f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.666667759f);
  return s * ARC_MULTIPLY_ADD(-rest, z, f);
}

#endif
