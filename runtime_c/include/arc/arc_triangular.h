/* SPDX-License-Identifier: 0BSD */
/** Systems with small dense triangular matrices, row-major.
 *
 * The order of operations is fixed, each operation rounded on its own, so every machine gives the same bits. All sizes
 * are at least 1, and n * n and n * m must fit an int32_t. Arguments must not overlap. Reentrant; no memory but the
 * arguments. A NaN or an infinity in the input comes out as NaN where it is not refused.
 */
#ifndef ARC_TRIANGULAR_H
#define ARC_TRIANGULAR_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Solves L X = B with a triangular matrix, of which only the lower triangle is read.
 *
 * Cost: n^2 m / 2 multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] the matrix
 * @param x [n * m] in: B; out: X
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of the diagonal is zero, ARC_ERROR_BAD_SIZE if n or m < 1: nothing
 *         is written then
 */
arc_status_t arc_triangular_lower_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_status_t , for double. */
arc_status_t arc_triangular_lower_f64(int32_t n, int32_t m, const double *a, double *x);

/** Solves L^T X = B with a triangular matrix, of which only the lower triangle is read.
 *
 * Cost: n^2 m / 2 multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] the matrix
 * @param x [n * m] in: B; out: X
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of the diagonal is zero, ARC_ERROR_BAD_SIZE if n or m < 1: nothing
 *         is written then
 */
arc_status_t arc_triangular_lower_transposed_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_status_t , for double. */
arc_status_t arc_triangular_lower_transposed_f64(int32_t n, int32_t m, const double *a, double *x);

/** Solves U X = B with a triangular matrix, of which only the upper triangle is read.
 *
 * Cost: n^2 m / 2 multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] the matrix
 * @param x [n * m] in: B; out: X
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of the diagonal is zero, ARC_ERROR_BAD_SIZE if n or m < 1: nothing
 *         is written then
 */
arc_status_t arc_triangular_upper_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_status_t , for double. */
arc_status_t arc_triangular_upper_f64(int32_t n, int32_t m, const double *a, double *x);

/** Solves U^T X = B with a triangular matrix, of which only the upper triangle is read.
 *
 * Cost: n^2 m / 2 multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] the matrix
 * @param x [n * m] in: B; out: X
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of the diagonal is zero, ARC_ERROR_BAD_SIZE if n or m < 1: nothing
 *         is written then
 */
arc_status_t arc_triangular_upper_transposed_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_status_t , for double. */
arc_status_t arc_triangular_upper_transposed_f64(int32_t n, int32_t m, const double *a, double *x);

#ifdef __cplusplus
}
#endif

#endif
