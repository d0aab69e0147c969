/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the cost of a cart-pole's motion for the forces, by hand: states forward, adjoints backward, as the
 * equations stand on paper. The stages of each step are computed again on the way back, so that only states are kept.
 *
 * Quotients are differentiated as d(p/q) = (dp - (p/q) dq) / q, with one division; sums run in another order than in
 * generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "ocp.h"

#define STEPS 50
#define PERIOD 0.04f
#define CART 1.0f
#define POLE 0.2f
#define LENGTH 0.5f
#define GRAVITY 9.81f
#define EFFORT 0.05f

/* Elements of a state. */
#define POSITION 0
#define ANGLE 1
#define VELOCITY 2
#define RATE 3

static const float running[4] = {0.1f, 1.0f, 0.01f, 0.01f};
static const float terminal[4] = {10.0f, 50.0f, 1.0f, 2.0f};

static void dynamics(const float state[4], float force, float rates[4]) {
  float sine;
  float cosine;
  arc_sincosf(state[ANGLE], &sine, &cosine);
  const float mass = CART + POLE * sine * sine;
  const float thrust = force + POLE * LENGTH * state[RATE] * state[RATE] * sine;
  rates[POSITION] = state[VELOCITY];
  rates[ANGLE] = state[RATE];
  rates[VELOCITY] = (thrust - POLE * GRAVITY * sine * cosine) / mass;
  rates[RATE] = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / (LENGTH * mass);
}

/* Product of the transposed Jacobian of dynamics() for the state and an adjoint of the rates; returns that for the
 * force. */
static float dynamics_adjoint(const float state[4], float force, const float adjoint[4], float result[4]) {
  float sine;
  float cosine;
  arc_sincosf(state[ANGLE], &sine, &cosine);
  const float mass = CART + POLE * sine * sine;
  const float thrust = force + POLE * LENGTH * state[RATE] * state[RATE] * sine;
  const float acceleration = (thrust - POLE * GRAVITY * sine * cosine) / mass;
  const float turn = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / (LENGTH * mass);

  const float acceleration_top = adjoint[VELOCITY] / mass;
  const float turn_top = adjoint[RATE] / (LENGTH * mass);
  const float mass_bar = -(acceleration * acceleration_top + LENGTH * turn * turn_top);
  const float thrust_bar = acceleration_top - cosine * turn_top;
  const float cosine_bar = -(POLE * GRAVITY * sine * acceleration_top + thrust * turn_top);
  const float sine_bar = (CART + POLE) * GRAVITY * turn_top - POLE * GRAVITY * cosine * acceleration_top +
      POLE * LENGTH * state[RATE] * state[RATE] * thrust_bar + 2.0f * POLE * sine * mass_bar;
  result[POSITION] = 0.0f;
  result[ANGLE] = cosine * sine_bar - sine * cosine_bar;
  result[VELOCITY] = adjoint[POSITION];
  result[RATE] = adjoint[ANGLE] + 2.0f * POLE * LENGTH * state[RATE] * sine * thrust_bar;
  return thrust_bar;
}

static void moved(const float state[4], float time, const float rates[4], float result[4]) {
  for (int i = 0; i < 4; ++i) {
    result[i] = state[i] + time * rates[i];
  }
}

static void step(const float state[4], float force, float after[4]) {
  float k1[4];
  float k2[4];
  float k3[4];
  float k4[4];
  float stage[4];
  dynamics(state, force, k1);
  moved(state, 0.5f * PERIOD, k1, stage);
  dynamics(stage, force, k2);
  moved(state, 0.5f * PERIOD, k2, stage);
  dynamics(stage, force, k3);
  moved(state, PERIOD, k3, stage);
  dynamics(stage, force, k4);
  for (int i = 0; i < 4; ++i) {
    after[i] = state[i] + PERIOD / 6.0f * (k1[i] + 2.0f * k2[i] + 2.0f * k3[i] + k4[i]);
  }
}

/* Moves an adjoint of the state back over a step; returns the step's contribution to the force's. */
static float step_adjoint(const float state[4], float force, float adjoint[4]) {
  float stage2[4];
  float stage3[4];
  float stage4[4];
  float rates[4];
  float rates_bar[4];
  float stage_bar[4];
  float sum[4];
  dynamics(state, force, rates);
  moved(state, 0.5f * PERIOD, rates, stage2);
  dynamics(stage2, force, rates);
  moved(state, 0.5f * PERIOD, rates, stage3);
  dynamics(stage3, force, rates);
  moved(state, PERIOD, rates, stage4);

  for (int i = 0; i < 4; ++i) {
    rates_bar[i] = PERIOD / 6.0f * adjoint[i];
  }
  float force_bar = dynamics_adjoint(stage4, force, rates_bar, stage_bar);
  for (int i = 0; i < 4; ++i) {
    sum[i] = adjoint[i] + stage_bar[i];
    rates_bar[i] = PERIOD / 3.0f * adjoint[i] + PERIOD * stage_bar[i];
  }
  force_bar += dynamics_adjoint(stage3, force, rates_bar, stage_bar);
  for (int i = 0; i < 4; ++i) {
    sum[i] += stage_bar[i];
    rates_bar[i] = PERIOD / 3.0f * adjoint[i] + 0.5f * PERIOD * stage_bar[i];
  }
  force_bar += dynamics_adjoint(stage2, force, rates_bar, stage_bar);
  for (int i = 0; i < 4; ++i) {
    sum[i] += stage_bar[i];
    rates_bar[i] = PERIOD / 6.0f * adjoint[i] + 0.5f * PERIOD * stage_bar[i];
  }
  force_bar += dynamics_adjoint(state, force, rates_bar, stage_bar);
  for (int i = 0; i < 4; ++i) {
    adjoint[i] = sum[i] + stage_bar[i];
  }
  return force_bar;
}

void ocp_grad(const float forces[50], const float start[4], float grad_forces[50]) {
  float states[STEPS + 1][4];
  float adjoint[4];
  for (int i = 0; i < 4; ++i) {
    states[0][i] = start[i];
  }
  for (int k = 0; k < STEPS; ++k) {
    step(states[k], forces[k], states[k + 1]);
  }
  for (int i = 0; i < 4; ++i) {
    adjoint[i] = 2.0f * terminal[i] * states[STEPS][i];
  }
  for (int k = STEPS - 1; k >= 0; --k) {
    grad_forces[k] = step_adjoint(states[k], forces[k], adjoint) + 2.0f * PERIOD * EFFORT * forces[k];
    for (int i = 0; i < 4; ++i) {
      adjoint[i] += 2.0f * PERIOD * running[i] * states[k][i];
    }
  }
}
