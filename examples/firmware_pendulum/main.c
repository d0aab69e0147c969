/* SPDX-License-Identifier: 0BSD
 *
 * The firmware. Two axes run the same generated code at different priorities:
 *
 *   TIMER0, highest  4 kHz  the arm of the joint: what motor and encoder are on a real machine
 *   TIMER1           1 kHz  all of the twin: a second controller with an arm of its own
 *   SysTick, lowest  1 kHz  the controller of the joint
 *   main loop               prints what was noted
 *
 * TIMER1's period is one tick longer than a millisecond. So it drifts through the period of SysTick, and interrupts the
 * generated code of the joint at each of its instructions in turn. TIMER0 interrupts the twin.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cost.h"
#include "machine.h"
#include "mps2_an386.h"
#include "trace.h"

#define PERIOD (BOARD_CLOCK / 1000u) /* ticks of a control period */
#define QUARTER (PERIOD / AXIS_QUARTERS) /* ticks of a step of the arm */
#define SAMPLE_LEAD (BOARD_CLOCK / 25000u) /* 40 us: the sample is there when the control step starts */
#define TWIN_LEAD (BOARD_CLOCK / 10000u) /* 100 us: where the drift of the twin begins */

/* 0 leaves the FP registers unsaved in interrupts. The results are wrong then, and the comparison says so. */
#ifndef FPU_CONTEXT
#define FPU_CONTEXT 1
#endif

static axis_t joint;
static trace_t joint_trace;
static axis_t twin;
static trace_t twin_trace;

/* What is being computed, for the interrupts that come in between. */
static volatile bool joint_runs;
static volatile bool twin_runs;
static volatile uint32_t interruptions;
static uint32_t twin_in_joint; /* interrupts of the joint's control step by the twin */
static uint32_t twin_in_joint_lazy; /* of these, with FP registers in use that the hardware had yet to save */
static uint32_t arm_in_twin; /* interrupts of the twin by the joint's arm */

static cost_t learn_cost;
static cost_t act_cost;
static cost_t step_cost;
static uint32_t longest_response; /* ticks from the interrupt to the end of the control step, all delays included */

static uint32_t ticks_since(uint32_t start) {
  const uint32_t now = SYST_CVR;
  return start >= now ? start - now : start + PERIOD - now;
}

/* Noinline: the handlers look at the FP state before their first FP instruction. */
__attribute__((noinline)) static void control_joint(void) {
  const uint32_t before = interruptions;
  const uint32_t start = SYST_CVR;
  joint_runs = true;
  axis_learn(&joint);
  const uint32_t learnt = ticks_since(start);
  axis_act(&joint);
  const uint32_t acted = ticks_since(start);
  joint_runs = false;
  if (before == interruptions) {
    cost_note(&learn_cost, learnt);
    cost_note(&act_cost, acted - learnt);
    cost_note(&step_cost, acted);
  }
  const uint32_t response = PERIOD - 1u - SYST_CVR;
  if (response > longest_response) {
    longest_response = response;
  }
  trace_note(&joint_trace, &joint);
}

void SysTick_Handler(void) {
  if (joint.steps < AXIS_STEPS) {
    control_joint();
  }
}

void TIMER0_Handler(void) {
  static uint32_t quarters;
  TIMER0->interrupt = 1u;
  ++interruptions;
  if (twin_runs) {
    ++arm_in_twin;
  }
  if (quarters < AXIS_QUARTERS * AXIS_STEPS) {
    if (quarters % AXIS_QUARTERS == 0u) {
      axis_sample(&joint);
    }
    axis_move(&joint);
    ++quarters;
  }
}

void TIMER1_Handler(void) {
  const uint32_t fp_state = FPCCR;
  TIMER1->interrupt = 1u;
  ++interruptions;
  if (joint_runs) {
    ++twin_in_joint;
    if ((fp_state & FPCCR_LSPACT) != 0u) {
      ++twin_in_joint_lazy;
    }
  }
  if (twin.steps < AXIS_STEPS) {
    twin_runs = true;
    machine_period(&twin, &twin_trace);
    twin_runs = false;
  }
}

static void put(char character) {
  while ((UART0->state & UART_FULL) != 0u) {
  }
  UART0->data = (uint32_t)(unsigned char)character;
}

static void print_number(const char *name, uint32_t number) {
  trace_text(name, put);
  put(' ');
  trace_decimal(number, put);
  put('\n');
}

static void set_up(void) {
  UART0->divider = BOARD_CLOCK / 115200u;
  UART0->control = UART_TRANSMIT;
#if !FPU_CONTEXT
  FPCCR &= ~FPCCR_AUTOMATIC;
#endif

  /* The board has three bits of priority, the upper ones. */
  NVIC_IPR[TIMER0_IRQ] = 0x00u;
  NVIC_IPR[TIMER1_IRQ] = 0x40u;
  SHPR[SYSTICK_EXCEPTION] = 0x80u;
  NVIC_ISER0 = (1u << TIMER0_IRQ) | (1u << TIMER1_IRQ);

  SYST_RVR = PERIOD - 1u;
  TIMER0->reload = QUARTER - 1u;
  TIMER0->value = PERIOD - SAMPLE_LEAD; /* after reload, which sets it too */
  TIMER1->reload = PERIOD; /* counts PERIOD + 1 ticks */
  TIMER1->value = PERIOD - TWIN_LEAD;
  SYST_CSR = SYST_CSR_RUN;
  TIMER0->control = TIMER_RUN;
  TIMER1->control = TIMER_RUN;
}

/* What remains of a run of one axis alone, without interrupts. */
static uint32_t solo_digest(uint32_t which) {
  static axis_t axis;
  static trace_t trace;
  machine_start(&axis, &trace, &swingup_tuning_default, which);
  for (uint32_t step = 0; step < AXIS_STEPS; ++step) {
    machine_period(&axis, &trace);
    trace.printed = trace.written;
  }
  return trace.digest;
}

static void print_report(void) {
  const uint32_t start = SYST_CVR;
  const uint32_t measuring = ticks_since(start);
  cost_print(&learn_cost, "learn", measuring, put);
  cost_print(&act_cost, "act", measuring, put);
  cost_print(&step_cost, "step", measuring, put);
  print_number("longest-response", longest_response);
  print_number("period", PERIOD);
  print_number("missed-deadlines", joint.late + twin.late);
  print_number("lost-records", joint_trace.lost + twin_trace.lost);
  print_number("refused-steps", joint.refused);
  print_number("twin-in-joint", twin_in_joint);
  print_number("twin-in-joint-lazy-fp", twin_in_joint_lazy);
  print_number("arm-in-twin", arm_in_twin);
  trace_text("joint-solo-digest ", put);
  trace_hexadecimal(solo_digest(MACHINE_JOINT), put);
  trace_text("\ntwin-solo-digest ", put);
  trace_hexadecimal(solo_digest(MACHINE_TWIN), put);
  trace_text("\nend\n", put);
}

int main(void) {
  machine_start(&joint, &joint_trace, &swingup_tuning_default, MACHINE_JOINT);
  machine_start(&twin, &twin_trace, &swingup_tuning_default, MACHINE_TWIN);
  set_up();
  /* A product would sleep here, by a wfi. QEMU must not: with -icount its clock runs on while the processor wakes up, and
   * interrupts are late or lost. */
  while (*(volatile uint32_t *)&joint.steps < AXIS_STEPS ||
      *(volatile uint32_t *)&twin.steps < AXIS_STEPS) {
    trace_print(&joint_trace, put);
    trace_print(&twin_trace, put);
  }
  __asm volatile("cpsid i" ::: "memory");
  trace_print(&joint_trace, put); /* what the last interrupts noted */
  trace_print(&twin_trace, put);
  print_report();
  return 0;
}
