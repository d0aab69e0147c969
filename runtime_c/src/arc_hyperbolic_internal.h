/* SPDX-License-Identifier: 0BSD */
/* What sinh and cosh share. */
#ifndef ARC_HYPERBOLIC_INTERNAL_H
#define ARC_HYPERBOLIC_INTERNAL_H

#include "arc_exp_internal.h"

#define ARC_HYPERBOLIC_LIMIT_BITS 0x42b00000u /* 88 */

/* exp(x) / 2 = sum + rest, and inverse = exp(-x) / 2. */
typedef struct arc_half_exp_t {
  float sum;
  float rest;
  float inverse;
} arc_half_exp_t;

/* For x in [0, 88]. */
static inline arc_half_exp_t arc_half_exp(float x) {
  arc_half_exp_t half;
  const arc_exp_parts_t parts = arc_exp_reduce(x);
  const float power = arc_power_of_two(parts.exponent - 1u);
  const float part = power * parts.high;
  const float sum = power + part;
  half.sum = sum;
  /* Dekker's fast two-sum: what the rounding of the sum has lost goes to the rest. */
  half.rest = ARC_MULTIPLY_ADD(power, parts.tail, part - (sum - power));
  half.inverse = 0.25f / (half.sum + half.rest);
  return half;
}

/* exp(x) / 2 for x > 88, or x not a number. */
ARC_RARE_CASE float arc_hyperbolic_rare(float x) {
  if (x > 89.4159851f) {
    return arc_float_of(ARC_INFINITY_BITS);
  }
  if (x != x) {
    return x + x;
  }
  {
    const arc_exp_parts_t parts = arc_exp_reduce(x);
    return arc_scale(arc_exp_mantissa(parts), parts.exponent - 1u);
  }
}

#endif
