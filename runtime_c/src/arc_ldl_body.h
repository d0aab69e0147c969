/* SPDX-License-Identifier: 0BSD */
/* Golub and Van Loan, Matrix Computations, 4th ed., section 4.1.2, row by row. The including file
 * defines ARC_REAL (the type)
 * and ARC_LDL_NAME (names with the type's suffix). */
#ifndef ARC_LDL_NAME
#error "arc_ldl_body.h is a part of arc_ldl_f32.c and arc_ldl_f64.c; compile those"
#endif

arc_status_t ARC_LDL_NAME(factor)(int32_t n, ARC_REAL *a) {
  if (n < 1) {
    return ARC_ERROR_BAD_SIZE;
  }
  for (int32_t i = 0; i < n; ++i) {
    /* First L D in row i, then L and what it takes from the diagonal. */
    for (int32_t j = 0; j < i; ++j) {
      ARC_REAL rest = a[i * n + j];
      for (int32_t k = 0; k < j; ++k) {
        rest -= a[i * n + k] * a[j * n + k];
      }
      a[i * n + j] = rest;
    }
    ARC_REAL pivot = a[i * n + i];
    for (int32_t j = 0; j < i; ++j) {
      const ARC_REAL scaled = a[i * n + j];
      a[i * n + j] = scaled / a[j * n + j];
      pivot -= scaled * a[i * n + j];
    }
    if (pivot == (ARC_REAL)0) {
      return ARC_ERROR_SINGULAR;
    }
    a[i * n + i] = pivot;
  }
  return ARC_OK;
}

void ARC_LDL_NAME(solve)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t k = 0; k < i; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[i * n + k] * x[k * m + j];
      }
    }
  }
  for (int32_t i = 0; i < n; ++i) {
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
  }
}

#undef ARC_REAL
#undef ARC_LDL_NAME
