/* SPDX-License-Identifier: 0BSD
 *
 * Jacobian of the residuals of a robust curve fit, 32 points, 5 parameters. Tuned: parameters stay in registers over
 * all points, common products are shared, two pointers walk, and 1 / sqrt(2 / (1 + g)) is sqrt((1 + g) / 2), which
 * needs no division: last bits differ. robust_fit_plain.c derives the slope.
 */
#include "arc_math.h"
#include "robust_fit.h"

#define POINTS 32
#define PARAMETERS 5

void robust_fit_jac(
    const float parameters[5],
    const float times[32],
    const float measured[32],
    float width,
    float *jac_parameters) {
  const float amplitude = parameters[0];
  const float rate = -parameters[1];
  const float height = parameters[2];
  const float frequency = parameters[3];
  const float phase = parameters[4];
  float *row = jac_parameters;

  for (int i = 0; i < POINTS; ++i) {
    const float time = times[i];
    const float decay = arc_expf(rate * time);
    float sine;
    float cosine;
    arc_sincosf(frequency * time + phase, &sine, &cosine);
    const float ratio = (amplitude * decay + height * sine - measured[i]) / width;
    const float growth = arc_sqrtf(1.0f + ratio * ratio);
    const float slope = arc_sqrtf(0.5f + 0.5f * growth) / growth;
    const float by_amplitude = slope * decay;
    const float by_phase = slope * (height * cosine);
    row[0] = by_amplitude;
    row[1] = -(amplitude * time) * by_amplitude;
    row[2] = slope * sine;
    row[3] = time * by_phase;
    row[4] = by_phase;
    row += PARAMETERS;
  }
}
