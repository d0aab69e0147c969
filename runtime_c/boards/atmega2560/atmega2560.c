/* SPDX-License-Identifier: 0BSD
 *
 * Serial port and cycle counter of the ATmega2560 (Microchip, document 40002211, chapters 17 and 22).
 */
#include <avr/io.h>
#include <stdint.h>

#include "arc_board.h"

/* The prescaler of timer 3: 2^10. */
#define PRESCALER_BITS 10

void arc_board_init(void) {
  /* Divisor 1 and double speed: 2 Mbaud at 16 MHz, exact. */
  UCSR0A = _BV(U2X0);
  UBRR0 = 0;
  UCSR0C = _BV(UCSZ01) | _BV(UCSZ00);
  UCSR0B = _BV(RXEN0) | _BV(TXEN0);

  /* Timer 1 counts cycles, timer 3 their prescaled number; both start with the prescaler at 0. */
  GTCCR = _BV(TSM) | _BV(PSRSYNC);
  TCNT1 = 0;
  TCNT3 = 0;
  TCCR1B = _BV(CS10);
  TCCR3B = _BV(CS32) | _BV(CS30);
  GTCCR = 0;
}

/* avr-libc's start-up code calls main() without it. */
__attribute__((constructor, used)) static void start_board(void) {
  arc_board_init();
}

void arc_board_putc(uint8_t byte) {
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  /* Cleared by writing a one: arc_board_exit waits for the next to be set. */
  UCSR0A = _BV(TXC0) | _BV(U2X0);
  UDR0 = byte;
}

uint8_t arc_board_getc(void) {
  while (!(UCSR0A & _BV(RXC0))) {
  }
  return UDR0;
}

uint32_t arc_board_ticks(void) {
  /* Timer 1 has the lowest 16 bits exactly. Timer 3 gives the others: its value, times the prescaler, is less than 2048
   * cycles off, so the number near it whose lowest bits are those of timer 1 is the count. It wraps after 2^26. */
  const uint16_t exact = TCNT1;
  const uint32_t near = (uint32_t)TCNT3 << PRESCALER_BITS;
  const int16_t correction = (int16_t)(exact - (uint16_t)near);
  return near + (uint32_t)(int32_t)correction;
}

uint32_t arc_board_float_control(void) {
  return 0;
}

void arc_board_set_float_control(uint32_t value) {
  (void)value;
}

void arc_board_exit(int code) {
  /* The last byte leaves before the clock stops. */
  while (!(UCSR0A & _BV(UDRE0))) {
  }
  for (uint16_t i = 0; i < 1000u && !(UCSR0A & _BV(TXC0)); ++i) {
  }
  /* Where the emulator finds the code; on a chip nobody reads it. */
  GPIOR0 = (uint8_t)code;
  __asm volatile("cli" ::: "memory");
  SMCR = _BV(SE) | _BV(SM1);
  for (;;) {
    __asm volatile("sleep");
  }
}

int main(void);

/* avr-libc runs exit() with main's value in the registers of a first argument. */
__attribute__((used)) void exit(int code) {
  arc_board_exit(code);
  for (;;) {
  }
}
