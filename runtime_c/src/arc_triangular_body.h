/* SPDX-License-Identifier: 0BSD */
/* Golub and Van Loan, Matrix Computations, 4th ed., section 3.1. The including file defines ARC_REAL (the type)
 * and ARC_TRIANGULAR_NAME (names with the type's suffix). */
#ifndef ARC_TRIANGULAR_NAME
#error "arc_triangular_body.h is a part of arc_triangular_f32.c and arc_triangular_f64.c; compile those"
#endif

static arc_status_t ARC_TRIANGULAR_NAME(check)(int32_t n, int32_t m, const ARC_REAL *a) {
  if (n < 1 || m < 1) {
    return ARC_ERROR_BAD_SIZE;
  }
  for (int32_t i = 0; i < n; ++i) {
    if (a[i * n + i] == 0) {
      return ARC_ERROR_SINGULAR;
    }
  }
  return ARC_OK;
}

arc_status_t ARC_TRIANGULAR_NAME(lower)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  const arc_status_t status = ARC_TRIANGULAR_NAME(check)(n, m, a);
  if (status != ARC_OK) {
    return status;
  }
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
  return ARC_OK;
}

arc_status_t ARC_TRIANGULAR_NAME(lower_transposed)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  const arc_status_t status = ARC_TRIANGULAR_NAME(check)(n, m, a);
  if (status != ARC_OK) {
    return status;
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
  return ARC_OK;
}

arc_status_t ARC_TRIANGULAR_NAME(upper)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  const arc_status_t status = ARC_TRIANGULAR_NAME(check)(n, m, a);
  if (status != ARC_OK) {
    return status;
  }
  for (int32_t i = n - 1; i >= 0; --i) {
    for (int32_t k = i + 1; k < n; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[i * n + k] * x[k * m + j];
      }
    }
    for (int32_t j = 0; j < m; ++j) {
      x[i * m + j] /= a[i * n + i];
    }
  }
  return ARC_OK;
}

arc_status_t ARC_TRIANGULAR_NAME(upper_transposed)(int32_t n, int32_t m, const ARC_REAL *a, ARC_REAL *x) {
  const arc_status_t status = ARC_TRIANGULAR_NAME(check)(n, m, a);
  if (status != ARC_OK) {
    return status;
  }
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t k = 0; k < i; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[k * n + i] * x[k * m + j];
      }
    }
    for (int32_t j = 0; j < m; ++j) {
      x[i * m + j] /= a[i * n + i];
    }
  }
  return ARC_OK;
}

#undef ARC_REAL
#undef ARC_TRIANGULAR_NAME
