/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

/* A third of the bits of x, subtracted from this, are those of an estimate of 1/cbrt(x) within 3.5 %: the exponent is
 * divided by three exactly, the significand nearly so. The constant makes the largest error smallest. */
#define ESTIMATE_BITS UINT32_C(0x54a1f5c0)

/* Of a normal number above zero. */
static inline float root_of(float a) {
  const float estimate = arc_float_of(ESTIMATE_BITS - arc_bits_of(a) / 3u);
  /* With e = 1 - a estimate^3, 1/cbrt(a) is estimate * (1 - e)^(-1/3). fit inverse_cube_root3 */
  const float e = ARC_MULTIPLY_ADD(-(a * estimate), estimate * estimate, 1.0f);
  float p = ARC_MULTIPLY_ADD(e, 0.174400032f, 0.223473638f);
  p = ARC_MULTIPLY_ADD(e, p, 0.333329827f);
  const float inverse = ARC_MULTIPLY_ADD(estimate, e * p, estimate);
  const float root = a * (inverse * inverse);
  /* The cube of eight bits of the root is exact, and so is the difference from a, which is divided by
   * root^2 + root head + head^2: what the head lacks. */
  const float head = arc_float_of((arc_bits_of(root) + UINT32_C(0x8000)) & UINT32_C(0xffff0000));
  const float square = head * head;
  const float tail = ARC_MULTIPLY_ADD(-square, head, a) / ARC_MULTIPLY_ADD(root, root + head, square);
  return head + tail;
}

/* Subnormal numbers, zeros, infinities and NaN. */
ARC_RARE_CASE float root_of_special(float x) {
  const float a = arc_magnitude(x);
  if (a == 0.0f || arc_bits_of(a) >= ARC_INFINITY_BITS) {
    return x + x;
  }
  return arc_with_sign_of(root_of(a * 16777216.0f) * 0.00390625f, arc_bits_of(x));
}

ARC_FAST_CODE float arc_cbrtf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (ARC_UNLIKELY(magnitude - UINT32_C(0x00800000) >= UINT32_C(0x7f000000))) {
    return root_of_special(x);
  }
  const float root = root_of(arc_float_of(magnitude));
  return magnitude != arc_bits_of(x) ? -root : root;
}
