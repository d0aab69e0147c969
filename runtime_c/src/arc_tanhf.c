/* SPDX-License-Identifier: 0BSD */
#include "arc_exp_internal.h"

/* tanh(x) = x - x^3 / divisor(x^2) for |x| <= 0.9: the divisor is that of the continued fraction
 * x / (1 + x^2 / (3 + x^2 / (5 + ...))), whose poles are far away, so that few terms are enough.
 * fit tanh: x^2 from 9.3e-10 to 0.8101, largest error 2^-29.98 of tanh(x) */
static inline float arc_tanh_small(float x) {
  const float z = x * x;
  float divisor = 0.000231984071f;
  divisor = ARC_MULTIPLY_ADD(divisor, z, -0.00570032233f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, 1.19999659f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, 3.00000024f);
  return x - x * z / divisor;
}

/* 1 - 2 / (exp(2 |x|) + 1) for greater |x|; half of the sum saves a constant. */
static inline float arc_tanh_large(float magnitude) {
  const arc_exp_parts_t parts = arc_exp_reduce(2.0f * magnitude);
  const float half = arc_power_of_two(parts.exponent - 1u);
  return 1.0f - 1.0f / ARC_MULTIPLY_ADD(parts.high + parts.tail, half, half + 0.5f);
}

/* One within half an ulp, zero with its sign (a difference of zeros would be +0), or not a number. */
ARC_RARE_CASE float arc_tanh_rare(float x) {
  return x == 0.0f || x != x ? x + x : arc_with_sign_of(1.0f, arc_bits_of(x));
}

ARC_FAST_CODE float arc_tanhf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t less = magnitude - 1u; /* zero becomes the greatest */
  if (less < 0x3f666666u) { /* 0.9: there the roundings of both forms amount to the same */
    return arc_tanh_small(x);
  }
  if (ARC_UNLIKELY(less >= 0x41102cb4u)) { /* 9.0109138 */
    return arc_tanh_rare(x);
  }
  return arc_with_sign_of(arc_tanh_large(arc_float_of(magnitude)), arc_bits_of(x));
}
