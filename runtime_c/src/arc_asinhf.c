/* SPDX-License-Identifier: 0BSD */
#include "arc_compensated_internal.h"

/* asinh(x) = x - x^3 / divisor(x^2) for |x| <= 1/2, else sign(x) * log(|x| + sqrt(x^2 + 1)).
 * fit asinh: x^2 from 9.3e-10 to 0.25, largest error 2^-32.47 of asinh(x) */
static inline float arc_asinh_small(float x) {
  const float z = x * x;
  float divisor = -0.0759996474f;
  divisor = ARC_MULTIPLY_ADD(divisor, z, 0.183342203f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, -0.390923351f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, 2.69993925f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, 6.00000095f);
  return x - x * z / divisor;
}

/* For x in (1/2, 4096]. */
static inline float arc_asinh_large(float x) {
  const float square = x * x;
  const float sum = square + 1.0f;
  const float difference = sum - square;
  const float sum_lost = (square - (sum - difference)) + (1.0f - difference);
  const float root = arc_sqrtf(sum);
  const float root_lost = arc_root_lost(sum, sum_lost + arc_product_lost(x, x, square), root);
  const float argument = root + x;
  const float lost = (x - (argument - root)) + root_lost;
  return arc_log_compensated(argument, lost / argument, 0.0f);
}

/* log(2 |x|) for |x| > 4096, infinite or not a number; zero with its sign (a difference of zeros would be +0). */
ARC_RARE_CASE float arc_asinh_rare(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude == 0u || magnitude >= ARC_INFINITY_BITS) {
    return x + x;
  }
  return arc_with_sign_of(arc_log_compensated(arc_float_of(magnitude), 0.0f, 1.0f), arc_bits_of(x));
}

ARC_FAST_CODE float arc_asinhf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  const uint32_t less = magnitude - 1u; /* zero becomes the greatest */
  if (less < 0x3f000000u) { /* 1/2 */
    return arc_asinh_small(x);
  }
  if (ARC_UNLIKELY(less >= 0x45800000u)) { /* 4096 */
    return arc_asinh_rare(x);
  }
  return arc_with_sign_of(arc_asinh_large(arc_float_of(magnitude)), arc_bits_of(x));
}
