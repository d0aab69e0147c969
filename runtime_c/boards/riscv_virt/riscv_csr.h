/* SPDX-License-Identifier: 0BSD
 *
 * The control and status registers that the start-up code needs.
 */
#ifndef RISCV_CSR_H
#define RISCV_CSR_H

#include <stdint.h>

void riscv_csr_set_trap(uint32_t address);

/** Without an FPU nothing. */
void riscv_csr_enable_fpu(void);

#endif
