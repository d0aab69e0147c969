/* SPDX-License-Identifier: 0BSD */
#include "arc_selftest.h"
#include "arc_strict.h"

#include <stdbool.h>
#include <string.h>

#if DBL_MANT_DIG == 53
#define HAS_DOUBLE 1
#else
#define HAS_DOUBLE 0
#endif

#if defined(__arm__) && defined(__ARM_FP)
#define HAS_FPSCR 1
#else
#define HAS_FPSCR 0
#endif

/* Operands are volatile, so that the machine computes and not the compiler. */
static float f32(uint32_t bits) {
  volatile uint32_t held = bits;
  const uint32_t copy = held;
  float value;
  (void)memcpy(&value, &copy, sizeof value);
  return value;
}

static bool is_f32(float value, uint32_t bits) {
  uint32_t found;
  (void)memcpy(&found, &value, sizeof found);
  return found == bits;
}

static bool is_nan_f32(float value) {
  uint32_t found;
  (void)memcpy(&found, &value, sizeof found);
  return (found & UINT32_C(0x7fffffff)) > UINT32_C(0x7f800000);
}

static uint32_t flag(bool good, uint32_t bit) {
  return good ? 0u : bit;
}

static bool has_format(void) {
  return FLT_RADIX == 2 && FLT_MANT_DIG == 24 && FLT_MAX_EXP == 128 && sizeof(float) == 4u &&
      is_f32(-1.5f, UINT32_C(0xbfc00000)) && is_f32(3.0e38f, UINT32_C(0x7f61b1e6));
}

static bool takes_subnormals(void) {
  /* 2^-149 * 2^100 = 2^-49, 2^-127 + 2^-126 = 1.5 * 2^-126, and 2^-140 is not 0. */
  return is_f32(f32(UINT32_C(0x00000001)) * f32(UINT32_C(0x71800000)), UINT32_C(0x27000000)) &&
      is_f32(f32(UINT32_C(0x00400000)) + f32(UINT32_C(0x00800000)), UINT32_C(0x00c00000)) &&
      f32(UINT32_C(0x00000200)) > f32(0);
}

/* A loop that compilers like to do with vector instructions, which may flush where scalar ones do not. */
static bool loops_keep_subnormals(void) {
  float halves[8];
  for (uint32_t k = 0; k < 8u; ++k) {
    halves[k] = f32(UINT32_C(0x00800000) + k);
  }
  const float half = f32(UINT32_C(0x3f000000));
  for (uint32_t k = 0; k < 8u; ++k) {
    halves[k] *= half;
  }
  bool good = true;
  for (uint32_t k = 0; k < 8u; k += 2u) {
    good = good && is_f32(halves[k], UINT32_C(0x00400000) + (k >> 1));
  }
  return good;
}

static bool gives_subnormals(void) {
  /* 2^-126 / 2 by each operation; 1.5 * 2^-149 rounds to 2^-148; 0.5 * 2^-149 to 0 and 0.75 * 2^-149 to 2^-149. */
  const float least_normal = f32(UINT32_C(0x00800000));
  return is_f32(least_normal * f32(UINT32_C(0x3f000000)), UINT32_C(0x00400000)) &&
      is_f32(least_normal / f32(UINT32_C(0x40000000)), UINT32_C(0x00400000)) &&
      is_f32(f32(UINT32_C(0x00c00000)) - least_normal, UINT32_C(0x00400000)) &&
      is_f32(f32(UINT32_C(0x00400000)) - f32(UINT32_C(0x00400001)), UINT32_C(0x80000001)) &&
      is_f32(f32(UINT32_C(0x3fc00000)) * f32(UINT32_C(0x00000001)), UINT32_C(0x00000002)) &&
      is_f32(f32(UINT32_C(0x3f000000)) * f32(UINT32_C(0x00000001)), UINT32_C(0x00000000)) &&
      is_f32(f32(UINT32_C(0x3f400000)) * f32(UINT32_C(0x00000001)), UINT32_C(0x00000001));
}

static bool rounds_to_nearest(void) {
  const float one = f32(UINT32_C(0x3f800000));
  const float half_ulp = f32(UINT32_C(0x33800000)); /* 2^-24 */
  const float more = f32(UINT32_C(0x33800001));
  /* A tie goes to the even neighbour, a little more than half goes up, in both signs; products alike. */
  return is_f32(one + half_ulp, UINT32_C(0x3f800000)) && is_f32(one + more, UINT32_C(0x3f800001)) &&
      is_f32(f32(UINT32_C(0x3f800001)) + half_ulp, UINT32_C(0x3f800002)) &&
      is_f32(-one - half_ulp, UINT32_C(0xbf800000)) && is_f32(-one - more, UINT32_C(0xbf800001)) &&
      is_f32(f32(UINT32_C(0x3f800001)) * f32(UINT32_C(0x3f800001)), UINT32_C(0x3f800002)) &&
      is_f32(f32(UINT32_C(0x3fffffff)) * f32(UINT32_C(0x3fffffff)), UINT32_C(0x407ffffe)) &&
      is_f32(f32(UINT32_C(0xbfffffff)) * f32(UINT32_C(0x3f800001)), UINT32_C(0xc0000000));
}

static bool keeps_products(void) {
  /* x = 1 + 2^-12: x * x rounds to 1 + 2^-11, so that what is left is 0, and 2^-24 where the product is not rounded. */
  const float x = f32(UINT32_C(0x3f800800));
  return is_f32(x * x - f32(UINT32_C(0x3f801000)), 0);
}

static bool has_no_excess(void) {
  /* 2^100 * 2^100 is infinite before 2^-100 brings it back; 1 + 2^-30 is 1. */
  const float large = f32(UINT32_C(0x71800000));
  const float one = f32(UINT32_C(0x3f800000));
  return is_f32(large * large * f32(UINT32_C(0x0d800000)), UINT32_C(0x7f800000)) &&
      is_f32(one + f32(UINT32_C(0x30800000)) - one, 0);
}

static bool keeps_order(void) {
  /* (1e8 + 1) - 1e8 is 0 in the order of the source; 1 in another. */
  const float large = f32(UINT32_C(0x4cbebc20));
  return is_f32((large + f32(UINT32_C(0x3f800000))) - large, 0);
}

static bool divides(void) {
  /* 1/3, 2/3, 1/10, 7/49, a quotient next to a tie, and a subnormal one. */
  const float one = f32(UINT32_C(0x3f800000));
  return is_f32(one / f32(UINT32_C(0x40400000)), UINT32_C(0x3eaaaaab)) &&
      is_f32(f32(UINT32_C(0x40000000)) / f32(UINT32_C(0x40400000)), UINT32_C(0x3f2aaaab)) &&
      is_f32(one / f32(UINT32_C(0x41200000)), UINT32_C(0x3dcccccd)) &&
      is_f32(f32(UINT32_C(0x40e00000)) / f32(UINT32_C(0x42440000)), UINT32_C(0x3e124925)) &&
      is_f32(one / f32(UINT32_C(0x3f7fffff)), UINT32_C(0x3f800001)) &&
      is_f32(f32(UINT32_C(0x3fffffff)) / f32(UINT32_C(0x3f800001)), UINT32_C(0x3ffffffd)) &&
      is_f32(f32(UINT32_C(0x00800000)) / f32(UINT32_C(0x40400000)), UINT32_C(0x002aaaab));
}

static bool has_nonfinite(void) {
  const float infinity = f32(UINT32_C(0x7f800000));
  const float most = f32(UINT32_C(0x7f7fffff));
  const float zero = f32(0);
  const float nan = f32(UINT32_C(0x7fc00000));
  return is_f32(most + most, UINT32_C(0x7f800000)) && is_f32(-most * most, UINT32_C(0xff800000)) &&
      is_f32(f32(UINT32_C(0x3f800000)) / zero, UINT32_C(0x7f800000)) && is_nan_f32(infinity - infinity) &&
      is_nan_f32(zero * infinity) && is_nan_f32(zero / zero) && is_nan_f32(nan + most) && is_nan_f32(nan * zero) &&
      !(nan < most) && !(nan > most) && !(nan == f32(UINT32_C(0x7fc00000))) && nan != nan && most < infinity &&
      is_f32(most / infinity, 0);
}

static bool keeps_zero_signs(void) {
  const float zero = f32(0);
  const float minus_zero = f32(UINT32_C(0x80000000));
  const float one = f32(UINT32_C(0x3f800000));
  return is_f32(minus_zero + minus_zero, UINT32_C(0x80000000)) && is_f32(zero + minus_zero, 0) &&
      is_f32(one - one, 0) && is_f32(-one * zero, UINT32_C(0x80000000)) &&
      is_f32(minus_zero / one, UINT32_C(0x80000000)) && is_f32(one / minus_zero, UINT32_C(0xff800000)) &&
      is_f32(-zero, UINT32_C(0x80000000)) && zero == minus_zero && !(minus_zero < zero);
}

static int32_t i32(int32_t value) {
  volatile int32_t held = value;
  return held;
}

static bool converts_integers(void) {
  return is_f32((float)i32(16777217), UINT32_C(0x4b800000)) && is_f32((float)i32(16777219), UINT32_C(0x4b800002)) &&
      is_f32((float)i32(-16777219), UINT32_C(0xcb800002)) && is_f32((float)i32(INT32_MAX), UINT32_C(0x4f000000)) &&
      is_f32((float)i32(INT32_MIN), UINT32_C(0xcf000000)) && is_f32((float)i32(-7), UINT32_C(0xc0e00000)) &&
      is_f32((float)i32(0), 0);
}

static bool drops_fractions(void) {
  return (int32_t)f32(UINT32_C(0x40300000)) == 2 && (int32_t)f32(UINT32_C(0xc0300000)) == -2 &&
      (int32_t)f32(UINT32_C(0x3f7fffff)) == 0 && (int32_t)f32(UINT32_C(0xbf7fffff)) == 0 &&
      (int32_t)f32(UINT32_C(0x4effffff)) == INT32_C(2147483520) &&
      (int32_t)f32(UINT32_C(0xcf000000)) == INT32_MIN && (int32_t)f32(UINT32_C(0x80000000)) == 0 &&
      (int32_t)f32(UINT32_C(0x00000001)) == 0;
}

static bool has_integers(void) {
  return i32(-7) / i32(2) == -3 && i32(-7) % i32(2) == -1 && (i32(-7) >> 1) == -4 &&
      (uint32_t)i32(-1) == UINT32_C(0xffffffff);
}

#if HAS_FPSCR
static uint32_t read_fpscr(void) {
  uint32_t word;
  __asm volatile("vmrs %0, fpscr" : "=r"(word));
  return word;
}
#endif

#if HAS_DOUBLE
static double f64(uint64_t bits) {
  volatile uint64_t held = bits;
  const uint64_t copy = held;
  double value;
  (void)memcpy(&value, &copy, sizeof value);
  return value;
}

static bool is_f64(double value, uint64_t bits) {
  uint64_t found;
  (void)memcpy(&found, &value, sizeof found);
  return found == bits;
}

static bool has_double_subnormals(void) {
  const double least_normal = f64(UINT64_C(0x0010000000000000));
  return is_f64(least_normal * f64(UINT64_C(0x3fe0000000000000)), UINT64_C(0x0008000000000000)) &&
      is_f64(f64(1) + f64(UINT64_C(0x000fffffffffffff)), UINT64_C(0x0010000000000000)) && f64(1) > f64(0);
}

static bool rounds_doubles(void) {
  const double one = f64(UINT64_C(0x3ff0000000000000));
  const double x = f64(UINT64_C(0x3ff0000002000000)); /* 1 + 2^-27 */
  return is_f64(one + f64(UINT64_C(0x3ca0000000000000)), UINT64_C(0x3ff0000000000000)) &&
      is_f64(one + f64(UINT64_C(0x3ca0000000000001)), UINT64_C(0x3ff0000000000001)) &&
      is_f64(-one - f64(UINT64_C(0x3ca0000000000001)), UINT64_C(0xbff0000000000001)) &&
      is_f64(x * x - f64(UINT64_C(0x3ff0000004000000)), 0);
}

static bool divides_doubles(void) {
  const double one = f64(UINT64_C(0x3ff0000000000000));
  return is_f64(one / f64(UINT64_C(0x4008000000000000)), UINT64_C(0x3fd5555555555555)) &&
      is_f64(one / f64(UINT64_C(0x4024000000000000)), UINT64_C(0x3fb999999999999a)) &&
      is_f64(one / f64(UINT64_C(0x3fefffffffffffff)), UINT64_C(0x3ff0000000000001));
}

static bool converts_doubles(void) {
  return is_f32((float)f64(UINT64_C(0x3ff0000010000000)), UINT32_C(0x3f800000)) &&
      is_f32((float)f64(UINT64_C(0x3ff0000010000001)), UINT32_C(0x3f800001)) &&
      is_f64((double)f32(UINT32_C(0x00000001)), UINT64_C(0x36a0000000000000)) &&
      is_f64((double)i32(INT32_MIN), UINT64_C(0xc1e0000000000000)) &&
      (int32_t)f64(UINT64_C(0xc1dfffffffffffff)) == -INT32_MAX;
}
#endif

uint32_t arc_selftest_checks(void) {
  uint32_t checks = UINT32_C(0x00001fff);
#if HAS_FPSCR
  checks |= ARC_SELFTEST_FPSCR_FZ | ARC_SELFTEST_FPSCR_RMODE | ARC_SELFTEST_FPSCR_DN;
#endif
#if HAS_DOUBLE
  checks |= ARC_SELFTEST_DOUBLE;
#endif
  return checks;
}

uint32_t arc_selftest(void) {
  uint32_t failed = flag(has_format(), ARC_SELFTEST_FORMAT);
  failed |= flag(takes_subnormals(), ARC_SELFTEST_SUBNORMAL_IN);
  failed |= flag(gives_subnormals() && loops_keep_subnormals(), ARC_SELFTEST_SUBNORMAL_OUT);
  failed |= flag(rounds_to_nearest(), ARC_SELFTEST_ROUNDING);
  failed |= flag(keeps_products(), ARC_SELFTEST_CONTRACTION);
  failed |= flag(has_no_excess(), ARC_SELFTEST_EXCESS_PRECISION);
  failed |= flag(keeps_order(), ARC_SELFTEST_REASSOCIATION);
  failed |= flag(divides(), ARC_SELFTEST_DIVISION);
  failed |= flag(has_nonfinite(), ARC_SELFTEST_NONFINITE);
  failed |= flag(keeps_zero_signs(), ARC_SELFTEST_SIGNED_ZERO);
  failed |= flag(converts_integers(), ARC_SELFTEST_INT_TO_FLOAT);
  failed |= flag(drops_fractions(), ARC_SELFTEST_FLOAT_TO_INT);
  failed |= flag(has_integers(), ARC_SELFTEST_INTEGERS);
#if HAS_FPSCR
  const uint32_t fpscr = read_fpscr();
  failed |= flag((fpscr & (UINT32_C(1) << 24)) == 0u, ARC_SELFTEST_FPSCR_FZ);
  failed |= flag((fpscr & (UINT32_C(3) << 22)) == 0u, ARC_SELFTEST_FPSCR_RMODE);
  failed |= flag((fpscr & (UINT32_C(1) << 25)) == 0u, ARC_SELFTEST_FPSCR_DN);
#endif
#if HAS_DOUBLE
  failed |= flag(has_double_subnormals(), ARC_SELFTEST_DOUBLE_SUBNORMAL);
  failed |= flag(rounds_doubles(), ARC_SELFTEST_DOUBLE_ROUNDING);
  failed |= flag(divides_doubles(), ARC_SELFTEST_DOUBLE_DIVISION);
  failed |= flag(converts_doubles(), ARC_SELFTEST_DOUBLE_CONVERSION);
#endif
  return failed;
}
