/* SPDX-License-Identifier: 0BSD */
/** Operations on single numbers that C has no operator for and compilers have instructions for.
 *
 * Nothing here calls a library: GCC and clang open each builtin below where it stands, at any level of optimisation;
 * other compilers get the same results from the bits.
 */
#ifndef ARC_SCALAR_H
#define ARC_SCALAR_H

#include "arc_abi.h"
#include "arc_config.h"

#if !defined(__GNUC__)
#include <math.h>
#include <stdint.h>
#include <string.h>
#endif

/** The float that is greater than all others, and one that is not a number; constant expressions. */
#if defined(__GNUC__)
#define ARC_INFINITY (__builtin_inff())
#define ARC_NAN (__builtin_nanf(""))
#else
#define ARC_INFINITY INFINITY
#define ARC_NAN NAN
#endif

/** Magnitude of x: x without its sign. */
static inline float arc_fabsf(float x) {
#if defined(__GNUC__)
  return __builtin_fabsf(x);
#else
  uint32_t bits;
  (void)memcpy(&bits, &x, sizeof bits);
  bits &= UINT32_C(0x7fffffff);
  (void)memcpy(&x, &bits, sizeof bits);
  return x;
#endif
}

/** Magnitude of x with the sign of y. */
static inline float arc_copysignf(float x, float y) {
#if defined(__GNUC__)
  return __builtin_copysignf(x, y);
#else
  uint32_t magnitude;
  uint32_t sign;
  (void)memcpy(&magnitude, &x, sizeof magnitude);
  (void)memcpy(&sign, &y, sizeof sign);
  magnitude = (magnitude & UINT32_C(0x7fffffff)) | (sign & UINT32_C(0x80000000));
  (void)memcpy(&x, &magnitude, sizeof magnitude);
  return x;
#endif
}

#if ARC_FMA

/** a * b + c, rounded once: the machine's instruction. A library's replacement for it may round twice. */
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen)
static inline float arc_fmaf(float a, float b, float c) {
  return __builtin_fmaf(a, b, c);
}
#else
#error "generated with fma=on, for machines that fuse: no such instruction is enabled here (on x86-64: -mfma)"
#endif

/* The same for double, where the machine has it; calling it elsewhere does not compile. */
#if defined(__FP_FAST_FMA) || defined(__FMA__) || defined(__aarch64__)
#define ARC_HAS_FMA_F64 1
#elif defined(__riscv_flen)
#define ARC_HAS_FMA_F64 (__riscv_flen >= 64)
#elif defined(__ARM_FP)
#define ARC_HAS_FMA_F64 ((__ARM_FP & 8) != 0)
#else
#define ARC_HAS_FMA_F64 0
#endif

#if ARC_HAS_FMA_F64
static inline double arc_fma(double a, double b, double c) {
  return __builtin_fma(a, b, c);
}
#endif

#endif

#endif
