/* SPDX-License-Identifier: 0BSD */
#include "arc_trig_internal.h"

/* 19/32: from here to pi/4 the correction to r would be so large that its rounding errors show. */
#define EDGE_BITS UINT32_C(0x3f180000)

/* tan(r + low) for |r| <= 19/32; low counts by the derivative, 1 + tan(r)^2. */
static inline float tangent_near_zero(float r, float low) {
  /* fit tangent: r^2 from 0.0001 to 0.35254, largest error 2^-27.33 of tan(r) */
  const float z = r * r;
  float p = ARC_MULTIPLY_ADD(z, 0.0138469366f, 0.019767819f);
  p = ARC_MULTIPLY_ADD(z, p, 0.0543524548f);
  p = ARC_MULTIPLY_ADD(z, p, 0.13330327f);
  p = ARC_MULTIPLY_ADD(z, p, 0.333334088f);
  return r + ARC_MULTIPLY_ADD(r * z, p, ARC_MULTIPLY_ADD(low, z, low));
}

/* -1/tan(r + low) for |r| <= pi/4, as (1/r - cot(r)) - 1/r. The first is r * p, whose derivative is about 3/8 where low
 * counts. Of the second, low is a part from the start: next to an odd multiple of pi/2 it is up to a thousandth of r. */
static inline float negative_cotangent_near_zero(float r, float low) {
  /* fit cotangent: r^2 from 0.0001 to 0.61687, largest error 2^-27.31 of cot(r) */
  const float z = r * r;
  float p = ARC_MULTIPLY_ADD(z, 0.000248194177f, 0.00209627999f);
  p = ARC_MULTIPLY_ADD(z, p, 0.0222265366f);
  p = ARC_MULTIPLY_ADD(z, p, 0.333333045f);
  const float inverse = 1.0f / (r + low);
  const float head = arc_leading_bits(inverse);
  const float residual = ARC_MULTIPLY_ADD(-head, low, arc_residual(1.0f, r, head));
  return ARC_MULTIPLY_ADD(r, p, ARC_MULTIPLY_ADD(0.375f, low, -(residual * inverse))) - head;
}

/* tan(r + low) for |r| from 19/32 to pi/4, as the cotangent of what is lacking to pi/2, which is 1 or a little less. Of the
 * polynomial 3/8 r goes into the head, where few bits of r make it exact. */
ARC_OUT_OF_LINE float tangent_near_edge(float r, float low) {
  const uint32_t sign = arc_bits_of(r);
  const float s = r - arc_with_sign_of(1.5707964f, sign);
  const float s_low = low + arc_with_sign_of(4.371139e-8f, sign);
  /* fit edge_cotangent: s^2 from 0.61528 to 0.95462, largest error 2^-28.04 of cot(s) */
  const float z = s * s;
  float p = ARC_MULTIPLY_ADD(z, 0.000295550883f, 0.00201062509f);
  p = ARC_MULTIPLY_ADD(z, p, 0.0222790558f);
  p = ARC_MULTIPLY_ADD(z, p, -0.0416778736f);
  const float inverse = 1.0f / s;
  const float head = arc_leading_bits(inverse);
  const float s_head = arc_leading_bits(s);
  const float residual = ARC_MULTIPLY_ADD(-head, s_low, arc_residual(1.0f, s, head));
  const float tail = ARC_MULTIPLY_ADD(s, p, 0.375f * ((s - s_head) + s_low)) - residual * inverse;
  return (0.375f * s_head - head) + tail;
}

static inline float tangent_of_angle(float r, float low, uint32_t quadrant) {
  if ((quadrant & 1u) != 0u) {
    return negative_cotangent_near_zero(r, low);
  }
  return (arc_bits_of(r) & ~ARC_SIGN_BIT) > EDGE_BITS ? tangent_near_edge(r, low) : tangent_near_zero(r, low);
}

ARC_RARE_CASE float tangent_of_large_angle(float x) {
  const arc_angle_t angle = arc_reduce_large_angle(x);
  return tangent_of_angle(angle.r, angle.low, angle.quadrant);
}

ARC_FAST_CODE float arc_tanf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= EDGE_BITS) {
    return magnitude < ARC_SINE_IS_ANGLE_BITS ? x : tangent_near_zero(x, 0.0f);
  }
  if (magnitude <= ARC_NO_REDUCTION_BITS) {
    return tangent_near_edge(x, 0.0f);
  }
  if (ARC_UNLIKELY(magnitude > ARC_SMALL_ANGLE_BITS)) {
    return tangent_of_large_angle(x);
  }
  const arc_angle_t angle = arc_reduce_small_angle(x);
  return tangent_of_angle(angle.r, angle.low, angle.quadrant);
}
