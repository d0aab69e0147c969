/* SPDX-License-Identifier: 0BSD
 *
 * From reset to main() on any Cortex-M: switch the FPU on, set up .data and .bss, call main(), report how it ended.
 */
#include <stdint.h>

#include "arc_board.h"
#include "cortex_m_semihosting.h"

/* Addresses that the linker script defines. */
extern uint32_t board_data_start[];
extern uint32_t board_data_end[];
extern const uint32_t board_data_load[];
extern uint32_t board_bss_start[];
extern uint32_t board_bss_end[];
extern uint32_t board_stack_top[];

int main(void);
void board_reset(void);
void board_fault(void);

/* What an emulator exits with after a fault. */
#define BOARD_FAULT_CODE 112

#if defined(__ARM_FP)
/* Coprocessor access control: full access to coprocessors 10 and 11, which are the FPU. */
#define BOARD_CPACR (*(volatile uint32_t *)0xE000ED88u)
#define BOARD_CPACR_FPU (0xFu << 20)
#endif

void board_reset(void) {
#if defined(__ARM_FP)
  BOARD_CPACR |= BOARD_CPACR_FPU;
  __asm volatile("dsb\n\tisb" ::: "memory");
#endif
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

/* No program that runs here uses interrupts, so any exception is a fault. */
void board_fault(void) {
  cortex_m_semihosting_write("arc_board: fault\n");
  arc_board_exit(BOARD_FAULT_CODE);
}

typedef void (*board_vector)(void);

/* The first word is the initial stack pointer, then reset, NMI, hard fault and the other exceptions. */
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack_top;
  board_vector handlers[15];
} board_vectors = {
    board_stack_top,
    {
        board_reset,
        board_fault, /* NMI */
        board_fault, /* hard fault */
        board_fault, /* memory management fault */
        board_fault, /* bus fault */
        board_fault, /* usage fault */
        board_fault, /* secure fault, where there is one */
        0,
        0,
        0,
        board_fault, /* SVCall */
        board_fault, /* debug monitor */
        0,
        board_fault, /* PendSV */
        board_fault, /* SysTick */
    },
};
