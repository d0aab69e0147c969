/* SPDX-License-Identifier: 0BSD */
/* Bodies of the LU kernels for one element type. The including file defines
 * ARC_REAL (the type) and ARC_LU_NAME (names with the type's suffix).
 * Golub and Van Loan, Matrix Computations, 4th ed., section 3.4. */
#ifndef ARC_LU_NAME
#error "arc_lu_body.h is a part of arc_lu_f32.c and arc_lu_f64.c; compile those"
#endif

#define ARC_LU_SWAP ARC_LU_NAME(swap_rows)

static ARC_REAL ARC_LU_NAME(magnitude)(ARC_REAL x) {
  return x < (ARC_REAL)0 ? -x : x;
}

static void ARC_LU_SWAP(ARC_REAL *row, ARC_REAL *other, int32_t length) {
  for (int32_t j = 0; j < length; ++j) {
    const ARC_REAL kept = row[j];
    row[j] = other[j];
    other[j] = kept;
  }
}

arc_status_t ARC_LU_NAME(factor)(int32_t n, ARC_REAL *a, int32_t *pivot) {
  arc_status_t status = n < 1 ? ARC_ERROR_BAD_SIZE : ARC_OK;
  for (int32_t k = 0; k < n; ++k) {
    /* The first of the largest; a comparison with NaN is false. */
    int32_t p = k;
    for (int32_t i = k + 1; i < n; ++i) {
      if (ARC_LU_NAME(magnitude)(a[i * n + k]) > ARC_LU_NAME(magnitude)(a[p * n + k])) {
        p = i;
      }
    }
    pivot[k] = p;
    if (p != k) {
      ARC_LU_SWAP(a + k * n, a + p * n, n);
    }
    const bool is_zero = a[k * n + k] == (ARC_REAL)0;
    if (is_zero) {
      status = ARC_ERROR_SINGULAR;
    }
    for (int32_t i = k + 1; i < n; ++i) {
      /* Below a zero pivot are zeros, their own multipliers, and NaN, which is to be seen. */
      const ARC_REAL multiplier = is_zero ? a[i * n + k] : a[i * n + k] / a[k * n + k];
      a[i * n + k] = multiplier;
      for (int32_t j = k + 1; j < n; ++j) {
        a[i * n + j] -= multiplier * a[k * n + j];
      }
    }
  }
  return status;
}

void ARC_LU_NAME(solve)(
    int32_t n, int32_t m, const ARC_REAL *a, const int32_t *pivot, ARC_REAL *x) {
  for (int32_t k = 0; k < n; ++k) {
    if (pivot[k] != k) {
      ARC_LU_SWAP(x + k * m, x + pivot[k] * m, m);
    }
  }
  for (int32_t i = 0; i < n; ++i) {
    for (int32_t k = 0; k < i; ++k) {
      for (int32_t j = 0; j < m; ++j) {
        x[i * m + j] -= a[i * n + k] * x[k * m + j];
      }
    }
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
}

void ARC_LU_NAME(det)(int32_t n, const ARC_REAL *a, const int32_t *pivot, ARC_REAL *det) {
  ARC_REAL product = (ARC_REAL)1;
  bool odd = false;
  for (int32_t k = 0; k < n; ++k) {
    product *= a[k * n + k];
    if (pivot[k] != k) {
      odd = !odd;
    }
  }
  det[0] = odd ? -product : product;
}

#undef ARC_REAL
#undef ARC_LU_SWAP
#undef ARC_LU_NAME
