/* SPDX-License-Identifier: 0BSD
 *
 * Semihosting calls on Cortex-M: `bkpt 0xAB` with the operation in r0 and its argument in r1.
 */
#include "cortex_m_semihosting.h"

#include <stdint.h>

#include "arc_board.h"

#define SYS_WRITE0 0x04u
#define SYS_EXIT_EXTENDED 0x20u
#define STOPPED_APPLICATION_EXIT 0x20026u

static void call(uint32_t operation, const void *argument) {
  register uint32_t r0 __asm("r0") = operation;
  register const void *r1 __asm("r1") = argument;
  /* The host writes its answer into r0, and may read and write memory. */
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void cortex_m_semihosting_write(const char *text) {
  call(SYS_WRITE0, text);
}

void arc_board_exit(int code) {
  const uint32_t block[2] = {STOPPED_APPLICATION_EXIT, (uint32_t)code};
  call(SYS_EXIT_EXTENDED, block);
  for (;;) {
    /* Only a host that does not know the call comes here. */
  }
}
