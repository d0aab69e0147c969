/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

/* A third of the bits of |x| and this are those of an estimate of the root within 3.2 %: the exponent is divided by three
 * exactly, the significand nearly so. The constant makes the error after the first step smallest. */
#define ESTIMATE_BITS UINT32_C(0x2a511a00)

ARC_FAST_CODE float arc_cbrtf(float x) {
  const uint32_t sign = arc_bits_of(x) & ARC_SIGN_BIT;
  uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  float scale = 1.0f;
  if (ARC_UNLIKELY(magnitude - UINT32_C(0x00800000) >= UINT32_C(0x7f000000))) {
    if (magnitude >= ARC_INFINITY_BITS || magnitude == 0u) {
      return x + x;
    }
    x *= 16777216.0f;
    magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
    scale = 0.00390625f;
  }
  const float estimate = arc_float_of((magnitude / 3u + ESTIMATE_BITS) | sign);
  /* Halley's step, e (e^3 + 2x) / (2e^3 + x), leaves 2^-15.5; a quarter of each, so that nothing overflows. */
  const float part = 0.25f * x;
  const float cube = estimate * estimate * (0.25f * estimate);
  const float root = estimate * ((cube + (part + part)) / ((cube + cube) + part));
  /* The square of twelve bits of the root, t, is exact, so that q = x / t^2 is right to half an ulp; and a third of its
   * error is that of the result, t + t (q - t) / (2t + q), Halley's step again. */
  const float t = arc_leading_bits(root);
  const float q = x / (t * t);
  return ARC_MULTIPLY_ADD(t, (q - t) / ((t + t) + q), t) * scale;
}
