/* SPDX-License-Identifier: 0BSD
 *
 * UART and counter of the nRF51822 (Nordic, nRF51 Series Reference Manual, chapters 18 and 29).
 */
#include <stdint.h>

#include "arc_board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define UART_START_RECEIVING REGISTER(0x40002000u)
#define UART_START_SENDING REGISTER(0x40002008u)
#define UART_RECEIVED REGISTER(0x40002108u)
#define UART_SENT REGISTER(0x4000211Cu)
#define UART_ENABLE REGISTER(0x40002500u)
#define UART_PIN_SENDING REGISTER(0x4000250Cu)
#define UART_PIN_RECEIVING REGISTER(0x40002514u)
#define UART_RECEIVED_BYTE REGISTER(0x40002518u)
#define UART_BYTE_TO_SEND REGISTER(0x4000251Cu)
#define UART_BAUD_RATE REGISTER(0x40002524u)
#define UART_ENABLED 4u
#define BAUD_115200 0x01D7E000u

#define TIMER_START REGISTER(0x40008000u)
#define TIMER_CAPTURE REGISTER(0x40008040u)
#define TIMER_WIDTH REGISTER(0x40008508u)
#define TIMER_PRESCALER REGISTER(0x40008510u)
#define TIMER_CAPTURED REGISTER(0x40008540u)
#define WIDTH_32_BITS 3u

void arc_board_init(void) {
  /* The pins that lead to the micro:bit's USB chip. */
  UART_PIN_SENDING = 24u;
  UART_PIN_RECEIVING = 25u;
  UART_BAUD_RATE = BAUD_115200;
  UART_ENABLE = UART_ENABLED;
  UART_START_SENDING = 1u;
  UART_START_RECEIVING = 1u;
  TIMER_WIDTH = WIDTH_32_BITS;
  TIMER_PRESCALER = 0u;
  TIMER_START = 1u;
}

void arc_board_putc(uint8_t byte) {
  UART_SENT = 0u;
  UART_BYTE_TO_SEND = byte;
  while (!UART_SENT) {
  }
}

uint8_t arc_board_getc(void) {
  while (!UART_RECEIVED) {
  }
  /* Cleared before the byte is read: the next one in the receiver's queue sets it again. */
  UART_RECEIVED = 0u;
  return (uint8_t)UART_RECEIVED_BYTE;
}

uint32_t arc_board_ticks(void) {
  TIMER_CAPTURE = 1u;
  return TIMER_CAPTURED;
}
