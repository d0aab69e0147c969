/* SPDX-License-Identifier: 0BSD
 *
 * The system counter of Arm's Corstone SSE-300 behind arc_board_ticks(): 64 bits, of which 32 are read.
 */
#include <stdint.h>

#include "arc_board.h"
#include "mps_counter.h"

#define COUNTER_CONTROL (*(volatile uint32_t *)0x58100000u)
#define COUNTER_VALUE_LOW (*(volatile uint32_t *)0x58100008u)
#define ENABLE 1u

void mps_counter_start(void) {
  COUNTER_CONTROL = ENABLE;
}

uint32_t arc_board_ticks(void) {
  return COUNTER_VALUE_LOW;
}
