/* SPDX-License-Identifier: 0BSD */
/* The reduction and the polynomial of the functions that are made of exponentials. */
#ifndef ARC_EXP_INTERNAL_H
#define ARC_EXP_INTERNAL_H

#include "arc_math_internal.h"

/* Added and subtracted, it rounds |x| < 2^22 to a whole number, which then stands in the lowest bits of the sum. */
#define ARC_ROUNDER 12582912.0f

#define ARC_LOG2_E 1.44269504f

/* ln 2 in two parts: the product of the first, which has 14 significant bits, with any exponent is exact, and so is
 * its difference from x (Cody and Waite, Software Manual for the Elementary Functions, 1980, chapter 6). */
#define ARC_LN2_HIGH 0.693145752f
#define ARC_LN2_LOW 1.42860677e-6f

/* exp(r) = 1 + r + r^2 * rest.
 * fit exp: r from -0.34658 to 0.34658, largest error 2^-28.25 of exp(r) */
static inline float arc_exp_rest(float r) {
  float rest = 0.0013818288f;
  rest = ARC_MULTIPLY_ADD(rest, r, 0.0083685331f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.0416682921f);
  rest = ARC_MULTIPLY_ADD(rest, r, 0.166665226f);
  return ARC_MULTIPLY_ADD(rest, r, 0.49999994f);
}

/* x = n ln 2 + r with n the whole number nearest to x / ln 2. */
typedef struct arc_exp_parts_t {
  uint32_t exponent; /* n in its lowest bits; bits 8 and above do not matter */
  float high; /* x - n * ARC_LN2_HIGH, exact */
  float low; /* n * ARC_LN2_LOW: r = high - low */
  float tail; /* exp(r) = 1 + high + tail */
} arc_exp_parts_t;

static inline arc_exp_parts_t arc_exp_reduce(float x) {
  arc_exp_parts_t parts;
  const float shifted = ARC_MULTIPLY_ADD(x, ARC_LOG2_E, ARC_ROUNDER);
  const float n = shifted - ARC_ROUNDER;
  float r;
  parts.exponent = arc_bits_of(shifted);
  parts.high = ARC_MULTIPLY_ADD(-n, ARC_LN2_HIGH, x);
  parts.low = n * ARC_LN2_LOW;
  r = parts.high - parts.low;
  parts.tail = ARC_MULTIPLY_ADD(r * r, arc_exp_rest(r), -parts.low);
  return parts;
}

/* 2^n for n in [-126, 127], given in the lowest bits of a number whose bits 8 and above do not matter. */
static inline float arc_power_of_two(uint32_t n) {
  return arc_float_of((n + 127u) << 23);
}

/* exp(r), in [0.7, 1.42]. */
static inline float arc_exp_mantissa(arc_exp_parts_t parts) {
  return 1.0f + (parts.high + parts.tail);
}

/* mantissa * 2^n, where n, in the lowest bits of exponent, is in [-252, 254]: rounded once, to the spacing of
 * subnormals if need be, and to infinity above the largest number. */
static inline float arc_scale(float mantissa, uint32_t exponent) {
  const uint32_t n = (exponent & 0x1ffu) ^ 0x100u; /* n + 256 */
  const uint32_t half = n >> 1;
  return mantissa * arc_power_of_two(half - 128u) * arc_power_of_two(n - half - 128u);
}

#endif
