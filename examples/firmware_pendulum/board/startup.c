/* SPDX-License-Identifier: 0BSD
 *
 * From reset to main() on a Cortex-M4F: FPU on, .data and .bss set up. The vector table.
 */
#include "mps2_an386.h"

/* Addresses that the linker script defines. */
extern uint32_t board_data_start[];
extern uint32_t board_data_end[];
extern const uint32_t board_data_load[];
extern uint32_t board_bss_start[];
extern uint32_t board_bss_end[];
extern uint32_t board_stack_top[];

void board_reset(void) {
  CPACR |= CPACR_FPU;
  __asm volatile("dsb\n\tisb" ::: "memory");
  const uint32_t *from = board_data_load;
  for (uint32_t *to = board_data_start; to < board_data_end; ++to) {
    *to = *from++;
  }
  for (uint32_t *to = board_bss_start; to < board_bss_end; ++to) {
    *to = 0;
  }
  board_stop(main());
}

/* Ends the emulator by semihosting: SYS_EXIT with the reason. A product would not stop, and a real processor without a
 * debugger takes this instruction for a fault. */
void board_stop(int status) {
  for (;;) {
    register uint32_t r0 __asm("r0") = 0x18u;
    register uint32_t r1 __asm("r1") = status == 0 ? 0x20026u : 0x20023u;
    __asm volatile("bkpt 0xAB" : "+r"(r0) : "r"(r1) : "memory");
  }
}

void board_fault(void) {
  board_stop(1);
}

typedef void (*board_vector_t)(void);

/* The first word is the initial stack pointer; then the exceptions of the core, then the interrupts of the board. */
__attribute__((section(".vectors"), used)) static const struct {
  uint32_t *stack_top;
  board_vector_t exceptions[15];
  board_vector_t interrupts[32];
} board_vectors = {
    board_stack_top,
    {
        [0] = board_reset,
        [1] = board_fault, /* NMI */
        [2] = board_fault, /* hard fault */
        [3] = board_fault, /* memory management fault */
        [4] = board_fault, /* bus fault */
        [5] = board_fault, /* usage fault */
        [10] = board_fault, /* SVCall */
        [11] = board_fault, /* debug monitor */
        [13] = board_fault, /* PendSV */
        [14] = SysTick_Handler,
    },
    {
        [TIMER0_IRQ] = TIMER0_Handler,
        [TIMER1_IRQ] = TIMER1_Handler,
    },
};
