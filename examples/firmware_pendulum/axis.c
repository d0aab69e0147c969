/* SPDX-License-Identifier: 0BSD */
#include "axis.h"

#include <math.h>

/* What goes wrong, in control periods: for 20 ms the cable of the encoder is loose, later somebody pushes the arm. */
#define LOOSE_FROM 9000u
#define LOOSE_UNTIL 9020u
#define PUSHED 15500u
#define PUSHED_RATE 1.0f /* rad/s */

void axis_start(axis_t *axis, const Tuning_t *tuning, float angle, float friction) {
  swingup_init(&axis->controller);
  axis->joint = swingup_joint_default;
  axis->tuning = tuning;
  axis->command = 0.0f;
  axis->status = ARC_OK;

  plant_init(&axis->motion);
  axis->motion.angle = angle;
  axis->truth = plant_joint_default;
  axis->truth.friction = friction;

  axis->samples = 0;
  axis->steps = 0;
  axis->late = 0;
  axis->refused = 0;
}

void axis_sample(axis_t *axis) {
  if (axis->steps != axis->samples) {
    ++axis->late;
  }
  if (axis->samples == PUSHED) {
    axis->motion.rate = PUSHED_RATE;
  }
  axis->torque = axis->command;
  axis->angle = axis->motion.angle;
  axis->rate = axis->motion.rate;
  if (axis->samples >= LOOSE_FROM && axis->samples < LOOSE_UNTIL) {
    axis->angle = NAN;
  }
  ++axis->samples;
}

void axis_move(axis_t *axis) {
  plant_step(&axis->motion, axis->torque, &axis->truth);
}

void axis_learn(axis_t *axis) {
  float friction;
  axis->status = swingup_learnt_friction(
      &axis->controller, axis->rate, &axis->joint, axis->tuning, &friction);
  if (axis->status == ARC_OK) {
    axis->joint.friction = friction;
  }
}

void axis_act(axis_t *axis) {
  axis->status = swingup_step(
      &axis->controller, axis->angle, axis->rate, &axis->joint, axis->tuning, &axis->command);
  if (axis->status != ARC_OK) {
    /* The step has written nothing. Let the motor go, and begin anew with the next good sample. */
    axis->command = 0.0f;
    swingup_init(&axis->controller);
    ++axis->refused;
  }
  ++axis->steps;
}
