/* SPDX-License-Identifier: 0BSD */
#include "arc_compensated_internal.h"

/* atanh(x) = x + x^3 / divisor(x^2) for |x| <= 1/2, else sign(x) * log((1 + |x|) / (1 - |x|)) / 2.
 * fit atanh: x^2 from 9.3e-10 to 0.25, largest error 2^-29.10 of atanh(x) */
static inline float arc_atanh_small(float x) {
  const float z = x * x;
  float divisor = -0.121373922f;
  divisor = ARC_MULTIPLY_ADD(divisor, z, -0.0877849087f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, -0.208083928f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, -1.79986143f);
  divisor = ARC_MULTIPLY_ADD(divisor, z, 2.99999738f);
  return x + x * z / divisor;
}

/* For x in (1/2, 1): the divisor 1 - x is exact. */
static inline float arc_atanh_large(float x) {
  const float divisor = 1.0f - x;
  const float dividend = 1.0f + x;
  const float dividend_lost = x - (dividend - 1.0f);
  const float quotient = dividend / divisor;
  const float product = quotient * divisor;
  const float lost = ((dividend - product) - arc_product_lost(quotient, divisor, product)) + dividend_lost;
  return 0.5f * arc_log_compensated(quotient, lost / dividend, 0.0f);
}

/* |x| >= 1, or not a number. */
ARC_RARE_CASE float arc_atanh_rare(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude == ARC_ONE_BITS) {
    return arc_with_sign_of(arc_float_of(ARC_INFINITY_BITS), arc_bits_of(x));
  }
  return x != x ? x + x : arc_float_of(UINT32_C(0x7fc00000));
}

ARC_FAST_CODE float arc_atanhf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= 0x3f000000u) { /* 1/2 */
    return arc_atanh_small(x);
  }
  if (ARC_UNLIKELY(magnitude >= ARC_ONE_BITS)) {
    return arc_atanh_rare(x);
  }
  return arc_with_sign_of(arc_atanh_large(arc_float_of(magnitude)), arc_bits_of(x));
}
