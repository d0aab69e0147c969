/* SPDX-License-Identifier: 0BSD
 *
 * One axis of the machine: its controller and, in the place of motor and encoder, a simulated arm.
 * Nothing here knows of interrupts: the firmware and the program for the host run these same lines.
 */
#ifndef AXIS_H
#define AXIS_H

#include <stdint.h>

#include "plant.h"
#include "swingup.h"

#define AXIS_STEPS 18000u /* control steps of a run: 18 s */
#define AXIS_QUARTERS 4u /* steps of the arm in a control period */

typedef struct axis {
  /* The controller: its memory, and what it knows of the arm. That is a copy in RAM of the defaults in flash, because the
   * friction in it is learnt. The tuning stays where it is. */
  Controller_t controller;
  Arm_t joint;
  const Tuning_t *tuning;

  /* The encoder's sample of this period, and the torque for the next. */
  float angle;
  float rate;
  float command;
  arc_status_t status; /* of the last control step */

  /* The arm as it really is, and the torque that acts on it. */
  Motion_t motion;
  Arm_t truth;
  float torque;

  uint32_t samples; /* taken */
  uint32_t steps; /* of the controller */
  uint32_t late; /* samples that came before the step of the one before was over: missed deadlines */
  uint32_t refused; /* control steps that a bad sample made impossible */
} axis_t;

/** At rest at an angle from upright (rad), with a friction (N m s/rad) that the controller does not know. */
void axis_start(axis_t *axis, const Tuning_t *tuning, float angle, float friction);

/** Begins a period: the drive takes the command, the encoder is read. */
void axis_sample(axis_t *axis);

/** Moves the arm on by a quarter of a period. */
void axis_move(axis_t *axis);

/** First half of a control step: learns from the period that has just ended. */
void axis_learn(axis_t *axis);

/** Second half of a control step: the command for the next period. */
void axis_act(axis_t *axis);

#endif
