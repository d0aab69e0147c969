/* SPDX-License-Identifier: 0BSD
 *
 * A quicker line for emulators: requests are read from a file of the host, a named pipe, through semihosting, many octets
 * at a time. A UART takes them one by one, and each costs an emulator more than it costs a chip. Answers go the usual
 * way. Nothing of this is of use on a board.
 */
#include "arc_verify_line.h"

#if defined(ARC_VERIFY_REQUESTS)

#include <stdint.h>

#include "arc_board.h"

#define SYS_OPEN 0x01u
#define SYS_READ 0x06u
#define MODE_READ_BINARY 1u
#define LOST_CODE 113

#if defined(__arm__)
static uintptr_t semihosting(uint32_t operation, const uintptr_t *arguments) {
  register uintptr_t r0 __asm("r0") = operation;
  register const uintptr_t *r1 __asm("r1") = arguments;
  __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}
#elif defined(__riscv)
static uintptr_t semihosting(uint32_t operation, const uintptr_t *arguments) {
  register uintptr_t a0 __asm("a0") = operation;
  register const uintptr_t *a1 __asm("a1") = arguments;
  /* The three instructions must be uncompressed, and must not cross a page. */
  __asm volatile(
      ".balign 16\n\t"
      ".option push\n\t"
      ".option norvc\n\t"
      "slli x0, x0, 0x1f\n\t"
      "ebreak\n\t"
      "srai x0, x0, 7\n\t"
      ".option pop"
      : "+r"(a0)
      : "r"(a1)
      : "memory");
  return a0;
}
#else
#error "no semihosting is known for this processor"
#endif

uint8_t arc_verify_getc(void) {
  static const char name[] = ARC_VERIFY_REQUESTS;
  static uint8_t octets[512];
  static uintptr_t handle = 0;
  static uint16_t next = 0;
  static uint16_t count = 0;
  if (handle == 0u) {
    const uintptr_t open[3] = {(uintptr_t)name, MODE_READ_BINARY, sizeof name - 1u};
    handle = semihosting(SYS_OPEN, open);
  }
  if (next == count) {
    const uintptr_t read[3] = {handle, (uintptr_t)octets, sizeof octets};
    const uintptr_t missing = semihosting(SYS_READ, read);
    if (missing >= sizeof octets) {
      arc_board_exit(LOST_CODE);
    }
    count = (uint16_t)(sizeof octets - missing);
    next = 0;
  }
  return octets[next++];
}

#else

/* No translation unit may be empty. */
typedef int arc_verify_no_file;

#endif
