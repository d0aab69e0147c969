/* SPDX-License-Identifier: 0BSD
 *
 * How much stack a call takes, measured: the unused stack is painted, and later searched for the deepest word that lost
 * its paint. Both functions use no stack themselves, so that a function which needs none measures as 0.
 */
#include <stdint.h>

#include "arc_board.h"

/* The end of the painted stack, which grows down towards board_stack_limit (a symbol of the linker script). */
uint32_t *cortex_m_painted_below;

__attribute__((naked)) void arc_board_paint_stack(void) {
  __asm volatile(
      ".syntax unified\n\t"
      "mov r0, sp\n\t"
      "ldr r1, =cortex_m_painted_below\n\t"
      "str r0, [r1]\n\t"
      "ldr r1, =board_stack_limit\n\t"
      "ldr r2, =0xa5a5a5a5\n"
      "1:\tcmp r1, r0\n\t"
      "bhs 2f\n\t"
      "stmia r1!, {r2}\n\t"
      "b 1b\n"
      "2:\tbx lr\n\t"
      ".ltorg");
}

__attribute__((naked)) uint32_t arc_board_stack_used(void) {
  __asm volatile(
      ".syntax unified\n\t"
      "ldr r0, =cortex_m_painted_below\n\t"
      "ldr r0, [r0]\n\t"
      "ldr r1, =board_stack_limit\n\t"
      "ldr r2, =0xa5a5a5a5\n"
      "1:\tcmp r1, r0\n\t"
      "bhs 2f\n\t"
      "ldmia r1!, {r3}\n\t"
      "cmp r3, r2\n\t"
      "beq 1b\n\t"
      "subs r1, #4\n"
      "2:\tsubs r0, r0, r1\n\t"
      "bx lr\n\t"
      ".ltorg");
}
