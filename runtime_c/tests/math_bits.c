/* SPDX-License-Identifier: 0BSD */
/* Hashes of the results of all functions of arc_math, one line each: machines that agree bit for bit print the same. Every
 * NaN counts as one. INPUTS arguments a function, spread over all bit patterns, and as many of ordinary size. */
#include <stdint.h>
#include <string.h>

#include "arc_board.h"
#include "arc_math.h"

#ifndef INPUTS
#define INPUTS 500u
#endif

int main(void);

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

/* FNV-1a, a word at a time. */
static uint32_t hash_of(uint32_t hash, float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  if ((bits & UINT32_C(0x7fffffff)) > UINT32_C(0x7f800000)) {
    bits = UINT32_C(0x7fc00000);
  }
  return (hash ^ bits) * UINT32_C(16777619);
}

/* Even: any bits. Odd: magnitudes from 2^-12 to 2^12. Steps of the golden ratio spread both. */
static float argument(uint32_t index) {
  const uint32_t bits = index * UINT32_C(0x9e3779b9);
  if (index % 2u == 0u) {
    return float_of(bits);
  }
  return float_of((bits & UINT32_C(0x807fffff)) | ((115u + ((bits >> 23) & 0xffu) % 24u) << 23));
}

static void print(const char *name, uint32_t word) {
  for (; *name != '\0'; ++name) {
    arc_board_putc((uint8_t)*name);
  }
  arc_board_putc(' ');
  for (int shift = 28; shift >= 0; shift -= 4) {
    arc_board_putc((uint8_t)"0123456789abcdef"[(word >> shift) & 15u]);
  }
  arc_board_putc('\n');
}

#define UNARY(name, rounding)                           \
  static uint32_t hash_##name(void) {                   \
    uint32_t hash = UINT32_C(2166136261);               \
    for (uint32_t i = 0; i < 2u * INPUTS; ++i) {        \
      hash = hash_of(hash, arc_##name##f(argument(i))); \
    }                                                   \
    return hash;                                        \
  }
#define BINARY(name, rounding)                                                            \
  static uint32_t hash_##name(void) {                                                     \
    uint32_t hash = UINT32_C(2166136261);                                                 \
    for (uint32_t i = 0; i < 2u * INPUTS; ++i) {                                          \
      hash = hash_of(hash, arc_##name##f(argument(i), argument(2u * i + 7u * (i % 5u)))); \
    }                                                                                     \
    return hash;                                                                          \
  }
#include "sweep_functions.h"
#undef UNARY
#undef BINARY

/* Both have to be the bits of the two functions that compute one. */
static uint32_t hash_sine_and_cosine(void) {
  uint32_t hash = UINT32_C(2166136261);
  for (uint32_t i = 0; i < 2u * INPUTS; ++i) {
    hash = hash_of(hash_of(hash, arc_sinf(argument(i))), arc_cosf(argument(i)));
  }
  return hash;
}

static uint32_t hash_sincos(void) {
  uint32_t hash = UINT32_C(2166136261);
  for (uint32_t i = 0; i < 2u * INPUTS; ++i) {
    float sine;
    float cosine;
    arc_sincosf(argument(i), &sine, &cosine);
    hash = hash_of(hash_of(hash, sine), cosine);
  }
  return hash;
}

int main(void) {
#define UNARY(name, rounding) print(#name "f", hash_##name());
#define BINARY(name, rounding) print(#name "f", hash_##name());
#include "sweep_functions.h"
  print("sincosf", hash_sincos());
  print("sine_and_cosine", hash_sine_and_cosine());
  return 0;
}
