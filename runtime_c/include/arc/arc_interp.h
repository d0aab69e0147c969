/* SPDX-License-Identifier: 0BSD */
/** Lookup in tables: linear and cubic, in one or several variables, on even or uneven grids.
 *
 *   static const float speed[5] = {0.0f, 10.0f, 25.0f, 50.0f, 100.0f};
 *   static const float torque[5] = {0.0f, 31.0f, 48.0f, 66.0f, 90.0f};
 *   arc_axis_f32_t axis;
 *   if (arc_axis_f32(5, speed, &axis) == ARC_OK) {
 *     y = arc_interp_linear_f32(&axis, torque, ARC_CLAMP, x);
 *   }
 *
 * Cubics need the slopes at the points of the grid, which arc_cubic_slopes_f32 or arc_pchip_slopes_f32 compute once.
 *
 * Every operation is rounded on its own and their order is fixed, so that every machine gives the same bits; they are
 * those of arc.interp and arc.interpn where the table is a parameter of the generated function. A coordinate that is NaN
 * gives NaN. No coordinate makes a function read beyond a table. Reentrant; no memory but the arguments and, in several
 * variables, at most 64 numbers of stack.
 *
 * Functions whose name has "_table" take grids, values and slopes that are defined with ARC_TABLE (arc_table.h): where such
 * tables are apart from memory, as on AVR, they are functions of their own, elsewhere other names.
 */
#ifndef ARC_INTERP_H
#define ARC_INTERP_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"
#include "arc_table.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Most axes of a table: of a linear one, of a cubic one. */
#define ARC_LINEAR_AXES 6
#define ARC_CUBIC_AXES 3

/** What a table is beyond the ends of its grid. */
typedef enum arc_outside_t {
  /** Its first and its last value. */
  ARC_CLAMP = 0,
  /** The polynomial of its first and of its last interval. */
  ARC_EXTRAPOLATE = 1
} arc_outside_t;

/** An axis of a table. per_unit is the reciprocal of the step if all steps are equal, and makes the search a
 * computation (arc_find_even_f32 has the condition); 0: bisection. */
typedef struct arc_axis_f32_t {
  const float *grid;
  int32_t size;
  float per_unit;
} arc_axis_f32_t;

/** As arc_axis_f32_t, for double. */
typedef struct arc_axis_f64_t {
  const double *grid;
  int32_t size;
  double per_unit;
} arc_axis_f64_t;

/** Makes an axis of a grid: checks it, and finds out whether its steps are equal.
 *
 * @param size points of the grid, at least 2
 * @param grid [size] strictly ascending; it is not copied
 * @param axis out: the axis
 * @return ARC_OK; ARC_ERROR_BAD_SIZE if size < 2; ARC_ERROR_NOT_FINITE if a point is NaN or infinite;
 *         ARC_ERROR_OUT_OF_RANGE if the grid does not ascend. After an error nothing was written.
 */
arc_status_t arc_axis_f32(int32_t size, const float *grid, arc_axis_f32_t *axis);
/** As arc_axis_f32, for double. */
arc_status_t arc_axis_f64(int32_t size, const double *grid, arc_axis_f64_t *axis);

/** Slopes of the parabolas through three neighbouring points each: at even steps those of Catmull and Rom. Quadratics
 * become exact. Cost: about 3 divisions a point.
 *
 * @param axis the grid
 * @param values [size] the table
 * @param slopes [size] out
 */
void arc_cubic_slopes_f32(const arc_axis_f32_t *axis, const float *values, float *slopes);
/** As arc_cubic_slopes_f32, for double. */
void arc_cubic_slopes_f64(const arc_axis_f64_t *axis, const double *values, double *slopes);

/** Slopes with which the cubics rise where the table rises and fall where it falls (F. N. Fritsch, J. Butland, SIAM J.
 * Sci. Stat. Comput. 5, 1984). Cost: about 5 divisions a point. Arguments are those of arc_cubic_slopes_f32.
 */
void arc_pchip_slopes_f32(const arc_axis_f32_t *axis, const float *values, float *slopes);
/** As arc_pchip_slopes_f32, for double. */
void arc_pchip_slopes_f64(const arc_axis_f64_t *axis, const double *values, double *slopes);

/** Broken line through a table. Cost: a search, a product, a division.
 *
 * @param axis the grid
 * @param values [size] the table
 * @param outside what it is beyond the grid
 * @param x where
 * @return its value
 */
float arc_interp_linear_f32(const arc_axis_f32_t *axis, const float *values, arc_outside_t outside, float x);
/** As arc_interp_linear_f32, for double. */
double arc_interp_linear_f64(const arc_axis_f64_t *axis, const double *values, arc_outside_t outside, double x);

/** Piecewise cubic through a table, with these slopes at its points. Cost: a search, 8 products, 3 divisions.
 *
 * @param axis the grid
 * @param values [size] the table
 * @param slopes [size] its slopes
 * @param outside what it is beyond the grid
 * @param x where
 * @return its value
 */
float arc_interp_cubic_f32(
    const arc_axis_f32_t *axis, const float *values, const float *slopes, arc_outside_t outside, float x);
/** As arc_interp_cubic_f32, for double. */
double arc_interp_cubic_f64(
    const arc_axis_f64_t *axis, const double *values, const double *slopes, arc_outside_t outside, double x);

/** Multilinear interpolation. Cost: a search and a division for each axis, 2^axes reads, 2^axes - 1 products.
 *
 * @param axes 1 .. ARC_LINEAR_AXES; any other number gives NaN
 * @param axis [axes] the grids
 * @param values [size of axis 0, ..., size of the last axis] the table, row-major
 * @param outside beyond a grid the nearest point of it is taken, or the polynomial of its first or last interval
 * @param x [axes] where
 * @return its value
 */
float arc_interpn_linear_f32(
    int32_t axes, const arc_axis_f32_t *axis, const float *values, arc_outside_t outside, const float *x);
/** As arc_interpn_linear_f32, for double. */
double arc_interpn_linear_f64(
    int32_t axes, const arc_axis_f64_t *axis, const double *values, arc_outside_t outside, const double *x);

/** Computes the slopes of a table along all of its axes, and slopes of the slopes, for arc_interpn_cubic_f32.
 *
 * @param axes 1 .. ARC_CUBIC_AXES
 * @param axis [axes] the grids
 * @param tables [2^axes, size of axis 0, ...] in: the values in tables[0]; out: in tables[s] the slopes along the axes k
 *        of which s has the bit 2^k
 * @return ARC_OK; ARC_ERROR_BAD_SIZE for another number of axes, and nothing was written
 */
arc_status_t arc_interpn_slopes_f32(int32_t axes, const arc_axis_f32_t *axis, float *tables);
/** As arc_interpn_slopes_f32, for double. */
arc_status_t arc_interpn_slopes_f64(int32_t axes, const arc_axis_f64_t *axis, double *tables);

/** Products of the cubics of one variable. Cost: a search and a division for each axis, 4^axes reads, 4^axes products.
 *
 * @param axes 1 .. ARC_CUBIC_AXES; any other number gives NaN
 * @param axis [axes] the grids
 * @param tables [2^axes, size of axis 0, ...] values and slopes, from arc_interpn_slopes_f32
 * @param outside as for arc_interpn_linear_f32
 * @param x [axes] where
 * @return its value
 */
float arc_interpn_cubic_f32(
    int32_t axes, const arc_axis_f32_t *axis, const float *tables, arc_outside_t outside, const float *x);
/** As arc_interpn_cubic_f32, for double. */
double arc_interpn_cubic_f64(
    int32_t axes, const arc_axis_f64_t *axis, const double *tables, arc_outside_t outside, const double *x);

#if ARC_PROGRAM_MEMORY
arc_status_t arc_axis_table_f32(int32_t size, const float *grid, arc_axis_f32_t *axis);
arc_status_t arc_axis_table_f64(int32_t size, const double *grid, arc_axis_f64_t *axis);
float arc_interp_linear_table_f32(const arc_axis_f32_t *axis, const float *values, arc_outside_t outside, float x);
double arc_interp_linear_table_f64(const arc_axis_f64_t *axis, const double *values, arc_outside_t outside, double x);
float arc_interp_cubic_table_f32(
    const arc_axis_f32_t *axis, const float *values, const float *slopes, arc_outside_t outside, float x);
double arc_interp_cubic_table_f64(
    const arc_axis_f64_t *axis, const double *values, const double *slopes, arc_outside_t outside, double x);
float arc_interpn_linear_table_f32(
    int32_t axes, const arc_axis_f32_t *axis, const float *values, arc_outside_t outside, const float *x);
double arc_interpn_linear_table_f64(
    int32_t axes, const arc_axis_f64_t *axis, const double *values, arc_outside_t outside, const double *x);
float arc_interpn_cubic_table_f32(
    int32_t axes, const arc_axis_f32_t *axis, const float *tables, arc_outside_t outside, const float *x);
double arc_interpn_cubic_table_f64(
    int32_t axes, const arc_axis_f64_t *axis, const double *tables, arc_outside_t outside, const double *x);
#else
#define arc_axis_table_f32 arc_axis_f32
#define arc_axis_table_f64 arc_axis_f64
#define arc_interp_linear_table_f32 arc_interp_linear_f32
#define arc_interp_linear_table_f64 arc_interp_linear_f64
#define arc_interp_cubic_table_f32 arc_interp_cubic_f32
#define arc_interp_cubic_table_f64 arc_interp_cubic_f64
#define arc_interpn_linear_table_f32 arc_interpn_linear_f32
#define arc_interpn_linear_table_f64 arc_interpn_linear_f64
#define arc_interpn_cubic_table_f32 arc_interpn_cubic_f32
#define arc_interpn_cubic_table_f64 arc_interpn_cubic_f64
#endif

#ifdef __cplusplus
}
#endif

#endif
