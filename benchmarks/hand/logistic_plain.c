/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the mean loss of logistic regression, 64 examples of 10 features. Plain: one loop over the examples; the
 * logistic function never takes an exponential above 1. Sums are divided by the number of examples at the end; that and
 * the form of the logistic function are not the generated ones: last bits differ.
 */
#include "arc_math.h"
#include "logistic.h"

#define EXAMPLES 64
#define FEATURES 10

void logistic_grad(
    const float weights[10],
    float bias,
    const float *features,
    const float labels[64],
    float grad_weights[10],
    float *grad_bias) {
  float sum = 0.0f;
  for (int j = 0; j < FEATURES; ++j) {
    grad_weights[j] = 0.0f;
  }
  for (int i = 0; i < EXAMPLES; ++i) {
    const float *example = features + FEATURES * i;
    float score = 0.0f;
    for (int j = 0; j < FEATURES; ++j) {
      score += example[j] * weights[j];
    }
    score += bias;
    const float decay = arc_expf(score > 0.0f ? -score : score);
    const float probability = (score > 0.0f ? 1.0f : decay) / (1.0f + decay);
    const float error = probability - labels[i];
    sum += error;
    for (int j = 0; j < FEATURES; ++j) {
      grad_weights[j] += example[j] * error;
    }
  }
  for (int j = 0; j < FEATURES; ++j) {
    grad_weights[j] *= 1.0f / EXAMPLES;
  }
  *grad_bias = sum * (1.0f / EXAMPLES);
}
