/* SPDX-License-Identifier: 0BSD */
#include "arc_exp_internal.h"

/* 2^x = 2^n * 2^r with n the whole number nearest to x: returns 2^r, in [0.7, 1.42], as
 * 1 + r / 2 + r * slope(r), where r / 2 is exact and the rest is small.
 * fit exp2: r from -0.5 to 0.5, largest error 2^-28.74 of 2^r */
static inline float arc_exp2_mantissa(float x, uint32_t *exponent) {
  const float shifted = x + ARC_ROUNDER;
  const float r = x - (shifted - ARC_ROUNDER);
  float slope = 0.000153438246f;
  slope = ARC_MULTIPLY_ADD(slope, r, 0.00133967248f);
  slope = ARC_MULTIPLY_ADD(slope, r, 0.00961846672f);
  slope = ARC_MULTIPLY_ADD(slope, r, 0.0555033982f);
  slope = ARC_MULTIPLY_ADD(slope, r, 0.240226477f);
  slope = ARC_MULTIPLY_ADD(slope, r, 0.193147197f);
  *exponent = arc_bits_of(shifted);
  return 1.0f + ARC_MULTIPLY_ADD(slope, r, 0.5f * r);
}

/* Results that are not normal numbers, or hardly so. */
ARC_RARE_CASE float arc_exp2_rare(float x) {
  uint32_t exponent;
  float mantissa;
  if (x >= 128.0f) {
    return arc_float_of(ARC_INFINITY_BITS);
  }
  if (x <= -150.0f) { /* half of the smallest subnormal number, or less */
    return 0.0f;
  }
  if (x != x) {
    return x + x;
  }
  mantissa = arc_exp2_mantissa(x, &exponent);
  return arc_scale(mantissa, exponent);
}

ARC_FAST_CODE float arc_exp2f(float x) {
  uint32_t exponent;
  float mantissa;
  if (ARC_UNLIKELY((arc_bits_of(x) & ~ARC_SIGN_BIT) >= 0x42fc0000u)) { /* 126 */
    return arc_exp2_rare(x);
  }
  mantissa = arc_exp2_mantissa(x, &exponent);
  return arc_float_of(arc_bits_of(mantissa) + (exponent << 23));
}
