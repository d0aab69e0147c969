/* SPDX-License-Identifier: 0BSD
 *
 * Normal equations of a robust curve fit, 32 points, 5 parameters. Plain: per point a row of the Jacobian, as in
 * robust_fit_plain.c, whose products are added at once, so that no Jacobian is stored; the lower triangle, then
 * mirrored. The slope in closed form is not the generated one: last bits differ.
 */
#include "arc_math.h"
#include "gauss_newton.h"

#define POINTS 32
#define PARAMETERS 5

void gauss_newton(
    const float parameters[5],
    const float times[32],
    const float measured[32],
    float width,
    float *hessian,
    float gradient[5]) {
  for (int j = 0; j < PARAMETERS; ++j) {
    gradient[j] = 0.0f;
    for (int k = 0; k < PARAMETERS; ++k) {
      hessian[PARAMETERS * j + k] = 0.0f;
    }
  }
  for (int i = 0; i < POINTS; ++i) {
    float row[PARAMETERS];
    const float time = times[i];
    const float decay = arc_expf(-(parameters[1] * time));
    float sine;
    float cosine;
    arc_sincosf(parameters[3] * time + parameters[4], &sine, &cosine);
    const float error = parameters[0] * decay + parameters[2] * sine - measured[i];
    const float ratio = error / width;
    const float growth = arc_sqrtf(1.0f + ratio * ratio);
    const float scale = arc_sqrtf(2.0f / (1.0f + growth));
    const float residual = error * scale;
    const float slope = 1.0f / (growth * scale);
    row[0] = slope * decay;
    row[1] = -(slope * (parameters[0] * (decay * time)));
    row[2] = slope * sine;
    row[3] = slope * (parameters[2] * (cosine * time));
    row[4] = slope * (parameters[2] * cosine);
    for (int j = 0; j < PARAMETERS; ++j) {
      gradient[j] += row[j] * residual;
      for (int k = 0; k <= j; ++k) {
        hessian[PARAMETERS * j + k] += row[j] * row[k];
      }
    }
  }
  for (int j = 0; j < PARAMETERS; ++j) {
    for (int k = 0; k < j; ++k) {
      hessian[PARAMETERS * k + j] = hessian[PARAMETERS * j + k];
    }
  }
}
