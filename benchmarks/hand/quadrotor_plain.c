/* SPDX-License-Identifier: 0BSD
 *
 * Jacobians of a Runge-Kutta step of a quadrotor, by hand: the tangent of the step is computed for one column after the
 * other. The four stages are computed once; a column's tangent runs through them.
 *
 * Sums run in another order than in generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "quadrotor.h"

#define STATES 13
#define ROTORS 4
#define STAGES 4
#define PERIOD 0.02f
#define MASS 0.8f
#define GRAVITY 9.81f
#define INERTIA_X 0.006f
#define INERTIA_Y 0.007f
#define INERTIA_Z 0.011f
#define ARM 0.17f
#define DRAG 0.016f

/* Rates of a state: position, quaternion, velocity, angular velocity. */
static void dynamics(const float state[STATES], const float thrusts[ROTORS], float rates[STATES]) {
  const float w = state[3];
  const float x = state[4];
  const float y = state[5];
  const float z = state[6];
  const float p = state[10];
  const float q = state[11];
  const float r = state[12];
  const float lift = (thrusts[0] + thrusts[1] + thrusts[2] + thrusts[3]) / MASS;
  rates[0] = state[7];
  rates[1] = state[8];
  rates[2] = state[9];
  rates[3] = 0.5f * (-x * p - y * q - z * r);
  rates[4] = 0.5f * (w * p + y * r - z * q);
  rates[5] = 0.5f * (w * q + z * p - x * r);
  rates[6] = 0.5f * (w * r + x * q - y * p);
  rates[7] = 2.0f * (x * z + w * y) * lift;
  rates[8] = 2.0f * (y * z - w * x) * lift;
  rates[9] = (1.0f - 2.0f * (x * x + y * y)) * lift - GRAVITY;
  rates[10] = (ARM * (thrusts[1] - thrusts[3]) - (INERTIA_Z - INERTIA_Y) * q * r) / INERTIA_X;
  rates[11] = (ARM * (thrusts[2] - thrusts[0]) - (INERTIA_X - INERTIA_Z) * r * p) / INERTIA_Y;
  rates[12] = (DRAG * (thrusts[0] - thrusts[1] + thrusts[2] - thrusts[3]) - (INERTIA_Y - INERTIA_X) * p * q) / INERTIA_Z;
}

/* Tangent of the rates for tangents of the state and of the thrusts. */
static void dynamics_tangent(const float state[STATES], const float thrusts[ROTORS], const float d_state[STATES],
    const float d_thrusts[ROTORS], float d_rates[STATES]) {
  const float w = state[3];
  const float x = state[4];
  const float y = state[5];
  const float z = state[6];
  const float p = state[10];
  const float q = state[11];
  const float r = state[12];
  const float dw = d_state[3];
  const float dx = d_state[4];
  const float dy = d_state[5];
  const float dz = d_state[6];
  const float dp = d_state[10];
  const float dq = d_state[11];
  const float dr = d_state[12];
  const float lift = (thrusts[0] + thrusts[1] + thrusts[2] + thrusts[3]) / MASS;
  const float d_lift = (d_thrusts[0] + d_thrusts[1] + d_thrusts[2] + d_thrusts[3]) / MASS;
  d_rates[0] = d_state[7];
  d_rates[1] = d_state[8];
  d_rates[2] = d_state[9];
  d_rates[3] = -0.5f * (dx * p + x * dp + dy * q + y * dq + dz * r + z * dr);
  d_rates[4] = 0.5f * (dw * p + w * dp + dy * r + y * dr - dz * q - z * dq);
  d_rates[5] = 0.5f * (dw * q + w * dq + dz * p + z * dp - dx * r - x * dr);
  d_rates[6] = 0.5f * (dw * r + w * dr + dx * q + x * dq - dy * p - y * dp);
  d_rates[7] = 2.0f * ((dx * z + x * dz + dw * y + w * dy) * lift + (x * z + w * y) * d_lift);
  d_rates[8] = 2.0f * ((dy * z + y * dz - dw * x - w * dx) * lift + (y * z - w * x) * d_lift);
  d_rates[9] = (1.0f - 2.0f * (x * x + y * y)) * d_lift - 4.0f * (x * dx + y * dy) * lift;
  d_rates[10] = (ARM * (d_thrusts[1] - d_thrusts[3]) - (INERTIA_Z - INERTIA_Y) * (dq * r + q * dr)) / INERTIA_X;
  d_rates[11] = (ARM * (d_thrusts[2] - d_thrusts[0]) - (INERTIA_X - INERTIA_Z) * (dr * p + r * dp)) / INERTIA_Y;
  d_rates[12] = (DRAG * (d_thrusts[0] - d_thrusts[1] + d_thrusts[2] - d_thrusts[3]) -
                    (INERTIA_Y - INERTIA_X) * (dp * q + p * dq)) /
      INERTIA_Z;
}

static void moved(const float state[STATES], float time, const float rates[STATES], float result[STATES]) {
  for (int i = 0; i < STATES; ++i) {
    result[i] = state[i] + time * rates[i];
  }
}

/* Tangent of a step, for tangents of the state and of the thrusts. */
static void step_tangent(float stages[STAGES][STATES], const float thrusts[ROTORS], const float d_state[STATES],
    const float d_thrusts[ROTORS], float d_after[STATES]) {
  float k1[STATES];
  float k2[STATES];
  float k3[STATES];
  float k4[STATES];
  float d_stage[STATES];
  dynamics_tangent(stages[0], thrusts, d_state, d_thrusts, k1);
  moved(d_state, 0.5f * PERIOD, k1, d_stage);
  dynamics_tangent(stages[1], thrusts, d_stage, d_thrusts, k2);
  moved(d_state, 0.5f * PERIOD, k2, d_stage);
  dynamics_tangent(stages[2], thrusts, d_stage, d_thrusts, k3);
  moved(d_state, PERIOD, k3, d_stage);
  dynamics_tangent(stages[3], thrusts, d_stage, d_thrusts, k4);
  for (int i = 0; i < STATES; ++i) {
    d_after[i] = d_state[i] + PERIOD / 6.0f * (k1[i] + 2.0f * k2[i] + 2.0f * k3[i] + k4[i]);
  }
}

void quadrotor_jac(const float state[13], const float thrusts[4], float *jac_state, float *jac_thrusts) {
  float stages[STAGES][STATES];
  float rates[STATES];
  float d_state[STATES] = {0.0f};
  float d_thrusts[ROTORS] = {0.0f};
  float column[STATES];
  for (int i = 0; i < STATES; ++i) {
    stages[0][i] = state[i];
  }
  dynamics(state, thrusts, rates);
  moved(state, 0.5f * PERIOD, rates, stages[1]);
  dynamics(stages[1], thrusts, rates);
  moved(state, 0.5f * PERIOD, rates, stages[2]);
  dynamics(stages[2], thrusts, rates);
  moved(state, PERIOD, rates, stages[3]);

  for (int j = 0; j < STATES; ++j) {
    d_state[j] = 1.0f;
    step_tangent(stages, thrusts, d_state, d_thrusts, column);
    d_state[j] = 0.0f;
    for (int i = 0; i < STATES; ++i) {
      jac_state[STATES * i + j] = column[i];
    }
  }
  for (int j = 0; j < ROTORS; ++j) {
    d_thrusts[j] = 1.0f;
    step_tangent(stages, thrusts, d_state, d_thrusts, column);
    d_thrusts[j] = 0.0f;
    for (int i = 0; i < STATES; ++i) {
      jac_thrusts[ROTORS * i + j] = column[i];
    }
  }
}
