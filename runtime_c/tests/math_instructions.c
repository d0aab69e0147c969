/* SPDX-License-Identifier: 0BSD */
/* What calls of arc_math or of the C library cost, by the counter of the board: one line of eight hexadecimal digits for
 * each entry of calls.h, CALL_1(function, bits of x) or CALL_2(function, bits of x, bits of y). Counted are the call, the
 * function, and the store of its result. COUNTED(f) says whose function f is. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "arc_board.h"
#include "arc_math.h"

int main(void);

static volatile float sink;

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static void print(uint32_t word) {
  for (int shift = 28; shift >= 0; shift -= 4) {
    arc_board_putc((uint8_t)"0123456789abcdef"[(word >> shift) & 15u]);
  }
  arc_board_putc('\n');
}

/* Volatile: the compiler must not compute the result itself, nor anything of it before the counter is read. */
#define PINNED(x) __asm volatile("" : "+t"(x))
#define CALL_1(function, x_bits)              \
  {                                           \
    const volatile uint32_t x_word = x_bits;  \
    float x = float_of(x_word);               \
    const uint32_t start = arc_board_ticks(); \
    PINNED(x);                                \
    sink = COUNTED(function)(x);              \
    print(arc_board_ticks() - start);         \
  }
#define CALL_2(function, x_bits, y_bits)      \
  {                                           \
    const volatile uint32_t x_word = x_bits;  \
    const volatile uint32_t y_word = y_bits;  \
    float x = float_of(x_word);               \
    float y = float_of(y_word);               \
    const uint32_t start = arc_board_ticks(); \
    PINNED(x);                                \
    PINNED(y);                                \
    sink = COUNTED(function)(x, y);           \
    print(arc_board_ticks() - start);         \
  }

int main(void) {
  const uint32_t start = arc_board_ticks();
  print(arc_board_ticks() - start);
#include "calls.h"
  return 0;
}
