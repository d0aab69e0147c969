/* SPDX-License-Identifier: 0BSD */
#include "arc_log_internal.h"

/* log(x) = k ln 2 + log(1 + f) with x = 2^(k - exponent) * (1 + f). */
static inline float arc_log_of_normal(uint32_t bits, float exponent) {
  float k;
  const float f = arc_log_reduce(bits, ARC_SQRT_HALF_BITS, &k);
  const float rest = arc_log_rest(f);
  k += exponent;
  return ARC_MULTIPLY_ADD(k, ARC_LN2_HIGH, f - ARC_MULTIPLY_ADD(-k, ARC_LN2_LOW, rest));
}

ARC_RARE_CASE float arc_log_rare(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (bits - 1u >= ARC_SMALLEST_NORMAL_BITS - 1u) {
    return arc_log_outside(x);
  }
  return arc_log_of_normal(arc_bits_of(x * 8388608.0f), -23.0f);
}

ARC_FAST_CODE float arc_logf(float x) {
  const uint32_t bits = arc_bits_of(x);
  if (ARC_UNLIKELY(arc_log_is_rare(bits))) {
    return arc_log_rare(x);
  }
  return arc_log_of_normal(bits, 0.0f);
}
