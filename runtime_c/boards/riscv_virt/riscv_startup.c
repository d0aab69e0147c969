/* SPDX-License-Identifier: 0BSD
 *
 * From reset to main() on a RISC-V without an operating system: registers that the compiler counts on, the FPU, .data and
 * .bss, main(), and how it ended.
 */
#include <stdint.h>

#include "arc_board.h"
#include "riscv_csr.h"

/* Addresses that the linker script defines. */
extern uint32_t board_data_start[];
extern uint32_t board_data_end[];
extern const uint32_t board_data_load[];
extern uint32_t board_bss_start[];
extern uint32_t board_bss_end[];

int main(void);
void board_reset(void);
void board_start(void);
void board_trap(void);

/* What an emulator exits with after a trap. */
#define BOARD_FAULT_CODE 112

__attribute__((naked, section(".reset"), used)) void board_reset(void) {
  __asm volatile(
      ".option push\n\t"
      ".option norelax\n\t"
      "la gp, __global_pointer$\n\t"
      ".option pop\n\t"
      "la sp, board_stack_top\n\t"
      "la tp, board_thread_start\n\t"
      "j board_start");
}

/* No program that runs here uses interrupts or system calls, so any trap is a fault. The address has its two lowest bits
 * clear, which selects this one function for all of them. */
__attribute__((aligned(4))) void board_trap(void) {
  arc_board_exit(BOARD_FAULT_CODE);
}

void board_start(void) {
  riscv_csr_set_trap((uint32_t)board_trap);
  riscv_csr_enable_fpu();
  const uint32_t *from = board_data_load;
  for (uint32_t *to = board_data_start; to < board_data_end; ++to) {
    *to = *from++;
  }
  for (uint32_t *to = board_bss_start; to < board_bss_end; ++to) {
    *to = 0;
  }
  arc_board_init();
  arc_board_exit(main());
}
