/* SPDX-License-Identifier: 0BSD
 *
 * Jacobian of the residuals of a robust curve fit, 32 points, 5 parameters. Plain: per point the curve, then by the
 * chain rule the slope of the robust residual for the error times the derivatives of the curve.
 *
 * With g = sqrt(1 + (e / width)^2) the residual is f = e s, s = sqrt(2 / (1 + g)). As f^2 / 2 is the pseudo-Huber loss,
 * whose slope is e / g, that of f is (e / g) / f = 1 / (g s). The generated version multiplies in another order: last
 * bits differ.
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
  for (int i = 0; i < POINTS; ++i) {
    float *row = jac_parameters + PARAMETERS * i;
    const float time = times[i];
    const float decay = arc_expf(-(parameters[1] * time));
    float sine;
    float cosine;
    arc_sincosf(parameters[3] * time + parameters[4], &sine, &cosine);
    const float error = parameters[0] * decay + parameters[2] * sine - measured[i];
    const float ratio = error / width;
    const float growth = arc_sqrtf(1.0f + ratio * ratio);
    const float slope = 1.0f / (growth * arc_sqrtf(2.0f / (1.0f + growth)));
    row[0] = slope * decay;
    row[1] = -(slope * (parameters[0] * (decay * time)));
    row[2] = slope * sine;
    row[3] = slope * (parameters[2] * (cosine * time));
    row[4] = slope * (parameters[2] * cosine);
  }
}
