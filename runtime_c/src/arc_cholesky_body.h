/* SPDX-License-Identifier: 0BSD */
/* Golub and Van Loan, Matrix Computations, 4th ed., section 4.2, row by row. The including file
 * defines ARC_REAL (the type)
 * and ARC_CHOLESKY_NAME (names with the type's suffix), and ARC_ROOT (the square root). */
#ifndef ARC_CHOLESKY_NAME
#error "arc_cholesky_body.h is a part of arc_cholesky_f32.c and arc_cholesky_f64.c; compile those"
#endif

arc_status_t ARC_CHOLESKY_NAME(factor)(int32_t n, ARC_REAL *a) {
  if (n < 1) {
    return ARC_ERROR_BAD_SIZE;
  }
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t j = 0; j < i; ++j) {
      ARC_REAL rest = a[i * n + j];
      for (int32_t k = 0; k < j; ++k) {
        rest -= a[i * n + k] * a[j * n + k];
      }
      a[i * n + j] = rest / a[j * n + j];
    }
    ARC_REAL pivot = a[i * n + i];
    for (int32_t k = 0; k < i; ++k) {
      pivot -= a[i * n + k] * a[i * n + k];
    }
    if (!(pivot > (ARC_REAL)0)) { /* so that NaN is found as well */
      return ARC_ERROR_NOT_POSITIVE_DEFINITE;
    }
    a[i * n + i] = ARC_ROOT(pivot);
    for (int32_t j = i + 1; j < n; ++j) {
      a[i * n + j] = 0;
    }
  }
  return ARC_OK;
}

void ARC_CHOLESKY_NAME(solve)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t k = 0; k < i; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[i * n + k] * x[k * m + j];
      }
    }
    for (int32_t j = 0; j < m; ++j) {
      x[i * m + j] /= a[i * n + i];
    }
  }
  for (int32_t i = n - 1; i >= 0; --i) {
    for (int32_t k = i + 1; k < n; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[k * n + i] * x[k * m + j];
      }
    }
    for (int32_t j = 0; j < m; ++j) {
      x[i * m + j] /= a[i * n + i];
    }
  }
}

#undef ARC_ROOT
#undef ARC_REAL
#undef ARC_CHOLESKY_NAME
