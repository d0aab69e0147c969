/* SPDX-License-Identifier: 0BSD */
#include "arc_log_internal.h"

/* 1 / ln 10 in two parts, of which the first has 12 significant bits, and as one number. */
#define ARC_LOG10_E_HIGH 0.434326172f
#define ARC_LOG10_E_LOW (-3.16899714e-05f)
#define ARC_LOG10_E 0.434294492f

/* log10(2) in two parts: the product of the first with any exponent is exact. */
#define ARC_LOG10_2_HIGH 0.301025391f
#define ARC_LOG10_2_LOW 4.60503907e-06f

/* log10(x) = k log10(2) + log(1 + f) / ln 10 with x = 2^(k - exponent) * (1 + f). */
static inline float arc_log10_of_normal(uint32_t bits, float exponent) {
  float k;
  float tail;
  const float f = arc_log_reduce(bits, ARC_SQRT_HALF_BITS, &k);
  const float head = arc_log_split(f, &tail);
  k += exponent;
  {
    /* Dekker's fast two-sum: with k = 0 nothing is lost, else the first product is the greater one. */
    const float whole = k * ARC_LOG10_2_HIGH;
    const float part = head * ARC_LOG10_E_HIGH;
    const float sum = whole + part;
    const float lost = part - (sum - whole);
    const float small = ARC_MULTIPLY_ADD(head, ARC_LOG10_E_LOW, tail * ARC_LOG10_E);
    return sum + (lost + ARC_MULTIPLY_ADD(k, ARC_LOG10_2_LOW, small));
  }
}

ARC_RARE_CASE float arc_log10_rare(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (bits - 1u >= ARC_SMALLEST_NORMAL_BITS - 1u) {
    return arc_log_outside(x);
  }
  return arc_log10_of_normal(arc_bits_of(x * 8388608.0f), -23.0f);
}

ARC_FAST_CODE float arc_log10f(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (ARC_UNLIKELY(arc_log_is_rare(bits))) {
    return arc_log10_rare(x);
  }
  return arc_log10_of_normal(bits, 0.0f);
}
