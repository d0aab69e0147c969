/* SPDX-License-Identifier: 0BSD */
#include "arc_compensated_internal.h"

/* acosh(1 + t) = sqrt(2 t) * (1 + t * rest(t)) for t <= 1/2, else log(x + sqrt(x^2 - 1)).
 * fit acosh: t from 9.3e-10 to 0.5, largest error 2^-29.57 of acosh(1 + t) */
static inline float arc_acosh_small(float t) {
  const float root = arc_sqrtf(2.0f * t);
  float rest = -0.000413235597f;
  rest = ARC_MULTIPLY_ADD(rest, t, 0.00176006753f);
  rest = ARC_MULTIPLY_ADD(rest, t, -0.00554786995f);
  rest = ARC_MULTIPLY_ADD(rest, t, 0.0187466014f);
  rest = ARC_MULTIPLY_ADD(rest, t, -0.0833332166f);
  return root + ARC_MULTIPLY_ADD(rest * t, root, arc_root_lost(2.0f * t, 0.0f, root));
}

/* For x in (3/2, 4096]. */
static inline float arc_acosh_large(float x) {
  const float square = x * x;
  const float sum = square - 1.0f;
  const float sum_lost = -1.0f - (sum - square);
  const float root = arc_sqrtf(sum);
  const float root_lost = arc_root_lost(sum, sum_lost + arc_product_lost(x, x, square), root);
  const float argument = x + root;
  const float lost = (root - (argument - x)) + root_lost;
  return arc_log_compensated(argument, lost / argument, 0.0f);
}

/* log(2 x) for x > 4096; x = 1 and below; infinite; not a number. */
ARC_RARE_CASE float arc_acosh_rare(float x) {
  if (x == 1.0f) {
    return 0.0f;
  }
  if (x < 1.0f) {
    return arc_float_of(UINT32_C(0x7fc00000));
  }
  return arc_bits_of(x) < ARC_INFINITY_BITS ? arc_log_compensated(x, 0.0f, 1.0f) : x + x;
}

ARC_FAST_CODE float arc_acoshf(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t first = ARC_ONE_BITS + 1u;
  if (ARC_UNLIKELY(bits - first > 0x45800000u - first)) { /* 4096 */
    return arc_acosh_rare(x);
  }
  if (bits <= 0x3fc00000u) { /* 3/2 */
    return arc_acosh_small(x - 1.0f);
  }
  return arc_acosh_large(x);
}
