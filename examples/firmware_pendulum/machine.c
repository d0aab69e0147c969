/* SPDX-License-Identifier: 0BSD */
#include "machine.h"

void machine_start(axis_t *axis, trace_t *trace, const Tuning_t *tuning, uint32_t which) {
  if (which == MACHINE_JOINT) {
    axis_start(axis, tuning, 3.1f, 0.012f); /* hangs, nearly; six times the friction that the controller assumes */
    trace_start(trace, "joint");
  } else {
    axis_start(axis, tuning, -2.5f, 0.008f);
    trace_start(trace, "twin");
  }
}

void machine_period(axis_t *axis, trace_t *trace) {
  axis_sample(axis);
  axis_learn(axis);
  axis_act(axis);
  trace_note(trace, axis);
  for (uint32_t quarter = 0; quarter < AXIS_QUARTERS; ++quarter) {
    axis_move(axis);
  }
}
