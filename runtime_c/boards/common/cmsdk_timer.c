/* SPDX-License-Identifier: 0BSD
 *
 * The timer of Arm's Cortex-M System Design Kit as a free-running counter: 32 bits where SysTick has 24, so that nothing
 * measured here sees it wrap. The board says where: ARC_BOARD_TIMER.
 */
#include <stdint.h>

#include "arc_board.h"
#include "mps_counter.h"

typedef struct {
  volatile uint32_t control;
  volatile uint32_t value;
  volatile uint32_t reload;
} cmsdk_timer;

#define TIMER ((cmsdk_timer *)ARC_BOARD_TIMER)
#define ENABLE 1u

void mps_counter_start(void) {
  TIMER->reload = UINT32_MAX;
  TIMER->value = UINT32_MAX;
  TIMER->control = ENABLE;
}

uint32_t arc_board_ticks(void) {
  /* It counts down. */
  return UINT32_MAX - TIMER->value;
}
