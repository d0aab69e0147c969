/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the log posterior of a Gaussian mixture, by hand, for few instructions:
 *
 * - components are the outer loop, so that a factor, a mean and all that is summed for them stay in registers; the
 *   logarithms, then the weights, of points and components are the only array;
 * - differences and whitened differences are computed again in the second pass: that is less than to store and load them;
 * - the largest term cancels in the gradient of a sum of exponentials, which is the softmax; one division for each.
 *
 * Sums run in another order than in generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "gmm.h"

#define POINTS 16
#define D 3
#define K 4
#define PACKED 6
#define GAMMA_SQUARED 0.25f
#define M 2.0f

static void softmax(const float values[K], float weights[K]) {
  const float v0 = values[0];
  const float v1 = values[1];
  const float v2 = values[2];
  const float v3 = values[3];
  const float first = v0 > v1 ? v0 : v1;
  const float second = v2 > v3 ? v2 : v3;
  const float largest = first > second ? first : second;
  const float e0 = arc_expf(v0 - largest);
  const float e1 = arc_expf(v1 - largest);
  const float e2 = arc_expf(v2 - largest);
  const float e3 = arc_expf(v3 - largest);
  const float scale = 1.0f / (e0 + e1 + (e2 + e3));
  weights[0] = e0 * scale;
  weights[1] = e1 * scale;
  weights[2] = e2 * scale;
  weights[3] = e3 * scale;
}

void gmm_grad(
    const float alphas[4],
    const float *means,
    const float *icf,
    const float *x,
    float grad_alphas[4],
    float *grad_means,
    float *grad_icf) {
  float weights[POINTS][K];
  float diagonals[K][D];
  float mixture[K];

  for (int k = 0; k < K; ++k) {
    const float *packed = icf + PACKED * k;
    const float a = arc_expf(packed[0]);
    const float b = arc_expf(packed[1]);
    const float c = arc_expf(packed[2]);
    diagonals[k][0] = a;
    diagonals[k][1] = b;
    diagonals[k][2] = c;
    const float d = packed[3];
    const float e = packed[4];
    const float f = packed[5];
    const float m0 = means[D * k];
    const float m1 = means[D * k + 1];
    const float m2 = means[D * k + 2];
    const float start = alphas[k] + (packed[0] + packed[1] + packed[2]);
    for (int n = 0; n < POINTS; ++n) {
      const float x0 = x[D * n] - m0;
      const float x1 = x[D * n + 1] - m1;
      const float x2 = x[D * n + 2] - m2;
      const float y0 = a * x0;
      const float y1 = d * x0 + b * x1;
      const float y2 = e * x0 + f * x1 + c * x2;
      weights[n][k] = start - 0.5f * (y0 * y0 + y1 * y1 + y2 * y2);
    }
  }
  for (int n = 0; n < POINTS; ++n) {
    softmax(weights[n], weights[n]);
  }
  softmax(alphas, mixture);

  for (int k = 0; k < K; ++k) {
    const float *packed = icf + PACKED * k;
    const float a = diagonals[k][0];
    const float b = diagonals[k][1];
    const float c = diagonals[k][2];
    const float d = packed[3];
    const float e = packed[4];
    const float f = packed[5];
    const float m0 = means[D * k];
    const float m1 = means[D * k + 1];
    const float m2 = means[D * k + 2];
    float sum = 0.0f;
    float pull0 = 0.0f;
    float pull1 = 0.0f;
    float pull2 = 0.0f;
    float bar_a = 0.0f;
    float bar_b = 0.0f;
    float bar_c = 0.0f;
    float bar_d = 0.0f;
    float bar_e = 0.0f;
    float bar_f = 0.0f;
    for (int n = 0; n < POINTS; ++n) {
      const float x0 = x[D * n] - m0;
      const float x1 = x[D * n + 1] - m1;
      const float x2 = x[D * n + 2] - m2;
      const float weight = weights[n][k];
      const float y0 = weight * (a * x0);
      const float y1 = weight * (d * x0 + b * x1);
      const float y2 = weight * (e * x0 + f * x1 + c * x2);
      sum += weight;
      pull0 += y0;
      pull1 += y1;
      pull2 += y2;
      bar_a += y0 * x0;
      bar_d += y1 * x0;
      bar_b += y1 * x1;
      bar_e += y2 * x0;
      bar_f += y2 * x1;
      bar_c += y2 * x2;
    }
    /* The transposed factor is the same for all points: it is multiplied once. */
    grad_means[D * k] = a * pull0 + d * pull1 + e * pull2;
    grad_means[D * k + 1] = b * pull1 + f * pull2;
    grad_means[D * k + 2] = c * pull2;
    grad_alphas[k] = sum - (float)POINTS * mixture[k];
    float *grad = grad_icf + PACKED * k;
    grad[0] = a * (GAMMA_SQUARED * a - bar_a) + (sum - M);
    grad[1] = b * (GAMMA_SQUARED * b - bar_b) + (sum - M);
    grad[2] = c * (GAMMA_SQUARED * c - bar_c) + (sum - M);
    grad[3] = GAMMA_SQUARED * d - bar_d;
    grad[4] = GAMMA_SQUARED * e - bar_e;
    grad[5] = GAMMA_SQUARED * f - bar_f;
  }
}
