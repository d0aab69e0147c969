/* SPDX-License-Identifier: 0BSD */
/** A product and the sum that it goes into, each rounded, by one instruction where the machine has one.
 *
 * VMLA and its kin round the product, then the sum: the results are those of two instructions, in half the bytes. They
 * take as long as the two where nothing stands between these, so that GCC and clang write them for few processors;
 * code that is to be small names them. Elsewhere the functions are what they say, and compilers open them in place.
 */
#ifndef ARC_CHAINED_H
#define ARC_CHAINED_H

#include "arc_abi.h"

#if defined(__GNUC__) && defined(__ARM_FP) && defined(__ARM_ARCH_PROFILE)
#if (__ARM_FP & 4) && __ARM_ARCH_PROFILE == 'M'
#define ARC_HAS_CHAINED 1
#endif
#endif

#ifdef ARC_HAS_CHAINED

/** x + a * b */
static inline float arc_addmulf(float x, float a, float b) {
  __asm__("vmla.f32 %0, %1, %2" : "+t"(x) : "t"(a), "t"(b));
  return x;
}

/** x - a * b */
static inline float arc_submulf(float x, float a, float b) {
  __asm__("vmls.f32 %0, %1, %2" : "+t"(x) : "t"(a), "t"(b));
  return x;
}

/** a * b - x */
static inline float arc_mulsubf(float a, float b, float x) {
  __asm__("vnmls.f32 %0, %1, %2" : "+t"(x) : "t"(a), "t"(b));
  return x;
}

#else

static inline float arc_addmulf(float x, float a, float b) {
  return x + a * b;
}

static inline float arc_submulf(float x, float a, float b) {
  return x - a * b;
}

static inline float arc_mulsubf(float a, float b, float x) {
  return a * b - x;
}

#endif

#endif
