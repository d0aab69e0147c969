/* SPDX-License-Identifier: 0BSD */
/** Does this machine, with this compiler and these flags, compute as IEEE 754 says?
 *
 * Generated code gives the same bits everywhere where it does. Firmware can call arc_selftest once after start-up,
 * before it relies on them; it needs no library, 3 to 5 KB of code, and some hundred
 * instructions with an FPU.
 */
#ifndef ARC_SELFTEST_H
#define ARC_SELFTEST_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Subnormal operands are taken as zero (FPSCR.FZ, DAZ). */
#define ARC_SELFTEST_SUBNORMAL_IN UINT32_C(0x00000001)
/** Subnormal results become zero (FPSCR.FZ, FTZ). */
#define ARC_SELFTEST_SUBNORMAL_OUT UINT32_C(0x00000002)
/** Results are not rounded to nearest, ties to even (FPSCR.RMode, MXCSR.RC, frm). */
#define ARC_SELFTEST_ROUNDING UINT32_C(0x00000004)
/** Products and sums are fused in spite of arc_strict.h. */
#define ARC_SELFTEST_CONTRACTION UINT32_C(0x00000008)
/** Results keep more digits than their type has. */
#define ARC_SELFTEST_EXCESS_PRECISION UINT32_C(0x00000010)
/** A quotient is not correctly rounded. */
#define ARC_SELFTEST_DIVISION UINT32_C(0x00000020)
/** Infinities and NaN do not come out where they should, or do not compare as they should. */
#define ARC_SELFTEST_NONFINITE UINT32_C(0x00000040)
/** The sign of a zero is lost. */
#define ARC_SELFTEST_SIGNED_ZERO UINT32_C(0x00000080)
/** An integer does not become the nearest float. */
#define ARC_SELFTEST_INT_TO_FLOAT UINT32_C(0x00000100)
/** A float does not become an integer by dropping its fraction. */
#define ARC_SELFTEST_FLOAT_TO_INT UINT32_C(0x00000200)
/** Integers do not divide towards zero, or negative ones do not shift as in two's complement. */
#define ARC_SELFTEST_INTEGERS UINT32_C(0x00000400)
/** A result depends on the order of terms that the source fixes: sums are reassociated. */
#define ARC_SELFTEST_REASSOCIATION UINT32_C(0x00000800)
/** float is not IEEE 754 binary32 with its bits in the machine's byte order. */
#define ARC_SELFTEST_FORMAT UINT32_C(0x00001000)
/** The control register of the FPU says flush-to-zero (Arm only). */
#define ARC_SELFTEST_FPSCR_FZ UINT32_C(0x00002000)
/** The control register of the FPU says another rounding mode (Arm only). */
#define ARC_SELFTEST_FPSCR_RMODE UINT32_C(0x00004000)
/** The control register of the FPU says default NaN (Arm only): an advice, since NaN stays NaN. */
#define ARC_SELFTEST_FPSCR_DN UINT32_C(0x00008000)
/** Subnormal doubles are taken as, or become, zero. */
#define ARC_SELFTEST_DOUBLE_SUBNORMAL UINT32_C(0x00010000)
/** Operations on double are not rounded to nearest, are fused, or keep more digits. */
#define ARC_SELFTEST_DOUBLE_ROUNDING UINT32_C(0x00020000)
/** A quotient of doubles is not correctly rounded. */
#define ARC_SELFTEST_DOUBLE_DIVISION UINT32_C(0x00040000)
/** Conversions between double, float and integers are not correctly rounded. */
#define ARC_SELFTEST_DOUBLE_CONVERSION UINT32_C(0x00080000)

/** Those that change no result of generated code. */
#define ARC_SELFTEST_ADVICE ARC_SELFTEST_FPSCR_DN
/** Those that matter only to functions that compute in double. */
#define ARC_SELFTEST_DOUBLE UINT32_C(0x000f0000)

/** What is not as it should be: 0, or the sum of ARC_SELFTEST_... */
uint32_t arc_selftest(void);

/** What arc_selftest looks at on this machine: those of double are missing where it is no binary64, for instance. */
uint32_t arc_selftest_checks(void);

#ifdef __cplusplus
}
#endif

#endif
