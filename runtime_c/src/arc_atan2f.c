/* SPDX-License-Identifier: 0BSD */
#include "arc_atan_internal.h"

/* Magnitudes from 2^-100 to 2^100 are divided as they are. */
#define SMALLEST_BITS UINT32_C(0x0d800000)
#define LARGEST_BITS UINT32_C(0x71800000)

typedef struct point_t {
  float x;
  float y;
} point_t;

/* A point in the same direction, for coordinates of any size, infinities and NaN included. */
ARC_RARE_CASE point_t scaled_point(float x, float y) {
  const uint32_t x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  point_t point = {x, y};
  if (x_magnitude > ARC_INFINITY_BITS || y_magnitude > ARC_INFINITY_BITS) {
    point.x = x + y;
    point.y = point.x;
  } else if (x_magnitude == y_magnitude) { /* on a diagonal, or at the origin, which is taken for (1, 0) or (-1, 0) */
    point.x = arc_with_sign_of(1.0f, arc_bits_of(x));
    point.y = x_magnitude == 0u ? y : arc_with_sign_of(1.0f, arc_bits_of(y));
  } else if (arc_magnitude(y) < 5.9604645e-8f * arc_magnitude(x)) { /* the arc tangent is the quotient, rounded once */
    point.x = arc_with_sign_of(1.0f, arc_bits_of(x));
    point.y = y / arc_magnitude(x);
  } else if (arc_magnitude(x) < 5.9604645e-8f * arc_magnitude(y)) {
    point.x = x / arc_magnitude(y);
    point.y = arc_with_sign_of(1.0f, arc_bits_of(y));
  } else {
    const float scale = arc_magnitude(x) < 1.0f ? 1.2676506e+30f : 8.881784e-16f;
    point.x = x * scale;
    point.y = y * scale;
  }
  return point;
}

ARC_FAST_CODE float arc_atan2f(float y, float x) {
  uint32_t x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  uint32_t y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  if (ARC_UNLIKELY(x_magnitude - SMALLEST_BITS > LARGEST_BITS - SMALLEST_BITS || y_magnitude - SMALLEST_BITS > LARGEST_BITS - SMALLEST_BITS)) {
    const point_t point = scaled_point(x, y);
    x = point.x;
    y = point.y;
    x_magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
    y_magnitude = arc_bits_of(y) & ~ARC_SIGN_BIT;
  }
  const bool left = (arc_bits_of(x) & ARC_SIGN_BIT) != 0u;
  const float height = arc_float_of(y_magnitude);
  const uint32_t difference = y_magnitude - x_magnitude;
  const int32_t steepness = (int32_t)difference;
  float n;
  float d;
  float base;
  float base_low;
  if (steepness > INT32_C(0x00800000)) { /* more than twice as high as wide: from the y axis */
    n = -x;
    d = height;
    base = ARC_HALF_PI;
    base_low = ARC_HALF_PI_LOW;
  } else if (steepness < -INT32_C(0x00800000)) { /* from the x axis */
    n = height;
    d = x;
    base = left ? ARC_PI : 0.0f;
    base_low = left ? ARC_PI_LOW : 0.0f;
  } else { /* from the diagonal; the difference is exact */
    n = left ? -(height + x) : height - x;
    d = left ? height - x : height + x;
    base = left ? ARC_THREE_QUARTER_PI : ARC_QUARTER_PI;
    base_low = left ? ARC_THREE_QUARTER_PI_LOW : ARC_QUARTER_PI_LOW;
  }
  const float inverse = 1.0f / d;
  const float q = n * inverse;
  const float head = arc_leading_bits(q);
  const float angle = arc_atan_sum(q, head, arc_residual(n, d, head), inverse, base, base_low);
  return arc_with_sign_of(angle, arc_bits_of(y));
}
