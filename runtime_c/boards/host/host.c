/* SPDX-License-Identifier: 0BSD
 *
 * A process in the place of a board: what is verified in software first runs here.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "arc_board.h"

#define NOTHING_TO_RECEIVE 2

/* Nothing has to be made ready, and nobody calls it. */
void arc_board_init(void) {
}

void arc_board_putc(uint8_t byte) {
  (void)putchar(byte);
}

uint8_t arc_board_getc(void) {
  /* Whoever sends may wait for an answer first. */
  (void)fflush(stdout);
  const int byte = getchar();
  if (byte == EOF) {
    exit(NOTHING_TO_RECEIVE);
  }
  return (uint8_t)byte;
}

void arc_board_exit(int code) {
  (void)fflush(stdout);
  exit(code);
}

/* Nanoseconds: there are no instructions to count without asking the system for more than a process has. */
uint32_t arc_board_ticks(void) {
  struct timespec now;
  (void)clock_gettime(CLOCK_MONOTONIC, &now);
  return (uint32_t)((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* The stack of a process belongs to the system; it is not measured. */
void arc_board_paint_stack(void) {
}

uint32_t arc_board_stack_used(void) {
  return 0;
}

uint32_t arc_board_float_control(void) {
#if defined(__SSE__)
  return __builtin_ia32_stmxcsr();
#else
  return 0;
#endif
}

void arc_board_set_float_control(uint32_t value) {
#if defined(__SSE__)
  __builtin_ia32_ldmxcsr(value);
#else
  (void)value;
#endif
}
