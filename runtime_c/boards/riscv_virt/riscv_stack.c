/* SPDX-License-Identifier: 0BSD
 *
 * How much stack a call takes, measured: the unused stack is painted, and later searched for the deepest word that lost
 * its paint. Both functions use no stack themselves, so that a function which needs none measures as 0.
 */
#include <stdint.h>

#include "arc_board.h"

/* The end of the painted stack, which grows down towards board_stack_limit (a symbol of the linker script). */
uint32_t *riscv_painted_below;

__attribute__((naked)) void arc_board_paint_stack(void) {
  __asm volatile(
      "la t0, riscv_painted_below\n\t"
      "sw sp, 0(t0)\n\t"
      "la t0, board_stack_limit\n\t"
      "li t1, 0xa5a5a5a5\n"
      "1:\tbgeu t0, sp, 2f\n\t"
      "sw t1, 0(t0)\n\t"
      "addi t0, t0, 4\n\t"
      "j 1b\n"
      "2:\tret");
}

__attribute__((naked)) uint32_t arc_board_stack_used(void) {
  __asm volatile(
      "la a0, riscv_painted_below\n\t"
      "lw a0, 0(a0)\n\t"
      "la t0, board_stack_limit\n\t"
      "li t1, 0xa5a5a5a5\n"
      "1:\tbgeu t0, a0, 2f\n\t"
      "lw t2, 0(t0)\n\t"
      "bne t2, t1, 2f\n\t"
      "addi t0, t0, 4\n\t"
      "j 1b\n"
      "2:\tsub a0, a0, t0\n\t"
      "ret");
}
