/* SPDX-License-Identifier: 0BSD */
/** What a project may say about generated code when it builds it. Nothing here has to be defined.
 *
 * Define a macro for all sources on the compiler's command line, or collect the definitions in a
 * header of your own that the compiler includes before every source (-include my_arc_config.h).
 */
#ifndef ARC_CONFIG_H
#define ARC_CONFIG_H

/** Stands before the definition of every generated function that others call.
 * To run them from memory without wait states: __attribute__((section(".itcm"))).
 */
#ifndef ARC_FAST_CODE
#define ARC_FAST_CODE
#endif

/** Stands before functions that only one generated function calls, and which compilers are not to copy into it: they
 * keep code small, or compilation fast.
 */
#if !defined(ARC_NOINLINE) && defined(__GNUC__)
#define ARC_NOINLINE __attribute__((noinline))
#endif
#ifndef ARC_NOINLINE
#define ARC_NOINLINE
#endif

/** Stands before every table of constants, which must remain readable as ordinary memory.
 * To read them without wait states: __attribute__((section(".dtcm_rodata"))).
 */
#ifndef ARC_CONST
#define ARC_CONST
#endif

/** 1: tables of constants are kept in program memory, which ordinary reads do not reach (arc_table.h); for AVR, where
 * constants are copied to RAM otherwise. 0: they are constants like others, behind ARC_CONST.
 */
#ifndef ARC_PROGRAM_MEMORY
#ifdef __AVR_HAVE_LPMX__
#define ARC_PROGRAM_MEMORY 1
#else
#define ARC_PROGRAM_MEMORY 0
#endif
#endif

/** Stands before the constants that hold the defaults of parameters. Users pass them by pointer, or copy them, so that
 * they remain readable as ordinary memory: on AVR in RAM.
 * To keep them where a calibration tool finds them: __attribute__((section(".calibration"))).
 */
#ifndef ARC_PARAM_SECTION
#define ARC_PARAM_SECTION
#endif

/** 1: a * b + c is one operation, rounded once, wherever generated code and arc_math say so; for machines that have
 * the instruction. The generator sets it in the copy of this file that it writes for modules with fma=on: all
 * modules of a folder have the same, and check it.
 */
#ifndef ARC_FMA
#define ARC_FMA 0
#endif

/** Called with what the guard of a function is about to check, for debug builds.
 * -include assert.h -D'ARC_ASSERT(x)=assert(x)' stops where the bad value comes in.
 * Where it does not stop, the function returns its error all the same.
 */
#ifndef ARC_ASSERT
#define ARC_ASSERT(condition) ((void)0)
#endif

#endif
