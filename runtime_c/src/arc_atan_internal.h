/* SPDX-License-Identifier: 0BSD */
/* Arc tangent of a quotient in [-1/2, 1/2], to which every other is reduced by a multiple of pi/4. */
#ifndef ARC_ATAN_INTERNAL_H
#define ARC_ATAN_INTERNAL_H

#include "arc_math_internal.h"

/* Multiples of pi/4 in two parts: so few bits that adding the leading bits of a quotient is exact, and the rest. */
#define ARC_QUARTER_PI 0.7854004f
#define ARC_QUARTER_PI_LOW (-2.2272275e-6f)
#define ARC_HALF_PI 1.5708008f
#define ARC_HALF_PI_LOW (-4.454455e-6f)
#define ARC_THREE_QUARTER_PI 2.3564453f
#define ARC_THREE_QUARTER_PI_LOW (-0.0002508223f)
#define ARC_PI 3.1416016f
#define ARC_PI_LOW (-8.90891e-6f)

/* (atan(q) - q) / q */
static inline float arc_atan_rest(float q) {
  /* fit arc_tangent: q^2 from 0.0001 to 0.25, largest error 2^-27.46 of atan(q) */
  const float z = q * q;
  float p = ARC_MULTIPLY_ADD(z, -0.0512516126f, 0.101558276f);
  p = ARC_MULTIPLY_ADD(z, p, -0.141742125f);
  p = ARC_MULTIPLY_ADD(z, p, 0.19994168f);
  p = ARC_MULTIPLY_ADD(z, p, -0.33333233f);
  return z * p;
}

/* Where a quotient is just above a power of two and its arc tangent just below, half an ulp of the quotient is a whole one
 * of the result; so what the quotient lacks is made good.
 *
 * base + atan(q), of which the head is exact to add, and what q lacks is given by the residual of the division. */
static inline float arc_atan_sum(float q, float head, float residual, float inverse, float base, float base_low) {
  const float tail = ARC_MULTIPLY_ADD(q, arc_atan_rest(q), residual * inverse);
  return (base + head) + (base_low + tail);
}

#endif
