/* SPDX-License-Identifier: 0BSD */
/** Which interval of an ascending grid a number lies in: the first step of every table lookup.
 *
 * The interval of x in a grid of n >= 2 elements is the largest k of 0 .. n - 2 with grid[k] <= x; 0 where there is
 * none, and where x is NaN. So grid[k] and grid[k + 1] can always be read, whatever x is. Reentrant; no memory but the
 * arguments. Comparisons only, or one subtraction and one product: every machine finds the same.
 */
#ifndef ARC_FIND_H
#define ARC_FIND_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Finds the interval by bisection. Cost: log2(size) comparisons.
 *
 * @param grid [size] ascending; equal neighbours are allowed, and count as the last of them
 * @param size at least 2
 * @param x the number
 * @return the interval, 0 .. size - 2
 */
int32_t arc_find_f32(const float *grid, int32_t size, float x);
/** As arc_find_f32, for double. */
int32_t arc_find_f64(const double *grid, int32_t size, double x);

/** Finds the interval in a grid of equal steps, by computing it. Cost: the same for every size.
 *
 * The result is that of arc_find_f32 as long as (grid[k] - grid[0]) * per_unit is within 0.25 of k for every k.
 *
 * @param grid [size] ascending in equal steps
 * @param size at least 2
 * @param per_unit the reciprocal of the step
 * @param x the number
 * @return the interval, 0 .. size - 2
 */
int32_t arc_find_even_f32(const float *grid, int32_t size, float per_unit, float x);
/** As arc_find_even_f32, for double. */
int32_t arc_find_even_f64(const double *grid, int32_t size, double per_unit, double x);

/* The same for a grid that is defined with ARC_TABLE (arc_table.h): functions of their own where such tables are apart
 * from memory, other names where they are not. */
#if ARC_PROGRAM_MEMORY
int32_t arc_find_table_f32(const float *grid, int32_t size, float x);
int32_t arc_find_table_f64(const double *grid, int32_t size, double x);
int32_t arc_find_even_table_f32(const float *grid, int32_t size, float per_unit, float x);
int32_t arc_find_even_table_f64(const double *grid, int32_t size, double per_unit, double x);
#else
#define arc_find_table_f32 arc_find_f32
#define arc_find_table_f64 arc_find_f64
#define arc_find_even_table_f32 arc_find_even_f32
#define arc_find_even_table_f64 arc_find_even_f64
#endif

#ifdef __cplusplus
}
#endif

#endif
