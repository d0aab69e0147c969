/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the log posterior of a Gaussian mixture, by hand: one loop over the points; what a point adds to the
 * gradients is added at once. The largest term is taken out of sums of exponentials, and cancels in their gradient, which
 * is the softmax.
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

/* Weights exp(values) / sum(exp(values)), in place. */
static void softmax(float values[K]) {
  float largest = values[0];
  float sum = 0.0f;
  for (int k = 1; k < K; ++k) {
    if (values[k] > largest) {
      largest = values[k];
    }
  }
  for (int k = 0; k < K; ++k) {
    values[k] = arc_expf(values[k] - largest);
    sum += values[k];
  }
  for (int k = 0; k < K; ++k) {
    values[k] /= sum;
  }
}

/* Lower-triangular factors from their packed form, and the logarithms of their determinants. */
static void unpack(const float *icf, float factors[K][D][D], float log_determinants[K]) {
  for (int k = 0; k < K; ++k) {
    const float *packed = icf + PACKED * k;
    const float *below = packed + D;
    log_determinants[k] = 0.0f;
    for (int column = 0; column < D; ++column) {
      log_determinants[k] += packed[column];
      factors[k][column][column] = arc_expf(packed[column]);
      for (int row = column + 1; row < D; ++row) {
        factors[k][row][column] = *below++;
      }
    }
  }
}

/* Gradient for the packed form from that for the factors, and what the prior adds. */
static void pack_gradient(float factors[K][D][D], float factors_bar[K][D][D], const float responsibility[K], float *grad_icf) {
  for (int k = 0; k < K; ++k) {
    float *packed = grad_icf + PACKED * k;
    float *below = packed + D;
    for (int column = 0; column < D; ++column) {
      const float diagonal = factors[k][column][column];
      packed[column] = diagonal * (factors_bar[k][column][column] + GAMMA_SQUARED * diagonal) + responsibility[k] - M;
      for (int row = column + 1; row < D; ++row) {
        *below++ = factors_bar[k][row][column] + GAMMA_SQUARED * factors[k][row][column];
      }
    }
  }
}

void gmm_grad(
    const float alphas[4],
    const float *means,
    const float *icf,
    const float *x,
    float grad_alphas[4],
    float *grad_means,
    float *grad_icf) {
  float factors[K][D][D];
  float factors_bar[K][D][D] = {{{0.0f}}};
  float log_determinants[K];
  float responsibility[K] = {0.0f};
  unpack(icf, factors, log_determinants);
  for (int i = 0; i < K * D; ++i) {
    grad_means[i] = 0.0f;
  }

  for (int n = 0; n < POINTS; ++n) {
    float difference[K][D];
    float whitened[K][D];
    float terms[K];
    for (int k = 0; k < K; ++k) {
      float squares = 0.0f;
      for (int i = 0; i < D; ++i) {
        difference[k][i] = x[D * n + i] - means[D * k + i];
      }
      for (int i = 0; i < D; ++i) {
        float sum = 0.0f;
        for (int j = 0; j <= i; ++j) {
          sum += factors[k][i][j] * difference[k][j];
        }
        whitened[k][i] = sum;
        squares += sum * sum;
      }
      terms[k] = alphas[k] + log_determinants[k] - 0.5f * squares;
    }
    softmax(terms);
    for (int k = 0; k < K; ++k) {
      responsibility[k] += terms[k];
      for (int i = 0; i < D; ++i) {
        const float pull = terms[k] * whitened[k][i];
        for (int j = 0; j <= i; ++j) {
          grad_means[D * k + j] += pull * factors[k][i][j];
          factors_bar[k][i][j] -= pull * difference[k][j];
        }
      }
    }
  }

  float weights[K];
  for (int k = 0; k < K; ++k) {
    weights[k] = alphas[k];
  }
  softmax(weights);
  for (int k = 0; k < K; ++k) {
    grad_alphas[k] = responsibility[k] - (float)POINTS * weights[k];
  }
  pack_gradient(factors, factors_bar, responsibility, grad_icf);
}
