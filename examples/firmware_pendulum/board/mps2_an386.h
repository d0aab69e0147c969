/* SPDX-License-Identifier: 0BSD
 *
 * What this firmware uses of a Cortex-M4F (Armv7-M Architecture Reference Manual) and of Arm's MPS2 board with the image
 * AN386 (application note 386). On a part of your own this is the header of its vendor.
 */
#ifndef MPS2_AN386_H
#define MPS2_AN386_H

#include <stdint.h>

#define BOARD_CLOCK 25000000u /* Hz, of the processor and of all timers */

/* Core: SysTick, system control, interrupt controller, floating-point unit. */
#define SYST_CSR (*(volatile uint32_t *)0xE000E010u)
#define SYST_RVR (*(volatile uint32_t *)0xE000E014u)
#define SYST_CVR (*(volatile const uint32_t *)0xE000E018u)
#define SYST_CSR_RUN 0x7u /* processor clock, interrupt, enable */
#define NVIC_ISER0 (*(volatile uint32_t *)0xE000E100u)
#define NVIC_IPR ((volatile uint8_t *)0xE000E400u)
#define SHPR ((volatile uint8_t *)0xE000ED14u) /* indexed by the number of the exception */
#define SYSTICK_EXCEPTION 15u
#define CPACR (*(volatile uint32_t *)0xE000ED88u)
#define CPACR_FPU (0xFu << 20)
#define FPCCR (*(volatile uint32_t *)0xE000EF34u)
#define FPCCR_LSPACT (1u << 0) /* room for FP registers is left on the stack, they are not yet there */
#define FPCCR_AUTOMATIC (3u << 30) /* ASPEN, LSPEN: FP context saved by the hardware, lazily; set after reset */

/* Timers of the Cortex-M System Design Kit: count down and interrupt at zero. */
typedef struct board_timer {
  volatile uint32_t control;
  volatile uint32_t value;
  volatile uint32_t reload;
  volatile uint32_t interrupt; /* write 1 to clear */
} board_timer_t;
#define TIMER0 ((board_timer_t *)0x40000000u)
#define TIMER1 ((board_timer_t *)0x40001000u)
#define TIMER_RUN 0x9u /* enable, interrupt */
#define TIMER0_IRQ 8u
#define TIMER1_IRQ 9u

/* UART of the same kit. */
typedef struct board_uart {
  volatile uint32_t data;
  volatile uint32_t state;
  volatile uint32_t control;
  volatile uint32_t interrupt;
  volatile uint32_t divider;
} board_uart_t;
#define UART0 ((board_uart_t *)0x40004000u)
#define UART_FULL 0x1u
#define UART_TRANSMIT 0x1u

/* Handlers of the vector table; main.c has them. */
void SysTick_Handler(void);
void TIMER0_Handler(void);
void TIMER1_Handler(void);
int main(void);

/* From reset to main(), and out of it: startup.c. */
void board_reset(void);
void board_fault(void);
__attribute__((noreturn)) void board_stop(int status);

#endif
