/* SPDX-License-Identifier: 0BSD */
#ifndef ARC_STRICT_H
#define ARC_STRICT_H

/* The results are those of IEEE 754 arithmetic in the declared precision, operation by operation.
 * What a compiler may do beyond that is switched off here, or refused. */
#include <float.h>
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "-ffast-math (or -ffinite-math-only, -Ofast) changes the results: compile this file with -fno-fast-math"
#endif
#if defined(__ASSOCIATIVE_MATH__) || defined(__RECIPROCAL_MATH__)
#error "-fassociative-math and -freciprocal-math change the results: compile this file without them"
#endif
#if defined(FLT_EVAL_METHOD) && FLT_EVAL_METHOD != 0 && FLT_EVAL_METHOD != 16
#error "float and double are computed in a wider type here: on 32-bit x86 compile with -msse2 -mfpmath=sse"
#endif
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off")
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 2)
/* The vector instructions of Helium flush subnormals to zero whatever FPSCR says (Arm Architecture Reference Manual for
 * Armv8-M, "standard FPSCR"), and GCC uses them unasked. */
#pragma GCC optimize("no-tree-vectorize,no-tree-slp-vectorize")
#endif
#elif defined(_MSC_VER)
#pragma fp_contract(off)
#endif

#endif
