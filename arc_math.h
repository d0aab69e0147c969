/* SPDX-License-Identifier: 0BSD */
/** Elementary functions of float32 that give the same bits on every machine.
 *
 * Float32 and integer arithmetic only: no double, no C library, no static state, so every function is reentrant. One
 * function, one source file: only what is called needs to be compiled. Special values are those of C99, Annex F;
 * errno and the floating-point exception flags are not part of the interface. Every function expects the rounding mode
 * to-nearest and subnormals that are kept (the reset state of every processor that has them).
 *
 * Errors are in units in the last place of the true result (ulp), the largest over all 2^32 arguments, or over 10^8
 * random pairs and all pairs of special values: docs/math.md says how and where. [a / b ulp] is that of the two variants,
 * without and with fused multiply-add.
 *
 * What a build may define:
 *
 * ARC_FMA        0 (default): every product is rounded. The bits are the same on every machine that adds and multiplies
 *                by IEEE 754, with or without an FPU.
 *                1: a fused multiply-add instruction is used throughout. Fewer instructions, other last bits, and the
 *                same ones on every machine that has the instruction; refused where there is none.
 *                All sources of one program have to agree.
 * ARC_FAST_CODE, ARC_CONST   sections of code and tables: arc_config.h.
 * ARC_PROGRAM_MEMORY         tables in program memory, as on AVR: arc_config.h.
 */
#ifndef ARC_MATH_H
#define ARC_MATH_H

#include "arc_abi.h"
#include "arc_config.h"

#if ARC_FMA && !(defined(__ARM_FEATURE_FMA) || defined(__FMA__) || defined(__aarch64__) || defined(__riscv_flen) || defined(__FP_FAST_FMAF))
#error "ARC_FMA is 1, but this target has no fused multiply-add instruction: define it as 0, or enable the instruction (-mfma)"
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Trigonometric functions; arguments in radians, of any size. */

/** Sine. [0.92 / 0.88 ulp] */
float arc_sinf(float x);
/** Cosine. [0.92 / 0.88 ulp] */
float arc_cosf(float x);
/** Sine and cosine of one angle: the bits of arc_sinf and arc_cosf, for less than both. */
void arc_sincosf(float x, float *sine, float *cosine);
/** Tangent. [0.90 / 0.82 ulp] */
float arc_tanf(float x);
/** Arc sine, in [-pi/2, pi/2]. [0.73 / 0.70 ulp] */
float arc_asinf(float x);
/** Arc cosine, in [0, pi]. [0.91 / 0.91 ulp] */
float arc_acosf(float x);
/** Arc tangent, in [-pi/2, pi/2]. [0.87 / 0.88 ulp] */
float arc_atanf(float x);
/** Angle of the point (x, y), in [-pi, pi]. [1.18 / 1.18 ulp] */
float arc_atan2f(float y, float x);

/* Hyperbolic functions. */

/** Hyperbolic sine. [0.83 / 0.83 ulp] */
float arc_sinhf(float x);
/** Hyperbolic cosine. [0.88 / 0.88 ulp] */
float arc_coshf(float x);
/** Hyperbolic tangent. [0.98 / 0.97 ulp] */
float arc_tanhf(float x);
/** Inverse hyperbolic sine. [0.87 / 0.87 ulp] */
float arc_asinhf(float x);
/** Inverse hyperbolic cosine, of x >= 1. [0.87 / 0.87 ulp] */
float arc_acoshf(float x);
/** Inverse hyperbolic tangent, of |x| <= 1. [0.77 / 0.77 ulp] */
float arc_atanhf(float x);

/* Exponentials, logarithms, powers. */

/** e^x. [0.90 / 0.88 ulp] */
float arc_expf(float x);
/** 2^x. [0.83 / 0.84 ulp] */
float arc_exp2f(float x);
/** e^x - 1, accurate near 0. [0.82 / 0.83 ulp] */
float arc_expm1f(float x);
/** Natural logarithm. [0.96 / 0.96 ulp] */
float arc_logf(float x);
/** Logarithm of base 2. [0.89 / 0.89 ulp] */
float arc_log2f(float x);
/** Logarithm of base 10. [0.74 / 0.74 ulp] */
float arc_log10f(float x);
/** log(1 + x), accurate near 0. [0.98 / 0.98 ulp] */
float arc_log1pf(float x);
/** x^y. [0.79 / 0.79 ulp] */
float arc_powf(float x, float y);
/** Cube root. [0.83 / 0.83 ulp] */
float arc_cbrtf(float x);
/** sqrt(x^2 + y^2), without overflow or underflow on the way. [1.19 / 1.00 ulp] */
float arc_hypotf(float x, float y);
/** Error function. [0.91 / 0.86 ulp] */
float arc_erff(float x);

/* Remainders and whole numbers; all of them exact. */

/** x - n*y, where n is x/y rounded towards zero. */
float arc_fmodf(float x, float y);
/** x - n*y, where n is x/y rounded to nearest, ties to even. */
float arc_remainderf(float x, float y);
/** Largest whole number that is not above x. */
float arc_floorf(float x);
/** Smallest whole number that is not below x. */
float arc_ceilf(float x);
/** Nearest whole number, ties to even. */
float arc_rintf(float x);
/** Whole number next to x towards zero. */
float arc_truncf(float x);

/* Square root, correctly rounded. It is the processor's instruction where there is one: through the compiler where the
 * compiler is free to use it without setting errno, as an assembly instruction under other flags. */
#if defined(__OPTIMIZE__) && defined(__NO_MATH_ERRNO__) && \
    (defined(__SSE__) || defined(__aarch64__) || (defined(__ARM_FP) && (__ARM_FP & 4)) || defined(__riscv_flen))
#define ARC_SQRT_INSTRUCTION(root, x) ((root) = __builtin_sqrtf(x))
#elif defined(__GNUC__) && defined(__SSE__)
#define ARC_SQRT_INSTRUCTION(root, x) __asm("sqrtss %1, %0" : "=x"(root) : "x"(x))
#elif defined(__GNUC__) && defined(__aarch64__)
#define ARC_SQRT_INSTRUCTION(root, x) __asm("fsqrt %s0, %s1" : "=w"(root) : "w"(x))
#elif defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4)
#define ARC_SQRT_INSTRUCTION(root, x) __asm("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x))
#elif defined(__GNUC__) && defined(__riscv_flen)
#define ARC_SQRT_INSTRUCTION(root, x) __asm("fsqrt.s %0, %1" : "=f"(root) : "f"(x))
#endif

/** Square root, correctly rounded. */
#ifdef ARC_SQRT_INSTRUCTION
static inline float arc_sqrtf(float x) {
  float root;
  ARC_SQRT_INSTRUCTION(root, x);
  return root;
}
#else
float arc_sqrtf(float x);
#endif

#ifdef __cplusplus
}
#endif

#endif
