/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of 0.5 (net(x) - target)^2 for the weights of a network 8-32-32-1 with tanh: forward, then backward.
 * Plain: one loop nest for each step. The way back through the second layer visits w2 row by row, as it lies in memory.
 */
#include "arc_math.h"
#include "network.h"

#define INPUTS 8
#define HIDDEN 32

void network_grad(
    const float *w1,
    const float b1[32],
    const float *w2,
    const float b2[32],
    const float *w3,
    const float b3[1],
    const float x[8],
    float target,
    float *grad_w1,
    float grad_b1[32],
    float *grad_w2,
    float grad_b2[32],
    float *grad_w3,
    float grad_b3[1]) {
  float hidden1[HIDDEN];
  float hidden2[HIDDEN];
  float back[HIDDEN];

  for (int i = 0; i < HIDDEN; ++i) {
    float sum = 0.0f;
    for (int j = 0; j < INPUTS; ++j) {
      sum += w1[INPUTS * i + j] * x[j];
    }
    hidden1[i] = arc_tanhf(sum + b1[i]);
  }
  for (int i = 0; i < HIDDEN; ++i) {
    float sum = 0.0f;
    for (int j = 0; j < HIDDEN; ++j) {
      sum += w2[HIDDEN * i + j] * hidden1[j];
    }
    hidden2[i] = arc_tanhf(sum + b2[i]);
  }
  float output = 0.0f;
  for (int i = 0; i < HIDDEN; ++i) {
    output += w3[i] * hidden2[i];
  }
  const float error = output + b3[0] - target;

  grad_b3[0] = error;
  for (int i = 0; i < HIDDEN; ++i) {
    grad_w3[i] = hidden2[i] * error;
    grad_b2[i] = (1.0f - hidden2[i] * hidden2[i]) * (error * w3[i]);
  }
  for (int j = 0; j < HIDDEN; ++j) {
    back[j] = 0.0f;
  }
  for (int i = 0; i < HIDDEN; ++i) {
    const float delta = grad_b2[i];
    for (int j = 0; j < HIDDEN; ++j) {
      grad_w2[HIDDEN * i + j] = delta * hidden1[j];
      back[j] += w2[HIDDEN * i + j] * delta;
    }
  }
  for (int i = 0; i < HIDDEN; ++i) {
    const float delta = (1.0f - hidden1[i] * hidden1[i]) * back[i];
    grad_b1[i] = delta;
    for (int j = 0; j < INPUTS; ++j) {
      grad_w1[INPUTS * i + j] = delta * x[j];
    }
  }
}
