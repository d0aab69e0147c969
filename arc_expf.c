/* SPDX-License-Identifier: 0BSD */
#include "arc_exp_internal.h"

/* exp(x) = 2^n * exp(r) with n the whole number nearest to x / ln 2. */

/* Results that are not normal numbers, or hardly so. */
ARC_RARE_CASE float arc_exp_rare(float x) {
  arc_exp_parts_t parts;
  if (x > 88.7228394f) {
    return arc_float_of(ARC_INFINITY_BITS);
  }
  if (x < -103.972076f) { /* half of the smallest subnormal number, or less */
    return 0.0f;
  }
  if (x != x) {
    return x + x;
  }
  parts = arc_exp_reduce(x);
  return arc_scale(arc_exp_mantissa(parts), parts.exponent);
}

ARC_FAST_CODE float arc_expf(float x) {
  arc_exp_parts_t parts;
  if (ARC_UNLIKELY((arc_bits_of(x) & ~ARC_SIGN_BIT) > 0x42aea8f6u)) { /* 87.33 */
    return arc_exp_rare(x);
  }
  parts = arc_exp_reduce(x);
  return arc_float_of(arc_bits_of(arc_exp_mantissa(parts)) + (parts.exponent << 23));
}
