/* SPDX-License-Identifier: 0BSD
 *
 * Control and status registers of RISC-V (Privileged Architecture, version 1.12): FPU, trap vector, retired instructions.
 */
#include "riscv_csr.h"

#include "arc_board.h"

/* The compiler's -march names no Zicsr, since some GCC then look for libraries that are not there; every chip has it. */
#define CSR(instruction) ".option push\n\t.option arch, +zicsr\n\t" instruction "\n\t.option pop"

#define MSTATUS_FS_INITIAL 0x2000u

void riscv_csr_set_trap(uint32_t address) {
  __asm volatile(CSR("csrw mtvec, %0") : : "r"(address));
}

void riscv_csr_enable_fpu(void) {
#if defined(__riscv_flen)
  __asm volatile(CSR("csrs mstatus, %0") : : "r"(MSTATUS_FS_INITIAL));
  __asm volatile(CSR("csrw fcsr, zero") : : : "memory");
#endif
}

uint32_t arc_board_ticks(void) {
  uint32_t value;
  __asm volatile(CSR("csrr %0, minstret") : "=r"(value) : : "memory");
  return value;
}

uint32_t arc_board_float_control(void) {
#if defined(__riscv_flen)
  uint32_t value;
  __asm volatile(CSR("csrr %0, fcsr") : "=r"(value) : : "memory");
  return value;
#else
  return 0;
#endif
}

void arc_board_set_float_control(uint32_t value) {
#if defined(__riscv_flen)
  __asm volatile(CSR("csrw fcsr, %0") : : "r"(value) : "memory");
#else
  (void)value;
#endif
}
