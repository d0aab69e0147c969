/* SPDX-License-Identifier: 0BSD */
#include "arc_log_internal.h"

/* 1 / ln 2 in two parts, of which the first has 12 significant bits; ARC_LOG2_E is both. */
#define ARC_LOG2_E_HIGH 1.44287109f
#define ARC_LOG2_E_LOW (-0.000176052854f)

/* log2(x) = k + log(1 + f) / ln 2 with x = 2^(k - exponent) * (1 + f). */
static inline float arc_log2_of_normal(uint32_t bits, float exponent) {
  float k;
  float tail;
  const float f = arc_log_reduce(bits, ARC_SQRT_HALF_BITS, &k);
  const float head = arc_log_split(f, &tail);
  const float small = ARC_MULTIPLY_ADD(head, ARC_LOG2_E_LOW, tail * ARC_LOG2_E);
  return (k + exponent) + ARC_MULTIPLY_ADD(head, ARC_LOG2_E_HIGH, small);
}

ARC_RARE_CASE float arc_log2_rare(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (bits - 1u >= ARC_SMALLEST_NORMAL_BITS - 1u) {
    return arc_log_outside(x);
  }
  return arc_log2_of_normal(arc_bits_of(x * 8388608.0f), -23.0f);
}

ARC_FAST_CODE float arc_log2f(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (ARC_UNLIKELY(arc_log_is_rare(bits))) {
    return arc_log2_rare(x);
  }
  return arc_log2_of_normal(bits, 0.0f);
}
