/* SPDX-License-Identifier: 0BSD */
/** Cholesky factorisation of small dense symmetric positive definite matrices, row-major.
 *
 * The order of operations is fixed, each operation rounded on its own, so every machine gives the same bits. All sizes
 * are at least 1, and n * n and n * m must fit an int32_t. Arguments must not overlap. Reentrant; no memory but the
 * arguments. A NaN or an infinity in the input comes out as NaN where it is not refused.
 */
#ifndef ARC_CHOLESKY_H
#define ARC_CHOLESKY_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Factors a symmetric positive definite matrix, A = L L^T, in place.
 *
 * Cost: about n^3 / 6 multiplications and as many subtractions, n^2 / 2 divisions, n square roots.
 *
 * @param n rows and columns of a
 * @param a [n * n] in: the matrix, of which the lower triangle is read; out: L, zeros above the diagonal
 * @return ARC_OK; ARC_ERROR_NOT_POSITIVE_DEFINITE if a pivot is not positive, or NaN: a is spoiled then;
 *         ARC_ERROR_BAD_SIZE if n < 1, and nothing is written
 */
arc_status_t arc_cholesky_factor_f32(int32_t n, float *a);
/** As arc_status_t , for double. */
arc_status_t arc_cholesky_factor_f64(int32_t n, double *a);

/** Solves A X = B from the Cholesky factor of A.
 *
 * Cost: n^2 m multiplications and subtractions, 2 n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] factor from arc_cholesky_factor_f32
 * @param x [n * m] in: B; out: X
 */
void arc_cholesky_solve_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_cholesky_solve_f32, for double. */
void arc_cholesky_solve_f64(int32_t n, int32_t m, const double *a, double *x);

#ifdef __cplusplus
}
#endif

#endif
