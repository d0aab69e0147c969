/* SPDX-License-Identifier: 0BSD
 *
 * FPSCR: rounding mode, flush to zero, default NaN, and the exception flags.
 */
#include <stdint.h>

#include "arc_board.h"

uint32_t arc_board_float_control(void) {
#if defined(__ARM_FP)
  uint32_t value;
  __asm volatile("vmrs %0, fpscr" : "=r"(value));
  return value;
#else
  return 0;
#endif
}

void arc_board_set_float_control(uint32_t value) {
#if defined(__ARM_FP)
  __asm volatile("vmsr fpscr, %0" : : "r"(value) : "memory");
#else
  (void)value;
#endif
}
