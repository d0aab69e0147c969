/* SPDX-License-Identifier: 0BSD */
/** QR factorisation of small dense matrices and least squares, row-major.
 *
 * The order of operations is fixed, each operation rounded on its own, so every machine gives the same bits. All sizes
 * are at least 1, and n * n and n * m must fit an int32_t. Arguments must not overlap. Reentrant; no memory but the
 * arguments. A NaN or an infinity in the input comes out as NaN where it is not refused.
 */
#ifndef ARC_QR_H
#define ARC_QR_H

#include <stdint.h>

#include "arc_abi.h"
#include "arc_status.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Factors a matrix with at least as many rows as columns, A = Q R, in place, by Householder reflections.
 *
 * Q = H(0) H(1) ... H(n - 1) with H(k) = I - tau[k] v v^T, v[0 .. k - 1] = 0, v[k] = 1.
 * Cost: about n^2 (m - n / 3) multiplications and as many additions, n square roots.
 *
 * @param m rows of a, at least n
 * @param n columns of a
 * @param a [m * n] in: the matrix; out: R on and above the diagonal, v[k + 1 ..] of H(k) below it in column k
 * @param tau [n] out: factors of the reflections
 * @return ARC_OK; ARC_ERROR_SINGULAR if an element of R's diagonal is zero: the factors are complete, but the columns
 *         of A depend on each other; ARC_ERROR_BAD_SIZE if n < 1 or m < n, and nothing is written
 */
arc_status_t arc_qr_factor_f32(int32_t m, int32_t n, float *a, float *tau);
/** As arc_status_t , for double. */
arc_status_t arc_qr_factor_f64(int32_t m, int32_t n, double *a, double *tau);

/** Multiplies by Q^T, from the factors of A.
 *
 * @param m rows of a and x
 * @param n columns of a
 * @param p columns of x
 * @param a [m * n] factors from arc_qr_factor_f32
 * @param tau [n] from arc_qr_factor_f32
 * @param x [m * p] in: B; out: Q^T B
 */
void arc_qr_apply_transposed_f32(int32_t m, int32_t n, int32_t p, const float *a, const float *tau, float *x);
/** As arc_qr_apply_transposed_f32, for double. */
void arc_qr_apply_transposed_f64(int32_t m, int32_t n, int32_t p, const double *a, const double *tau, double *x);

/** Solves A X = B for the least sum of squares of A X - B, from the factors of A, whose columns must not depend on
 * each other.
 *
 * Cost: n p (2 m - n) multiplications and additions, n p divisions.
 *
 * @param m rows of a and x
 * @param n columns of a
 * @param p columns of x
 * @param a [m * n] factors from arc_qr_factor_f32
 * @param tau [n] from arc_qr_factor_f32
 * @param x [m * p] in: B; out: X in the first n rows; the squares of the others sum up to what is left
 */
void arc_qr_solve_f32(int32_t m, int32_t n, int32_t p, const float *a, const float *tau, float *x);
/** As arc_qr_solve_f32, for double. */
void arc_qr_solve_f64(int32_t m, int32_t n, int32_t p, const double *a, const double *tau, double *x);

#ifdef __cplusplus
}
#endif

#endif
