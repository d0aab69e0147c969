/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

/* From 2^-50 to 2^63 the squares of the larger number and the sum neither overflow nor lose bits that count. */
#define SMALLEST_BITS UINT32_C(0x26800000)
#define LARGEST_BITS UINT32_C(0x5f000000)

/* The squares, their sum and the root are rounded: relative errors of u + u/2 at most before the root, which halves them,
 * and half an ulp after it; 1.4 ulp in all. Borges, An improved algorithm for hypot(a, b), ACM Trans. Math. Softw. 47
 * (2020), has the analysis and what more could be done. */
static inline float root_of_squares(float larger, float smaller) {
  return arc_sqrtf(ARC_MULTIPLY_ADD(larger, larger, smaller * smaller));
}

ARC_RARE_CASE float root_of_scaled_squares(float larger, float smaller) {
  const uint32_t bits = arc_bits_of(larger);
  if (bits >= ARC_INFINITY_BITS) { /* of which an infinity counts more than NaN */
    return bits == ARC_INFINITY_BITS || arc_bits_of(smaller) == ARC_INFINITY_BITS ? arc_float_of(ARC_INFINITY_BITS) : larger + smaller;
  }
  if (bits > LARGEST_BITS) {
    return root_of_squares(larger * 1.3552527e-20f, smaller * 1.3552527e-20f) * 7.378698e+19f;
  }
  return root_of_squares(larger * 1.2676506e+30f, smaller * 1.2676506e+30f) * 7.888609e-31f;
}

ARC_FAST_CODE float arc_hypotf(float x, float y) {
  const uint32_t x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  const uint32_t larger = x_magnitude > y_magnitude ? x_magnitude : y_magnitude;
  const uint32_t smaller = x_magnitude > y_magnitude ? y_magnitude : x_magnitude;
  if (ARC_UNLIKELY(larger - SMALLEST_BITS > LARGEST_BITS - SMALLEST_BITS)) {
    return root_of_scaled_squares(arc_float_of(larger), arc_float_of(smaller));
  }
  return root_of_squares(arc_float_of(larger), arc_float_of(smaller));
}
