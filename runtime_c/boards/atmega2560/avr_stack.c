/* SPDX-License-Identifier: 0BSD
 *
 * How much stack a call takes, measured: the unused stack is painted, and later searched for the deepest byte that lost
 * its paint. The bytes of a call's own return address count for the callee, as they do in the bound.
 */
#include <stdint.h>

#include "arc_board.h"

/* The first byte above the painted stack, which grows down towards __heap_start (the linker's end of .bss). */
uint8_t *avr_painted_below;

#if defined(__AVR_3_BYTE_PC__)
#define ABOVE_RETURN_ADDRESS "4"
#else
#define ABOVE_RETURN_ADDRESS "3"
#endif

/* The stack pointer, at 0x3d and 0x3e, points below the last byte pushed. */
__attribute__((naked)) void arc_board_paint_stack(void) {
  __asm volatile(
      "in r24, 0x3d\n\t"
      "in r25, 0x3e\n\t"
      "movw r26, r24\n\t"
      "adiw r26, " ABOVE_RETURN_ADDRESS "\n\t"
      "sts avr_painted_below, r26\n\t"
      "sts avr_painted_below+1, r27\n\t"
      "ldi r30, lo8(__heap_start)\n\t"
      "ldi r31, hi8(__heap_start)\n\t"
      "ldi r18, 0xa5\n"
      /* Not the return address of this very call. */
      "1:\tcp r24, r30\n\t"
      "cpc r25, r31\n\t"
      "brlo 2f\n\t"
      "st Z+, r18\n\t"
      "rjmp 1b\n"
      "2:\tret");
}

__attribute__((naked)) uint32_t arc_board_stack_used(void) {
  __asm volatile(
      "lds r22, avr_painted_below\n\t"
      "lds r23, avr_painted_below+1\n\t"
      "ldi r30, lo8(__heap_start)\n\t"
      "ldi r31, hi8(__heap_start)\n\t"
      "1:\tcp r30, r22\n\t"
      "cpc r31, r23\n\t"
      "brsh 2f\n\t"
      "ld r18, Z+\n\t"
      "cpi r18, 0xa5\n\t"
      "breq 1b\n\t"
      "sbiw r30, 1\n"
      "2:\tsub r22, r30\n\t"
      "sbc r23, r31\n\t"
      "ldi r24, 0\n\t"
      "ldi r25, 0\n\t"
      "ret");
}
