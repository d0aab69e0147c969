/* SPDX-License-Identifier: 0BSD
 *
 * One step of a PID controller with gains scheduled by temperature. Plain: the interval of the table is searched from its
 * beginning, the slope in it computed at each step.
 */
#include "pid.h"

#define POINTS 12

static const float temperatures[POINTS] = {
    0.0f, 20.0f, 45.0f, 80.0f, 120.0f, 150.0f, 175.0f, 200.0f, 220.0f, 235.0f, 250.0f, 265.0f};
static const float heat_loss[POINTS] = {
    1.9f, 1.75f, 1.6f, 1.42f, 1.25f, 1.13f, 1.04f, 0.97f, 0.92f, 0.89f, 0.87f, 0.86f};

/* Constant beyond the ends of the table; what is not a number stays that. */
static float gain_scale(float temperature) {
  int k = 0;
  if (temperature < temperatures[0]) {
    return heat_loss[0];
  }
  if (temperature >= temperatures[POINTS - 1]) {
    return heat_loss[POINTS - 1];
  }
  while (k < POINTS - 2 && temperature >= temperatures[k + 1]) {
    ++k;
  }
  const float slope = (heat_loss[k + 1] - heat_loss[k]) / (temperatures[k + 1] - temperatures[k]);
  return slope * (temperature - temperatures[k]) + heat_loss[k];
}

void pid(
    float setpoint,
    float measured,
    const float state[3],
    const float gains[5],
    const float limits[2],
    float period,
    float *power,
    float following[3]) {
  const float integral = state[0];
  const float scale = gain_scale(measured);
  const float error = setpoint - measured;
  const float slope = state[1] + gains[3] * ((measured - state[2]) / period - state[1]);
  const float wanted = scale * (gains[0] * error + integral - gains[2] * slope);
  float limited = wanted;
  if (limited < limits[0]) {
    limited = limits[0];
  }
  if (limited > limits[1]) {
    limited = limits[1];
  }
  following[0] = integral + period * (gains[1] * error + gains[4] * (limited - wanted));
  following[1] = slope;
  following[2] = measured;
  *power = limited;
}
