/* SPDX-License-Identifier: 0BSD */
#include "arc_trig_internal.h"

ARC_FAST_CODE void arc_sincosf(float x, float *sine, float *cosine) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= ARC_NO_REDUCTION_BITS) {
    *sine = magnitude < ARC_SINE_IS_ANGLE_BITS ? x : arc_sine_of_small(x);
    *cosine = arc_cosine_of_small(x);
    return;
  }
  const arc_angle_t angle = ARC_UNLIKELY(magnitude > ARC_SMALL_ANGLE_BITS) ? arc_reduce_large_angle(x) : arc_reduce_small_angle(x);
  const float s = arc_sine_near_zero(angle.r, angle.low);
  const float c = arc_cosine_near_zero(angle.r, angle.low);
  const float first = (angle.quadrant & 1u) != 0u ? c : s;
  const float second = (angle.quadrant & 1u) != 0u ? s : c;
  *sine = (angle.quadrant & 2u) != 0u ? -first : first;
  *cosine = ((angle.quadrant + 1u) & 2u) != 0u ? -second : second;
}
