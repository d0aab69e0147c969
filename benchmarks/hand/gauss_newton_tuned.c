/* SPDX-License-Identifier: 0BSD
 *
 * Normal equations of a robust curve fit, 32 points, 5 parameters. Tuned: rows of the Jacobian and residuals first (768
 * bytes), with parameters in registers; then one way through them with all twenty sums in registers. Residual and slope
 * use sqrt((1 + g) / 2), the reciprocal of s, as robust_fit_tuned.c does: last bits differ.
 */
#include "arc_math.h"
#include "gauss_newton.h"

#define POINTS 32
#define COLUMNS 6

/* Five derivatives and the residual of each point. */
static void fill_rows(
    const float parameters[5], const float times[32], const float measured[32], float width, float *row) {
  const float amplitude = parameters[0];
  const float rate = -parameters[1];
  const float height = parameters[2];
  const float frequency = parameters[3];
  const float phase = parameters[4];

  for (int i = 0; i < POINTS; ++i) {
    const float time = times[i];
    const float decay = arc_expf(rate * time);
    float sine;
    float cosine;
    arc_sincosf(frequency * time + phase, &sine, &cosine);
    const float error = amplitude * decay + height * sine - measured[i];
    const float ratio = error / width;
    const float growth = arc_sqrtf(1.0f + ratio * ratio);
    const float root = arc_sqrtf(0.5f + 0.5f * growth);
    const float slope = root / growth;
    const float by_amplitude = slope * decay;
    const float by_phase = slope * (height * cosine);
    row[0] = by_amplitude;
    row[1] = -(amplitude * time) * by_amplitude;
    row[2] = slope * sine;
    row[3] = time * by_phase;
    row[4] = by_phase;
    row[5] = error / root;
    row += COLUMNS;
  }
}

void gauss_newton(
    const float parameters[5],
    const float times[32],
    const float measured[32],
    float width,
    float *hessian,
    float gradient[5]) {
  float rows[POINTS * COLUMNS];
  fill_rows(parameters, times, measured, width, rows);

  float h00 = 0.0f, h10 = 0.0f, h11 = 0.0f, h20 = 0.0f, h21 = 0.0f, h22 = 0.0f, h30 = 0.0f, h31 = 0.0f;
  float h32 = 0.0f, h33 = 0.0f, h40 = 0.0f, h41 = 0.0f, h42 = 0.0f, h43 = 0.0f, h44 = 0.0f;
  float g0 = 0.0f, g1 = 0.0f, g2 = 0.0f, g3 = 0.0f, g4 = 0.0f;
  for (const float *row = rows; row != rows + POINTS * COLUMNS; row += COLUMNS) {
    const float j0 = row[0], j1 = row[1], j2 = row[2], j3 = row[3], j4 = row[4], residual = row[5];
    h00 += j0 * j0;
    h10 += j1 * j0;
    h11 += j1 * j1;
    h20 += j2 * j0;
    h21 += j2 * j1;
    h22 += j2 * j2;
    h30 += j3 * j0;
    h31 += j3 * j1;
    h32 += j3 * j2;
    h33 += j3 * j3;
    h40 += j4 * j0;
    h41 += j4 * j1;
    h42 += j4 * j2;
    h43 += j4 * j3;
    h44 += j4 * j4;
    g0 += j0 * residual;
    g1 += j1 * residual;
    g2 += j2 * residual;
    g3 += j3 * residual;
    g4 += j4 * residual;
  }
  hessian[0] = h00;
  hessian[1] = hessian[5] = h10;
  hessian[6] = h11;
  hessian[2] = hessian[10] = h20;
  hessian[7] = hessian[11] = h21;
  hessian[12] = h22;
  hessian[3] = hessian[15] = h30;
  hessian[8] = hessian[16] = h31;
  hessian[13] = hessian[17] = h32;
  hessian[18] = h33;
  hessian[4] = hessian[20] = h40;
  hessian[9] = hessian[21] = h41;
  hessian[14] = hessian[22] = h42;
  hessian[19] = hessian[23] = h43;
  hessian[24] = h44;
  gradient[0] = g0;
  gradient[1] = g1;
  gradient[2] = g2;
  gradient[3] = g3;
  gradient[4] = g4;
}
