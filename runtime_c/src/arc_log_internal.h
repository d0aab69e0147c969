/* SPDX-License-Identifier: 0BSD */
/* The reduction and the series of the functions that are made of logarithms. */
#ifndef ARC_LOG_INTERNAL_H
#define ARC_LOG_INTERNAL_H

#include "arc_exp_internal.h"

#define ARC_SQRT_HALF_BITS UINT32_C(0x3f3504f3)
#define ARC_SMALLEST_NORMAL_BITS UINT32_C(0x00800000)

/* Whether x, of these bits, is zero, subnormal, negative, infinite or not a number. */
static inline bool arc_log_is_rare(uint32_t bits) {
  return bits - ARC_SMALLEST_NORMAL_BITS >= ARC_INFINITY_BITS - ARC_SMALLEST_NORMAL_BITS;
}

/* The logarithm, to any base, of zero, a negative number, infinity or NaN. */
static inline float arc_log_outside(float x) {
  if (x == 0.0f) {
    return -arc_float_of(ARC_INFINITY_BITS);
  }
  return x < 0.0f ? arc_float_of(UINT32_C(0x7fc00000)) : x + x;
}

/* x = m * 2^k with m in [lowest, 2 * lowest): returns m - 1, which is exact. */
static inline float arc_log_reduce(uint32_t bits, uint32_t lowest_bits, float *k) {
  const uint32_t offset = bits - lowest_bits;
  *k = (float)((int32_t)offset >> 23);
  return arc_float_of((offset & 0x007fffffu) + lowest_bits) - 1.0f;
}

/* With s = f / (2 + f), 1 + f = (1 + s) / (1 - s), and log(1 + f) = 2 atanh(s) = 2 s + s * rest(s^2). */

/* rest(z), z = s^2, for f in [sqrt(1/2) - 1, sqrt(2) - 1].
 * fit log: s^2 from 9.3e-10 to 0.029438, largest error 2^-30.21 of log(1 + f) */
static inline float arc_log_series(float z) {
  float rest = 0.298706919f;
  rest = ARC_MULTIPLY_ADD(rest, z, 0.399775863f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.666667759f);
  return rest * z;
}

/* f - log(1 + f) for such f: 2 s = f - s * f. */
static inline float arc_log_rest(float f) {
  const float s = f / (2.0f + f);
  return s * (f - arc_log_series(s * s));
}

/* log(1 + f) = head + tail, head with at most 12 significant bits: its product with 12 others is exact.
 * f^2 / 2 is kept apart, so that head takes most of it: 2 s = f - f^2 / 2 + s * f^2 / 2. */
static inline float arc_log_split(float f, float *tail) {
  const float s = f / (2.0f + f);
  const float half_square = 0.5f * f * f;
  const float head = arc_float_of(arc_bits_of(f - half_square) & 0xfffff000u);
  *tail = ((f - head) - half_square) + s * (half_square + arc_log_series(s * s));
  return head;
}

#endif
