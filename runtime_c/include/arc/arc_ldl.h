/* SPDX-License-Identifier: 0BSD */
/** LDL^T factorisation of small dense symmetric matrices, row-major.
 *
 * The order of operations is fixed, each operation rounded on its own, so every machine gives the same bits. All sizes
 * are at least 1, and n * n and n * m must fit an int32_t. Arguments must not overlap. Reentrant; no memory but the
 * arguments. A NaN or an infinity in the input comes out as NaN where it is not refused.
 */
#ifndef ARC_LDL_H
#define ARC_LDL_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Factors a symmetric matrix, A = L D L^T, in place, without square roots and without pivoting.
 *
 * For positive definite matrices, and those whose leading blocks are regular and not nearly singular.
 * Cost: about n^3 / 6 multiplications and as many subtractions, n^2 / 2 divisions.
 *
 * @param n rows and columns of a
 * @param a [n * n] in: the matrix, of which the lower triangle is read; out: D on the diagonal, below it L, whose
 *        diagonal is 1; above the diagonal it is as before
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of D is zero: a is spoiled then; ARC_ERROR_BAD_SIZE if n < 1, and
 *         nothing is written
 */
arc_status_t arc_ldl_factor_f32(int32_t n, float *a);
/** As arc_status_t , for double. */
arc_status_t arc_ldl_factor_f64(int32_t n, double *a);

/** Solves A X = B from the factors of A.
 *
 * Cost: n^2 m multiplications and subtractions, n m divisions.
 *
 * @param n rows and columns of a
 * @param m columns of x
 * @param a [n * n] factors from arc_ldl_factor_f32
 * @param x [n * m] in: B; out: X
 */
void arc_ldl_solve_f32(int32_t n, int32_t m, const float *a, float *x);
/** As arc_ldl_solve_f32, for double. */
void arc_ldl_solve_f64(int32_t n, int32_t m, const double *a, double *x);

#ifdef __cplusplus
}
#endif

#endif
