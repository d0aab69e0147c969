/* SPDX-License-Identifier: 0BSD */
/* What the sources of arc_math share. To be included before anything else: arc_strict.h applies from there on. */
#ifndef ARC_MATH_INTERNAL_H
#define ARC_MATH_INTERNAL_H

#include "arc_strict.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arc_math.h"

/* Where -ffreestanding makes memcpy a function like any other, this one still is a move between registers. */
#if defined(__GNUC__)
#define ARC_COPY(to, from) ((void)__builtin_memcpy(&(to), &(from), sizeof(to)))
#else
#define ARC_COPY(to, from) ((void)memcpy(&(to), &(from), sizeof(to)))
#endif

/* a * b + c: two roundings, or one. */
#if ARC_FMA
#define ARC_MULTIPLY_ADD(a, b, c) __builtin_fmaf((a), (b), (c))
#else
#define ARC_MULTIPLY_ADD(a, b, c) ((a) * (b) + (c))
#endif

/* A constant of which each variant has its own fit. */
#if ARC_FMA
#define ARC_VARIANT(plain, fused) (fused)
#else
#define ARC_VARIANT(plain, fused) (plain)
#endif

/* Rare cases are kept out of the functions that call them, so that the common case saves no registers. */
#if defined(__GNUC__)
#define ARC_OUT_OF_LINE static __attribute__((noinline))
#define ARC_RARE_CASE static __attribute__((noinline, cold))
#define ARC_UNLIKELY(condition) __builtin_expect((condition) ? 1 : 0, 0)
#else
#define ARC_OUT_OF_LINE static
#define ARC_RARE_CASE static
#define ARC_UNLIKELY(condition) (condition)
#endif

#define ARC_SIGN_BIT UINT32_C(0x80000000)
#define ARC_INFINITY_BITS UINT32_C(0x7f800000)
#define ARC_ONE_BITS UINT32_C(0x3f800000)

static inline uint32_t arc_bits_of(float x) {
  uint32_t bits;
  ARC_COPY(bits, x);
  return bits;
}

static inline float arc_float_of(uint32_t bits) {
  float x;
  ARC_COPY(x, bits);
  return x;
}

/* x without its last 12 bits, so that the product of two such numbers is exact. */
static inline float arc_leading_bits(float x) {
  return arc_float_of(arc_bits_of(x) & UINT32_C(0xfffff000));
}

/* What a division leaves, n - head * d, is exact where head has 12 significant bits at most. Dekker, A floating-point
 * technique for extending the available precision, Numer. Math. 18 (1971). */
static inline float arc_residual(float n, float d, float head) {
#if ARC_FMA
  return __builtin_fmaf(-head, d, n);
#else
  const float d_head = arc_leading_bits(d);
  return (n - head * d_head) - head * (d - d_head);
#endif
}

/* |x| and x with the sign of another number, exact for every x, NaN included. */
static inline float arc_magnitude(float x) {
  return arc_float_of(arc_bits_of(x) & ~ARC_SIGN_BIT);
}

static inline float arc_with_sign_of(float x, uint32_t sign_source) {
  return arc_float_of((arc_bits_of(x) & ~ARC_SIGN_BIT) | (sign_source & ARC_SIGN_BIT));
}

#endif
