/* SPDX-License-Identifier: 0BSD */
/* Reduction of angles to [-pi/4, pi/4], and the polynomials of sine and cosine there.
 *
 * An angle is k quarter turns and a remainder, r + low: r is the nearest float32, low what it lacks. Half an ulp of r
 * would be a whole ulp of sin(r) where r is just above 1/2 and its sine just below. */
#ifndef ARC_TRIG_INTERNAL_H
#define ARC_TRIG_INTERNAL_H

#include "arc_math_internal.h"

/* 0.75: below this nothing has to be reduced. 128: below this, k fits 7 bits. */
#define ARC_NO_REDUCTION_BITS UINT32_C(0x3f400000)
#define ARC_SMALL_ANGLE_BITS UINT32_C(0x43000000)
/* 2^-12: sin(x) rounds to x. Without this case, -0 would become 0. */
#define ARC_SINE_IS_ANGLE_BITS UINT32_C(0x39800000)

typedef struct arc_angle_t {
  float r;
  float low;
  uint32_t quadrant; /* only the two low bits count */
} arc_angle_t;

/* Any finite angle from 128 up (arc_reduce_large_angle.c); NaN for infinities and NaN. */
arc_angle_t arc_reduce_large_angle(float x);

/* Angles below 128 in magnitude. Cody and Waite, Software Manual for the Elementary Functions (1980): pi/2 as a sum, of
 * which the leading parts are so short that their products with k are exact (the first 12 bits long, or 24 where the
 * product is not rounded, the second 17). Subtracting the first is exact as well. Subtracting the second is exact where
 * it cancels, next to multiples of pi/2; elsewhere it rounds, and the difference is kept. The third makes up for what the
 * first two lack of pi/2: no float32 below 128 is nearer than 2^-26 to a multiple of pi/2, and the sum of the three is
 * right to 2^-63. */
static inline arc_angle_t arc_reduce_small_angle(float x) {
  /* 1.5 * 2^23: a sum with it is rounded to a whole number, which its low bits hold. */
  const float shifter = 12582912.0f;
  const float shifted = ARC_MULTIPLY_ADD(x, 0.636619747f, shifter);
  const float k = shifted - shifter;
  arc_angle_t angle;
#if ARC_FMA
  const float first = __builtin_fmaf(k, -1.5707964f, x);
  const float second = 4.3711225e-8f;
  angle.r = __builtin_fmaf(k, second, first);
  angle.low = __builtin_fmaf(k, 1.6513996e-13f, __builtin_fmaf(k, second, first - angle.r));
#else
  const float first = x - k * 1.5708008f;
  const float second = k * 4.4544577e-6f;
  angle.r = first + second;
  angle.low = ((first - angle.r) + second) - k * 2.563344e-12f;
#endif
  angle.quadrant = arc_bits_of(shifted);
  return angle;
}

static inline arc_angle_t arc_reduce_angle(float x) {
  if (ARC_UNLIKELY((arc_bits_of(x) & ~ARC_SIGN_BIT) > ARC_SMALL_ANGLE_BITS)) {
    return arc_reduce_large_angle(x);
  }
  return arc_reduce_small_angle(x);
}

/* (sin(r) - r) / r^3 on [-pi/4, pi/4], of z = r^2 */
static inline float arc_sine_rest(float z) {
  /* fit sine: r^2 from 0.0001 to 0.61687, largest error 2^-27.91 of sin(r) */
  const float p = ARC_MULTIPLY_ADD(z, -0.000195182904f, 0.00833218917f);
  return ARC_MULTIPLY_ADD(z, p, -0.166666552f);
}

/* (cos(r) - 1 + r^2/2) / r^4 on [-pi/4, pi/4], of z = r^2 */
static inline float arc_cosine_rest(float z) {
  /* fit cosine: r^2 from 0.0001 to 0.61687, largest error 2^-32.99 of cos(r) */
  const float p = ARC_MULTIPLY_ADD(z, 2.44323273e-05f, -0.00138873095f);
  return ARC_MULTIPLY_ADD(z, p, 0.0416666456f);
}

/* sin(r + low) */
static inline float arc_sine_near_zero(float r, float low) {
  const float z = r * r;
  return r + ARC_MULTIPLY_ADD(r * z, arc_sine_rest(z), low);
}

/* 1 - z/2 + small: what rounding takes from the difference is kept. */
static inline float arc_cosine_sum(float z, float small) {
  const float half = 0.5f * z;
  const float head = 1.0f - half;
  return head + (((1.0f - head) - half) + small);
}

/* cos(r + low) */
static inline float arc_cosine_near_zero(float r, float low) {
  const float z = r * r;
  return arc_cosine_sum(z, ARC_MULTIPLY_ADD(z * z, arc_cosine_rest(z), -(r * low)));
}

/* The same for an argument that is exact. */
static inline float arc_sine_of_small(float x) {
  const float z = x * x;
  return ARC_MULTIPLY_ADD(x * z, arc_sine_rest(z), x);
}

static inline float arc_cosine_of_small(float x) {
  const float z = x * x;
  return arc_cosine_sum(z, z * z * arc_cosine_rest(z));
}

/* The sine of an angle that has been reduced; of its cosine with one more quadrant. */
static inline float arc_sine_of_angle(float r, float low, uint32_t quadrant) {
  const float result = (quadrant & 1u) != 0u ? arc_cosine_near_zero(r, low) : arc_sine_near_zero(r, low);
  return (quadrant & 2u) != 0u ? -result : result;
}

#endif
