/* SPDX-License-Identifier: 0BSD
 *
 * Serial port and cycle counter of the ATmega2560 (Microchip, document 40002211, chapters 17 and 22).
 */
#include <avr/io.h>
#include <stdint.h>

#include "arc_board.h"

/* The prescaler of timer 3: 2^10. */
#define PRESCALER_BITS 10
/* What the 16 bits of timer 3 count up to. */
#define COUNTED ((uint32_t)1 << (16 + PRESCALER_BITS))

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
  static uint32_t last;
  static uint32_t wrapped;
  /* Timer 1 has the lowest 16 bits exactly. Timer 3 gives the others: its value, times the prescaler, is less than 2048
   * cycles off, so the number near it whose lowest bits are those of timer 1 is the count. */
  const uint16_t exact = TCNT1;
  const uint32_t near = (uint32_t)TCNT3 << PRESCALER_BITS;
  const int16_t correction = (int16_t)(exact - (uint16_t)near);
  const uint32_t now = (near + (uint32_t)(int32_t)correction) % COUNTED;
  /* Both together wrap after 4 s, less than which a measurement has to take. */
  if (now < last) {
    wrapped += COUNTED;
  }
  last = now;
  return wrapped + now;
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

/* avr-libc's start-up code calls it with main's value. */
void exit(int code);

__attribute__((used)) void exit(int code) {
  arc_board_exit(code);
  for (;;) {
  }
}
