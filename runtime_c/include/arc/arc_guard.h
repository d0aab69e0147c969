/* SPDX-License-Identifier: 0BSD */
/** Checks of the inputs of generated functions: finite, and between bounds.
 *
 * NaN and infinity are recognised by their bits, so that no compiler option can make a check disappear; where there are
 * bounds, by lying between none. Reentrant.
 */
#ifndef ARC_GUARD_H
#define ARC_GUARD_H

#include <float.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "arc_config.h"
#include "arc_status.h"

/** Whether x is neither NaN nor infinite. */
static inline bool arc_is_finite_f32(float x) {
  uint32_t bits;
  (void)memcpy(&bits, &x, sizeof bits);
  return (bits & UINT32_C(0x7f800000)) != UINT32_C(0x7f800000);
}

/** Whether none of the n elements of x is NaN or infinite. */
static inline bool arc_all_finite_f32(const float *x, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_finite_f32(x[i])) {
      return false;
    }
  }
  return true;
}

/** Whether low <= x <= high. */
static inline bool arc_is_within_f32(float x, float low, float high) {
  return low <= x && x <= high;
}

/** Whether all n elements of x lie between low and high. */
static inline bool arc_all_within_f32(const float *x, int32_t n, float low, float high) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_within_f32(x[i], low, high)) {
      return false;
    }
  }
  return true;
}

#if DBL_MANT_DIG == 53

/** Whether x is neither NaN nor infinite. */
static inline bool arc_is_finite_f64(double x) {
  uint64_t bits;
  (void)memcpy(&bits, &x, sizeof bits);
  return (bits & UINT64_C(0x7ff0000000000000)) != UINT64_C(0x7ff0000000000000);
}

/** Whether none of the n elements of x is NaN or infinite. */
static inline bool arc_all_finite_f64(const double *x, int32_t n) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_finite_f64(x[i])) {
      return false;
    }
  }
  return true;
}

/** Whether low <= x <= high. */
static inline bool arc_is_within_f64(double x, double low, double high) {
  return low <= x && x <= high;
}

/** Whether all n elements of x lie between low and high. */
static inline bool arc_all_within_f64(const double *x, int32_t n, double low, double high) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_within_f64(x[i], low, high)) {
      return false;
    }
  }
  return true;
}

#endif

/** Whether low <= x <= high. */
static inline bool arc_is_within_i32(int32_t x, int32_t low, int32_t high) {
  return low <= x && x <= high;
}

/** Whether all n elements of x lie between low and high. */
static inline bool arc_all_within_i32(const int32_t *x, int32_t n, int32_t low, int32_t high) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_within_i32(x[i], low, high)) {
      return false;
    }
  }
  return true;
}

/** Whether low <= x <= high. */
static inline bool arc_is_within_i64(int64_t x, int64_t low, int64_t high) {
  return low <= x && x <= high;
}

/** Whether all n elements of x lie between low and high. */
static inline bool arc_all_within_i64(const int64_t *x, int32_t n, int64_t low, int64_t high) {
  for (int32_t i = 0; i < n; ++i) {
    if (!arc_is_within_i64(x[i], low, high)) {
      return false;
    }
  }
  return true;
}

#endif
