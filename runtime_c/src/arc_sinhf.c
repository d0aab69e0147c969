/* SPDX-License-Identifier: 0BSD */
#include "arc_hyperbolic_internal.h"

/* sinh(x) = x + x^3 * rest(x^2) for |x| <= 1, else sign(x) * (exp(|x|) / 2 - exp(-|x|) / 2).
 * fit sinh: x^2 from 9.3e-10 to 1, largest error 2^-31.62 of sinh(x) */
static inline float arc_sinh_small(float x) {
  const float z = x * x;
  float rest = 2.78221319e-06f;
  rest = ARC_MULTIPLY_ADD(rest, z, 0.000198428956f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.00833331048f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.166666672f);
  return ARC_MULTIPLY_ADD(x * z, rest, x);
}

ARC_FAST_CODE float arc_sinhf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= ARC_ONE_BITS) {
    return arc_sinh_small(x);
  }
  if (ARC_UNLIKELY(magnitude > ARC_HYPERBOLIC_LIMIT_BITS)) {
    return arc_with_sign_of(arc_hyperbolic_rare(arc_float_of(magnitude)), arc_bits_of(x));
  }
  {
    const arc_half_exp_t half = arc_half_exp(arc_float_of(magnitude));
    return arc_with_sign_of(half.sum + (half.rest - half.inverse), arc_bits_of(x));
  }
}
