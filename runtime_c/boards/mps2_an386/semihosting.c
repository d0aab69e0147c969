/* SPDX-License-Identifier: 0BSD
 *
 * Semihosting calls on Cortex-M: `bkpt 0xAB` with the operation in r0 and its argument in r1.
 */
#include "semihosting.h"

#define SYS_WRITE0 0x04u
#define SYS_EXIT 0x18u
#define STOPPED_APPLICATION_EXIT 0x20026u
#define STOPPED_RUN_TIME_ERROR 0x20023u

static void call(uint32_t operation, uint32_t argument) {
  register uint32_t r0 __asm("r0") = operation;
  register uint32_t r1 __asm("r1") = argument;
  /* The host writes its answer into r0, and may read and write memory. */
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
}

void semihosting_write(const char *text) {
  call(SYS_WRITE0, (uint32_t)text);
}

void semihosting_write_hex(uint32_t word) {
  char digits[9];
  for (int i = 0; i < 8; ++i) {
    digits[i] = "0123456789abcdef"[(word >> (28 - 4 * i)) & 0xFu];
  }
  digits[8] = '\0';
  semihosting_write(digits);
}

_Noreturn void semihosting_exit(int status) {
  for (;;) {
    call(SYS_EXIT, status == 0 ? STOPPED_APPLICATION_EXIT : STOPPED_RUN_TIME_ERROR);
  }
}
