/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the mean loss of logistic regression, 64 examples of 10 features. Tuned: the weights stay in registers
 * while errors are computed; then ten sums, one for each feature, stay in registers while the examples are read again.
 * The bits are those of the plain version: last bits differ from generated ones.
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
  const float w0 = weights[0], w1 = weights[1], w2 = weights[2], w3 = weights[3], w4 = weights[4];
  const float w5 = weights[5], w6 = weights[6], w7 = weights[7], w8 = weights[8], w9 = weights[9];
  float errors[EXAMPLES];
  float sum = 0.0f;

  const float *x = features;
  for (int i = 0; i < EXAMPLES; ++i) {
    const float score = x[0] * w0 + x[1] * w1 + x[2] * w2 + x[3] * w3 + x[4] * w4 + x[5] * w5 + x[6] * w6 + x[7] * w7 +
        x[8] * w8 + x[9] * w9 + bias;
    const float decay = arc_expf(score > 0.0f ? -score : score);
    const float probability = (score > 0.0f ? 1.0f : decay) / (1.0f + decay);
    const float error = probability - labels[i];
    errors[i] = error;
    sum += error;
    x += FEATURES;
  }
  *grad_bias = sum * (1.0f / EXAMPLES);

  float g0 = 0.0f, g1 = 0.0f, g2 = 0.0f, g3 = 0.0f, g4 = 0.0f;
  float g5 = 0.0f, g6 = 0.0f, g7 = 0.0f, g8 = 0.0f, g9 = 0.0f;
  x = features;
  for (int i = 0; i < EXAMPLES; ++i) {
    const float error = errors[i];
    g0 += x[0] * error;
    g1 += x[1] * error;
    g2 += x[2] * error;
    g3 += x[3] * error;
    g4 += x[4] * error;
    g5 += x[5] * error;
    g6 += x[6] * error;
    g7 += x[7] * error;
    g8 += x[8] * error;
    g9 += x[9] * error;
    x += FEATURES;
  }
  grad_weights[0] = g0 * (1.0f / EXAMPLES);
  grad_weights[1] = g1 * (1.0f / EXAMPLES);
  grad_weights[2] = g2 * (1.0f / EXAMPLES);
  grad_weights[3] = g3 * (1.0f / EXAMPLES);
  grad_weights[4] = g4 * (1.0f / EXAMPLES);
  grad_weights[5] = g5 * (1.0f / EXAMPLES);
  grad_weights[6] = g6 * (1.0f / EXAMPLES);
  grad_weights[7] = g7 * (1.0f / EXAMPLES);
  grad_weights[8] = g8 * (1.0f / EXAMPLES);
  grad_weights[9] = g9 * (1.0f / EXAMPLES);
}
