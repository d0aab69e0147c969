/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the cost of a cart-pole's motion for the forces, by hand, for few instructions:
 *
 * - sines and cosines of all stages are kept (1600 bytes), so that the way back calls no function;
 * - rates that are velocities are put in: a step of the position is h v + h^2/6 (a1 + a2 + a3);
 * - the length of the pole is in the constants, and both quotients of a stage have one denominator;
 * - products with the Jacobian are written for the angle: cos^2 - sin^2 = 1 - 2 sin^2.
 *
 * Sums run in another order than in generated code, so that last bits differ.
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

/* What is kept of a step. */
typedef struct trace_t {
  float position, angle, velocity, rate;
  float sine[4], cosine[4];
} trace_t;

/* Rates of velocity and angular velocity: acceleration is divided by LENGTH. */
typedef struct rates_t {
  float acceleration, turn;
} rates_t;

/* Adjoints of the angle, the angular velocity and the force at a stage. */
typedef struct adjoint_t {
  float angle, rate, force;
} adjoint_t;

static inline rates_t rates_of(float sine, float cosine, float rate, float force) {
  const float mass = LENGTH * CART + LENGTH * POLE * (sine * sine);
  const float thrust = force + POLE * LENGTH * rate * rate * sine;
  rates_t rates;
  rates.acceleration = (thrust - POLE * GRAVITY * (sine * cosine)) / mass;
  rates.turn = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / mass;
  return rates;
}

static inline rates_t stage(trace_t *trace, int number, float angle, float rate, float force) {
  float sine;
  float cosine;
  arc_sincosf(angle, &sine, &cosine);
  trace->sine[number] = sine;
  trace->cosine[number] = cosine;
  return rates_of(sine, cosine, rate, force);
}

static inline adjoint_t stage_adjoint(float sine, float cosine, float rate, float force, float acceleration_bar, float turn_bar) {
  const float square = sine * sine;
  const float product = sine * cosine;
  const float mass = LENGTH * CART + LENGTH * POLE * square;
  const float speed = POLE * LENGTH * rate;
  const float pull = speed * rate;
  const float thrust = force + pull * sine;
  const float acceleration = (thrust - POLE * GRAVITY * product) / mass;
  const float turn = ((CART + POLE) * GRAVITY * sine - thrust * cosine) / mass;

  const float first = acceleration_bar / mass;
  const float second = turn_bar / mass;
  const float mass_bar = acceleration * first + turn * second;
  adjoint_t adjoint;
  adjoint.force = first - cosine * second;
  adjoint.rate = 2.0f * speed * sine * adjoint.force;
  adjoint.angle = ((CART + POLE) * GRAVITY * cosine + thrust * sine) * second + pull * cosine * adjoint.force -
      (POLE * GRAVITY * (1.0f - 2.0f * square) * first + 2.0f * LENGTH * POLE * product * mass_bar);
  return adjoint;
}

void ocp_grad(const float forces[50], const float start[4], float grad_forces[50]) {
  trace_t traces[STEPS];
  float position = start[0];
  float angle = start[1];
  float velocity = start[2];
  float rate = start[3];
  for (int k = 0; k < STEPS; ++k) {
    trace_t *trace = &traces[k];
    const float force = forces[k];
    trace->position = position;
    trace->angle = angle;
    trace->velocity = velocity;
    trace->rate = rate;
    const rates_t one = stage(trace, 0, angle, rate, force);
    const float rate_2 = rate + 0.5f * PERIOD * one.turn;
    const rates_t two = stage(trace, 1, angle + 0.5f * PERIOD * rate, rate_2, force);
    const float rate_3 = rate + 0.5f * PERIOD * two.turn;
    const rates_t three = stage(trace, 2, angle + 0.5f * PERIOD * rate_2, rate_3, force);
    const float rate_4 = rate + PERIOD * three.turn;
    const rates_t four = stage(trace, 3, angle + PERIOD * rate_3, rate_4, force);
    const float twice = two.acceleration + three.acceleration;
    const float sum = one.acceleration + twice;
    position += PERIOD * velocity + LENGTH * PERIOD * PERIOD / 6.0f * sum;
    velocity += LENGTH * PERIOD / 6.0f * (sum + twice + four.acceleration);
    angle += PERIOD / 6.0f * (rate + 2.0f * (rate_2 + rate_3) + rate_4);
    rate += PERIOD / 6.0f * (one.turn + 2.0f * (two.turn + three.turn) + four.turn);
  }

  float position_bar = 2.0f * 10.0f * position;
  float angle_bar = 2.0f * 50.0f * angle;
  float velocity_bar = 2.0f * 1.0f * velocity;
  float rate_bar = 2.0f * 2.0f * rate;
  for (int k = STEPS - 1; k >= 0; --k) {
    const trace_t *trace = &traces[k];
    const float force = forces[k];
    const float rate_1 = trace->rate;
    const float mass_4 = LENGTH * PERIOD / 6.0f * velocity_bar;
    const float mass_1 = mass_4 + LENGTH * PERIOD * PERIOD / 6.0f * position_bar;
    const float mass_2 = mass_1 + mass_4;
    const float turn = PERIOD / 6.0f * rate_bar;
    const float share = PERIOD / 6.0f * angle_bar;
    const float half = 0.5f * PERIOD;

    const rates_t one = rates_of(trace->sine[0], trace->cosine[0], rate_1, force);
    const float rate_2 = rate_1 + half * one.turn;
    const rates_t two = rates_of(trace->sine[1], trace->cosine[1], rate_2, force);
    const float rate_3 = rate_1 + half * two.turn;
    const rates_t three = rates_of(trace->sine[2], trace->cosine[2], rate_3, force);
    const float rate_4 = rate_1 + PERIOD * three.turn;

    const adjoint_t a4 = stage_adjoint(trace->sine[3], trace->cosine[3], rate_4, force, mass_4, turn);
    const float bar_4 = share + a4.rate;
    const adjoint_t a3 = stage_adjoint(trace->sine[2], trace->cosine[2], rate_3, force, mass_2, 2.0f * turn + PERIOD * bar_4);
    const float bar_3 = 2.0f * share + PERIOD * a4.angle + a3.rate;
    const adjoint_t a2 = stage_adjoint(trace->sine[1], trace->cosine[1], rate_2, force, mass_2, 2.0f * turn + half * bar_3);
    const float bar_2 = 2.0f * share + half * a3.angle + a2.rate;
    const adjoint_t a1 = stage_adjoint(trace->sine[0], trace->cosine[0], rate_1, force, mass_1, turn + half * bar_2);
    const float bar_1 = share + half * a2.angle + a1.rate;

    grad_forces[k] = 2.0f * PERIOD * EFFORT * force + (a1.force + a2.force + a3.force + a4.force);
    velocity_bar += PERIOD * position_bar + 2.0f * PERIOD * 0.01f * trace->velocity;
    position_bar += 2.0f * PERIOD * 0.1f * trace->position;
    angle_bar += 2.0f * PERIOD * 1.0f * trace->angle + (a1.angle + a2.angle + a3.angle + a4.angle);
    rate_bar += 2.0f * PERIOD * 0.01f * rate_1 + (bar_1 + bar_2 + bar_3 + bar_4);
  }
}
