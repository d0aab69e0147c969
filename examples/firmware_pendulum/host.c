/* SPDX-License-Identifier: 0BSD
 *
 * The same two axes on the host, one after the other: what the firmware has to compute bit for bit. With an argument the
 * learning is switched off.
 */
#include <stdio.h>

#include "axis.h"
#include "machine.h"
#include "trace.h"

static void put(char character) {
  putchar(character);
}

int main(int argc, char **argv) {
  static trace_t trace;
  Tuning_t tuning = swingup_tuning_default;
  (void)argv;
  if (argc > 1) {
    tuning.learning_rate = 0.0f;
  }
  for (uint32_t i = 0; i < MACHINE_AXES; ++i) {
    axis_t axis;
    machine_start(&axis, &trace, &tuning, i);
    for (uint32_t step = 0; step < AXIS_STEPS; ++step) {
      machine_period(&axis, &trace);
      trace_print(&trace, put);
    }
  }
  return 0;
}
