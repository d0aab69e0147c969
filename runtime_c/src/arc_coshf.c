/* SPDX-License-Identifier: 0BSD */
#include "arc_hyperbolic_internal.h"

/* cosh(x) = exp(|x|) / 2 + exp(-|x|) / 2. */

ARC_FAST_CODE float arc_coshf(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (ARC_UNLIKELY(magnitude > ARC_HYPERBOLIC_LIMIT_BITS)) {
    return arc_hyperbolic_rare(arc_float_of(magnitude));
  }
  {
    const arc_half_exp_t half = arc_half_exp(arc_float_of(magnitude));
    return half.sum + (half.rest + half.inverse);
  }
}
