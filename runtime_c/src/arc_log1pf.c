/* SPDX-License-Identifier: 0BSD */
#include "arc_log_internal.h"

/* log(1 + x) = k ln 2 + log(1 + f), where k is that of the rounded 1 + x, and f = 2^-k x + (2^-k - 1) comes from x
 * itself. The octave begins at 3/4: then f = x for x < 1/2, and for greater x what the sum rounds off does not count. */

/* rest(s^2) as in arc_log_internal.h, but for f in [-1/4, 1/2].
 * fit log1p: s^2 from 9.3e-10 to 0.040001, largest error 2^-28.40 of log(1 + f) */
static inline float arc_log1p_series(float z) {
  float rest = 0.303644985f;
  rest = ARC_MULTIPLY_ADD(rest, z, 0.399576575f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.666669488f);
  return rest * z;
}

/* k ln 2 + log(1 + f), with log(1 + f) = f - (f^2 / 2 - s * (f^2 / 2 + rest)). */
static inline float arc_log1p_sum(float k, float f) {
  const float s = f / (2.0f + f);
  const float half_square = 0.5f * f * f;
  const float rest = half_square - s * (half_square + arc_log1p_series(s * s));
  return ARC_MULTIPLY_ADD(k, ARC_LN2_HIGH, f - ARC_MULTIPLY_ADD(-k, ARC_LN2_LOW, rest));
}

/* |x| < 2^-25, x > 2^25, x <= -1, or x not a number. */
ARC_RARE_CASE float arc_log1p_rare(float x) {
  float k;
  float f;
  if (x == -1.0f) {
    return -arc_float_of(ARC_INFINITY_BITS);
  }
  if (x < -1.0f) {
    return arc_float_of(UINT32_C(0x7fc00000));
  }
  if (x < 1.0f || x != x || arc_bits_of(x) == ARC_INFINITY_BITS) {
    return x != x ? x + x : x;
  }
  f = arc_log_reduce(arc_bits_of(x), 0x3f400000u, &k);
  return arc_log1p_sum(k, f);
}

ARC_FAST_CODE float arc_log1pf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t tiny = 0x33000000u; /* 2^-25 */
  const uint32_t large = 0x4c000000u; /* 2^25 */
  if (ARC_UNLIKELY((bits & ~ARC_SIGN_BIT) - tiny > large - tiny || bits >= 0xbf800000u)) {
    return arc_log1p_rare(x);
  }
  {
    const uint32_t offset = arc_bits_of(1.0f + x) - 0x3f400000u;
    const float scale = arc_float_of(ARC_ONE_BITS - (offset & 0xff800000u)); /* 2^-k */
    const float k = (float)((int32_t)offset >> 23);
    return arc_log1p_sum(k, ARC_MULTIPLY_ADD(x, scale, scale - 1.0f));
  }
}
