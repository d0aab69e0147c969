/* SPDX-License-Identifier: 0BSD */
/* Arc sine on [0, 1/2]. Above, asin(x) = pi/2 - 2 asin(sqrt((1 - x) / 2)). */
#ifndef ARC_ASIN_INTERNAL_H
#define ARC_ASIN_INTERNAL_H

#include "arc_math_internal.h"

/* (asin(s) - s) / s, of z = s^2 */
static inline float arc_asin_rest(float z) {
  /* fit arc_sine: s^2 from 0.0001 to 0.25, largest error 2^-27.62 of asin(s) */
  float p = ARC_MULTIPLY_ADD(z, 0.0421584062f, 0.0241847392f);
  p = ARC_MULTIPLY_ADD(z, p, 0.0454691537f);
  p = ARC_MULTIPLY_ADD(z, p, 0.0749530941f);
  p = ARC_MULTIPLY_ADD(z, p, 0.166667521f);
  return z * p;
}

/* sqrt(z) - head, where s is sqrt(z) rounded and head is so short that its square is exact. */
static inline float arc_root_tail(float z, float s, float head) {
  return (z - head * head) / (s + head);
}

/* 1 gives its own result; beyond it, and for NaN, NaN. */
ARC_RARE_CASE float arc_outside_of_one(float x, float at_one) {
  return arc_bits_of(arc_magnitude(x)) == ARC_ONE_BITS ? at_one : (x - x) / (x - x);
}

#endif
