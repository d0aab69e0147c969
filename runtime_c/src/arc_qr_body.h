/* SPDX-License-Identifier: 0BSD */
/* Golub and Van Loan, Matrix Computations, 4th ed., section 5.2. The including file defines ARC_REAL (the type)
 * and ARC_QR_NAME (names with the type's suffix), and ARC_ROOT (the square root). */
#ifndef ARC_QR_NAME
#error "arc_qr_body.h is a part of arc_qr_f32.c and arc_qr_f64.c; compile those"
#endif

static ARC_REAL ARC_QR_NAME(magnitude)(ARC_REAL x) {
  return x < (ARC_REAL)0 ? -x : x;
}

/* Length of the part of column k on and below the diagonal, scaled by its largest element against overflow. */
static ARC_REAL ARC_QR_NAME(length)(int32_t m, int32_t n, int32_t k, const ARC_REAL *a) {
  ARC_REAL scale = (ARC_REAL)0;
  for (int32_t i = k; i < m; ++i) {
    const ARC_REAL size = ARC_QR_NAME(magnitude)(a[i * n + k]);
    if (!(size <= scale)) { /* so that NaN stays */
      scale = size;
    }
  }
  if (scale == (ARC_REAL)0) {
    return scale;
  }
  ARC_REAL sum = (ARC_REAL)0;
  for (int32_t i = k; i < m; ++i) {
    const ARC_REAL part = a[i * n + k] / scale;
    sum += part * part;
  }
  return scale * ARC_ROOT(sum);
}

/* Applies H(k) to column j of x, which has p columns. */
static void ARC_QR_NAME(reflect)(
    int32_t m, int32_t n, int32_t k, const ARC_REAL *a, ARC_REAL tau, int32_t p, int32_t j, ARC_REAL *x) {
  ARC_REAL sum = x[k * p + j];
  for (int32_t i = k + 1; i < m; ++i) {
    sum += a[i * n + k] * x[i * p + j];
  }
  sum *= tau;
  x[k * p + j] -= sum;
  for (int32_t i = k + 1; i < m; ++i) {
    x[i * p + j] -= a[i * n + k] * sum;
  }
}

arc_status_t ARC_QR_NAME(factor)(int32_t m, int32_t n, ARC_REAL *a, ARC_REAL *tau) {
  if (n < 1 || m < n) {
    return ARC_ERROR_BAD_SIZE;
  }
  arc_status_t status = ARC_OK;
  for (int32_t k = 0; k < n; ++k) {
    const ARC_REAL length = ARC_QR_NAME(length)(m, n, k, a);
    if (length == (ARC_REAL)0) {
      tau[k] = 0;
      status = ARC_ERROR_SINGULAR;
      continue;
    }
    /* The sign against which nothing cancels. */
    const ARC_REAL first = a[k * n + k];
    const ARC_REAL diagonal = first > (ARC_REAL)0 ? -length : length;
    tau[k] = (diagonal - first) / diagonal;
    for (int32_t i = k + 1; i < m; ++i) {
      a[i * n + k] /= first - diagonal;
    }
    a[k * n + k] = diagonal;
    for (int32_t j = k + 1; j < n; ++j) {
      ARC_QR_NAME(reflect)
      (m, n, k, a, tau[k], n, j, a);
    }
  }
  return status;
}

void ARC_QR_NAME(apply_transposed)(
    int32_t m, int32_t n, int32_t p, const ARC_REAL *a, const ARC_REAL *tau, ARC_REAL *x) {
  for (int32_t k = 0; k < n; ++k) {
    for (int32_t j = 0; j < p; ++j) {
      ARC_QR_NAME(reflect)
      (m, n, k, a, tau[k], p, j, x);
    }
  }
}

void ARC_QR_NAME(solve)(
    int32_t m, int32_t n, int32_t p, const ARC_REAL *a, const ARC_REAL *tau, ARC_REAL *x) {
  ARC_QR_NAME(apply_transposed)
  (m, n, p, a, tau, x);
  for (int32_t i = n - 1; i >= 0; --i) {
    for (int32_t k = i + 1; k < n; ++k) {
      for (int32_t j = 0; j < p; ++j) {
        x[i * p + j] -= a[i * n + k] * x[k * p + j];
      }
    }
    for (int32_t j = 0; j < p; ++j) {
      x[i * p + j] /= a[i * n + i];
    }
  }
}

#undef ARC_ROOT
#undef ARC_REAL
#undef ARC_QR_NAME
