/* SPDX-License-Identifier: 0BSD */
/** LU factorisation with partial pivoting of small dense matrices, row-major.
 *
 * The order of operations is fixed, each operation rounded on its own, so every machine gives the same bits.
 * n * n and n * m must fit an int32_t. Arguments must not overlap. Reentrant; no memory but the arguments.
 */
#ifndef ARC_LU_H
#define ARC_LU_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Factors a in place.
 *
 * Cost: about n^3 / 3 multiplications and as many subtractions, n^2 / 2 divisions.
 *
 * A matrix with a NaN or an infinity in it is factored like any other, which gives NaN; it is not called singular.
 *
 * @param n rows and columns of a
 * @param a [n * n] in: the matrix; out: U on and above the diagonal, the multipliers of L below it
 * @param pivot [n] out: the row that was swapped with row k at step k
 * @return ARC_OK; ARC_ERROR_SINGULAR if a pivot is zero: the factors are complete, for the determinant, but do not
 *         solve with them; ARC_ERROR_BAD_SIZE if n < 1, and nothing is written
 */
arc_status_t arc_lu_factor_f32(int32_t n, float *a, int32_t *pivot);
/** As arc_lu_factor_f32, for double. */
arc_status_t arc_lu_factor_f64(int32_t n, double *a, int32_t *pivot);

/** Solves A X = B from the factors of A, which must not be singular.
 *
 * Cost: n^2 m multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] factors from arc_lu_factor_f32
 * @param pivot [n] from arc_lu_factor_f32
 * @param x [n * m] in: B; out: X
 */
void arc_lu_solve_f32(int32_t n, int32_t m, const float *a, const int32_t *pivot, float *x);
/** As arc_lu_solve_f32, for double. */
void arc_lu_solve_f64(int32_t n, int32_t m, const double *a, const int32_t *pivot, double *x);

/** Determinant from the factors; 1 where n is 0.
 *
 * @param n rows and columns of a
 * @param a [n * n] factors from arc_lu_factor_f32
 * @param pivot [n] from arc_lu_factor_f32
 * @param det out: the determinant
 */
void arc_lu_det_f32(int32_t n, const float *a, const int32_t *pivot, float *det);
/** As arc_lu_det_f32, for double. */
void arc_lu_det_f64(int32_t n, const double *a, const int32_t *pivot, double *det);

#ifdef __cplusplus
}
#endif

#endif
