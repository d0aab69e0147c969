/* SPDX-License-Identifier: 0BSD */
/* Instructions that one call of a function executes, on a Cortex-M in QEMU, where -icount shift=10 makes an instruction
 * last 1024 ns and SysTick counts every 40 ns. Prints "name x y instructions" in hexadecimal, one line a call; what is
 * counted is the call, the function and the store of its result. Built with -DARC_COUNTED(f)=arc_##f or =f. */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "arc_math.h"
#include "semihosting.h"

#define SYSTICK_CONTROL (*(volatile uint32_t *)0xE000E010u)
#define SYSTICK_RELOAD (*(volatile uint32_t *)0xE000E014u)
#define SYSTICK_VALUE (*(volatile uint32_t *)0xE000E018u)
#define NANOSECONDS_PER_TICK 40u
#define NANOSECONDS_PER_INSTRUCTION 1024u

int main(void);

static volatile float sink;
static volatile float sink_2;

static uint32_t instructions(uint32_t start, uint32_t end) {
  const uint32_t ticks = (start - end) & UINT32_C(0xffffff);
  return (ticks * NANOSECONDS_PER_TICK + NANOSECONDS_PER_INSTRUCTION / 2u) / NANOSECONDS_PER_INSTRUCTION;
}

static void print(const char *name, float x, float y, uint32_t count) {
  uint32_t bits;
  semihosting_write(name);
  semihosting_write(" ");
  memcpy(&bits, &x, sizeof bits);
  semihosting_write_hex(bits);
  semihosting_write(" ");
  memcpy(&bits, &y, sizeof bits);
  semihosting_write_hex(bits);
  semihosting_write(" ");
  semihosting_write_hex(count);
  semihosting_write("\n");
}

/* The empty asm keeps the argument's value from the compiler and its load out of the count. */
#define COUNTED_CALL(statement)                                       \
  static __attribute__((noinline)) uint32_t count(float x, float y) { \
    volatile uint32_t *const timer = &SYSTICK_VALUE;                  \
    __asm volatile("" : "+t"(x), "+t"(y) : : "memory");               \
    const uint32_t start = *timer;                                    \
    statement;                                                        \
    const uint32_t end = *timer;                                      \
    return instructions(start, end);                                  \
  }

#define UNARY(function, rounding)                                                \
  static __attribute__((noinline)) uint32_t count_##function(float x, float y) { \
    __asm volatile("" : "+t"(x), "+t"(y));                                       \
    const uint32_t start = SYSTICK_VALUE;                                        \
    sink = ARC_COUNTED(function##f)(x);                                          \
    return instructions(start, SYSTICK_VALUE);                                   \
  }
#define BINARY(function, rounding)                                               \
  static __attribute__((noinline)) uint32_t count_##function(float x, float y) { \
    __asm volatile("" : "+t"(x), "+t"(y));                                       \
    const uint32_t start = SYSTICK_VALUE;                                        \
    sink = ARC_COUNTED(function##f)(x, y);                                       \
    return instructions(start, SYSTICK_VALUE);                                   \
  }
#include "sweep_functions.h"
#undef UNARY
#undef BINARY

static __attribute__((noinline)) uint32_t count_nothing(float x, float y) {
  __asm volatile("" : "+t"(x), "+t"(y));
  const uint32_t start = SYSTICK_VALUE;
  return instructions(start, SYSTICK_VALUE);
}

int main(void) {
  SYSTICK_RELOAD = UINT32_C(0xffffff);
  SYSTICK_VALUE = 0;
  SYSTICK_CONTROL = 5; /* on, processor clock, no interrupt */
  static const float arguments[][2] = {
#include "instruction_arguments.h"
  };
  const uint32_t nothing = count_nothing(0.0f, 0.0f);
  for (uint32_t i = 0; i < sizeof arguments / sizeof arguments[0]; ++i) {
    const float x = arguments[i][0];
    const float y = arguments[i][1];
#define UNARY(function, rounding) print(#function "f", x, y, count_##function(x, y) - nothing);
#define BINARY(function, rounding) print(#function "f", x, y, count_##function(x, y) - nothing);
#include "sweep_functions.h"
  }
  return 0;
}
