/* SPDX-License-Identifier: 0BSD */
#include "arc_trig_internal.h"

ARC_RARE_CASE float sine_of_large_angle(float x) {
  const arc_angle_t angle = arc_reduce_large_angle(x);
  return arc_sine_of_angle(angle.r, angle.low, angle.quadrant);
}

ARC_FAST_CODE float arc_sinf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= ARC_NO_REDUCTION_BITS) {
    return magnitude < ARC_SINE_IS_ANGLE_BITS ? x : arc_sine_of_small(x);
  }
  if (ARC_UNLIKELY(magnitude > ARC_SMALL_ANGLE_BITS)) {
    return sine_of_large_angle(x);
  }
  const arc_angle_t angle = arc_reduce_small_angle(x);
  return arc_sine_of_angle(angle.r, angle.low, angle.quadrant);
}
