/* SPDX-License-Identifier: 0BSD */
/* What roundings have lost, and logarithms that take it into account: for functions that are the logarithm of a sum or
 * a quotient. (T. J. Dekker, "A floating-point technique for extending the available precision", Numer. Math. 18, 1971) */
#ifndef ARC_COMPENSATED_INTERNAL_H
#define ARC_COMPENSATED_INTERNAL_H

#include "arc_log_internal.h"

/* a * b - product, exact, where product is the rounded a * b. */
static inline float arc_product_lost(float a, float b, float product) {
#if ARC_FMA
  return __builtin_fmaf(a, b, -product);
#else
  const float a_head = arc_float_of(arc_bits_of(a) & 0xfffff000u);
  const float b_head = arc_float_of(arc_bits_of(b) & 0xfffff000u);
  const float a_tail = a - a_head;
  const float b_tail = b - b_head;
  return (((a_head * b_head - product) + a_head * b_tail) + a_tail * b_head) + a_tail * b_tail;
#endif
}

/* The square root of square + low is root + what is returned, where root is that of square. */
static inline float arc_root_lost(float square, float low, float root) {
  const float product = root * root;
  return 0.5f * (((square - product) - arc_product_lost(root, root, product)) + low) / root;
}

/* log(2^exponent * x) + low for a normal x >= 1 and a small low. */
static inline float arc_log_compensated(float x, float low, float exponent) {
  float k;
  const float f = arc_log_reduce(arc_bits_of(x), ARC_SQRT_HALF_BITS, &k);
  const float rest = arc_log_rest(f) - low;
  k += exponent;
  return ARC_MULTIPLY_ADD(k, ARC_LN2_HIGH, f - ARC_MULTIPLY_ADD(-k, ARC_LN2_LOW, rest));
}

#endif
