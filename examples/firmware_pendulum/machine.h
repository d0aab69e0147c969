/* SPDX-License-Identifier: 0BSD
 *
 * The axes of the machine and a whole period of one of them, in the order in which the interrupts come.
 */
#ifndef MACHINE_H
#define MACHINE_H

#include "axis.h"
#include "trace.h"

#define MACHINE_JOINT 0u /* control in SysTick, arm in TIMER0 */
#define MACHINE_TWIN 1u /* control and arm in TIMER1 */
#define MACHINE_AXES 2u

void machine_start(axis_t *axis, trace_t *trace, const Tuning_t *tuning, uint32_t which);

/** Sample, control step, movement. */
void machine_period(axis_t *axis, trace_t *trace);

#endif
