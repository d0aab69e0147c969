/* SPDX-License-Identifier: 0BSD */
/* How far arc_math is from the truth, in ulp of the true result, over all float32 arguments or some of them.
 *
 *   ulp_sweep FUNCTION [--stride N] [--from HEX] [--to HEX]      one argument: its bits from..to, every Nth
 *   ulp_sweep FUNCTION --pairs N [--seed N]                      two arguments: special pairs, then N random ones
 *
 * The truth is the C library's function for double: its own error, below one ulp of double, is 2^-29 ulp of float32.
 * Special values are part of the count: where the truth is NaN, infinite or zero, the result has to be so too, with the
 * same sign. One line is printed; exit status 1 means that a special value, or a function that is to be exact, is wrong.
 *
 * With glibc the truth comes from its vector functions (up to 4 ulp of double, 8e-9 ulp of float32); whatever could
 * be a new largest error, or looks wrong, is computed again by the scalar function.
 */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arc_math.h"
#include "sweep_arguments.h"

enum {
  BLOCK = 4096
};

typedef enum rounding_t {
  CLOSE,
  EXACT
} rounding_t;

typedef struct function_t {
  const char *name;
  int arguments;
  rounding_t rounding;
  void (*results)(int n, const float *x, const float *y, float *result);
  void (*truths)(int n, const float *x, const float *y, double *truth);
  double (*truth)(double x, double y);
} function_t;

/* Twice the value that no vector function reaches exactly: slack of the filter, in ulp of float32. */
static const double VECTOR_SLACK = 1e-7;

/* The vector library has all functions that are not exact (glibc 2.35); its headers say so under -ffast-math only. */
#if defined(__x86_64__) && defined(__GLIBC__) && __GLIBC__ == 2 && __GLIBC_MINOR__ >= 35 && !defined(__clang__)
#define DECLARE_CLOSE(name, ...) __attribute__((__simd__("notinbranch"))) double name(__VA_ARGS__);
#else
#define DECLARE_CLOSE(name, ...)
#endif
#define DECLARE_EXACT(name, ...)
#define UNARY(name, rounding) DECLARE_##rounding(name, double)
#define BINARY(name, rounding) DECLARE_##rounding(name, double, double)
#include "sweep_functions.h"
#undef UNARY
#undef BINARY

#define UNARY(name, rounding)                                                        \
  static void results_##name(int n, const float *x, const float *y, float *result) { \
    (void)y;                                                                         \
    for (int i = 0; i < n; ++i) {                                                    \
      result[i] = arc_##name##f(x[i]);                                               \
    }                                                                                \
  }                                                                                  \
  static void truths_##name(int n, const float *x, const float *y, double *truth) {  \
    (void)y;                                                                         \
    _Pragma("omp simd") for (int i = 0; i < n; ++i) {                                \
      truth[i] = name((double)x[i]);                                                 \
    }                                                                                \
  }                                                                                  \
  static double truth_##name(double x, double y) {                                   \
    (void)y;                                                                         \
    return name(x);                                                                  \
  }
#define BINARY(name, rounding)                                                       \
  static void results_##name(int n, const float *x, const float *y, float *result) { \
    for (int i = 0; i < n; ++i) {                                                    \
      result[i] = arc_##name##f(x[i], y[i]);                                         \
    }                                                                                \
  }                                                                                  \
  static void truths_##name(int n, const float *x, const float *y, double *truth) {  \
    _Pragma("omp simd") for (int i = 0; i < n; ++i) {                                \
      truth[i] = name((double)x[i], (double)y[i]);                                   \
    }                                                                                \
  }                                                                                  \
  static double truth_##name(double x, double y) {                                   \
    return name(x, y);                                                               \
  }
#include "sweep_functions.h"
#undef UNARY
#undef BINARY

static const function_t FUNCTIONS[] = {
#define UNARY(name, rounding) {#name "f", 1, rounding, results_##name, truths_##name, truth_##name},
#define BINARY(name, rounding) {#name "f", 2, rounding, results_##name, truths_##name, truth_##name},
#include "sweep_functions.h"
#undef UNARY
#undef BINARY
};

/* 1/ulp: the spacing of float32 in the binade of the truth. Where float32 has no numbers left (2^128 and above), that
 * of the highest binade. */
static double inverse_ulp(double truth) {
  uint64_t bits;
  memcpy(&bits, &truth, sizeof bits);
  int64_t exponent = (int64_t)((bits >> 52) & 0x7ff) - 1023;
  exponent = exponent < -126 ? -126 : exponent;
  exponent = exponent > 127 ? 127 : exponent;
  bits = (uint64_t)(23 - exponent + 1023) << 52;
  double result;
  memcpy(&result, &bits, sizeof result);
  return result;
}

/* An overflow is the right answer where the truth rounds to 2^128, and is counted as that number. */
static double within_float(double value) {
  const double overflow = 0x1p128;
  value = value > overflow ? overflow : value;
  return value < -overflow ? -overflow : value;
}

static double error_in_ulp(float result, double truth) {
  return fabs(within_float((double)result) - within_float(truth)) * inverse_ulp(truth);
}

/* Of a NaN only that it is one; of zeros and infinities all bits; of other numbers their sign. */
static bool is_wrong_class(float result, double truth) {
  if (isnan(truth) || isnan(result)) {
    return !(isnan(truth) && isnan(result));
  }
  if (!signbit(result) != !signbit(truth)) {
    return true;
  }
  return (truth == 0.0 || isinf(truth)) && (double)result != truth;
}

static bool is_wrong(const function_t *function, float result, double truth) {
  if (is_wrong_class(result, truth)) {
    return true;
  }
  return function->rounding == EXACT && !isnan(truth) && bits_of(result) != bits_of((float)truth);
}

typedef struct tally_t {
  uint64_t arguments;
  uint64_t wrong;
  double largest;
  float x, y, result;
  double truth;
  float wrong_x, wrong_y, wrong_result;
  uint64_t hash;
} tally_t;

static void count_one(const function_t *function, tally_t *tally, float x, float y, float result) {
  const double truth = function->truth((double)x, (double)y);
  if (is_wrong(function, result, truth)) {
    if (tally->wrong++ == 0) {
      tally->wrong_x = x;
      tally->wrong_y = y;
      tally->wrong_result = result;
    }
    return;
  }
  if (isnan(truth) || isinf(truth)) {
    return;
  }
  const double error = error_in_ulp(result, truth);
  if (error > tally->largest) {
    tally->largest = error;
    tally->x = x;
    tally->y = y;
    tally->result = result;
    tally->truth = truth;
  }
}

/* FNV-1a over the result's bits, every NaN counted as one: two builds that agree print the same hash. */
static uint64_t hash_result(uint64_t hash, float result) {
  const uint32_t bits = isnan(result) ? UINT32_C(0x7fc00000) : bits_of(result);
  return (hash ^ bits) * UINT64_C(0x100000001b3);
}

static void count_block(const function_t *function, tally_t *tally, int n, const float *x, const float *y) {
  static float result[BLOCK];
  static double truth[BLOCK];
  static bool suspect[BLOCK];
  function->results(n, x, y, result);
  function->truths(n, x, y, truth);
  const double limit = tally->largest - VECTOR_SLACK;
  const bool exact = function->rounding == EXACT;
  for (int i = 0; i < n; ++i) {
    const double error = error_in_ulp(result[i], truth[i]);
    /* Right to the last bit, zeros, infinities and NaN included; or no more than what was found before. */
    const bool right = (isnan(truth[i]) && isnan(result[i])) || ((double)result[i] == truth[i] && !signbit(result[i]) == !signbit(truth[i]));
    const bool plain = right || (error <= limit && truth[i] != 0.0 && (result[i] > 0.0f) == (truth[i] > 0.0) && result[i] != 0.0f);
    suspect[i] = exact ? bits_of(result[i]) != bits_of((float)truth[i]) || !plain : !plain;
  }
  for (int i = 0; i < n; ++i) {
    if (suspect[i]) {
      count_one(function, tally, x[i], y[i], result[i]);
    }
    tally->hash = hash_result(tally->hash, result[i]);
  }
  tally->arguments += (uint64_t)n;
}

/* f(-x) of functions that are odd: -f(x); even: f(x). 0 for others. */
static int parity(const char *name) {
  static const char *const ODD[] = {"sinf", "tanf", "asinf", "atanf", "cbrtf", "sinhf", "tanhf", "asinhf", "atanhf", "erff"};
  static const char *const EVEN[] = {"cosf", "coshf"};
  for (size_t i = 0; i < sizeof ODD / sizeof ODD[0]; ++i) {
    if (strcmp(name, ODD[i]) == 0) {
      return -1;
    }
  }
  for (size_t i = 0; i < sizeof EVEN / sizeof EVEN[0]; ++i) {
    if (strcmp(name, EVEN[i]) == 0) {
      return 1;
    }
  }
  return 0;
}

/* Negative arguments of an odd or even function whose results mirror those of the positive ones, bit for bit, have the
 * same errors; the truth is asked only where they do not. */
static void count_mirrored(const function_t *function, tally_t *tally, int n, const float *x) {
  static float mirrored[BLOCK];
  static float positive[BLOCK];
  static float negative[BLOCK];
  const uint32_t sign = parity(function->name) < 0 ? 0x80000000u : 0u;
  for (int i = 0; i < n; ++i) {
    mirrored[i] = -x[i];
  }
  function->results(n, x, x, positive);
  function->results(n, mirrored, mirrored, negative);
  for (int i = 0; i < n; ++i) {
    if (bits_of(positive[i]) != (bits_of(negative[i]) ^ sign) && !(isnan(positive[i]) && isnan(negative[i]))) {
      count_one(function, tally, mirrored[i], mirrored[i], negative[i]);
    }
    tally->hash = hash_result(tally->hash, negative[i]);
  }
  tally->arguments += (uint64_t)n;
}

static void sweep(const function_t *function, tally_t *tally, uint64_t from, uint64_t to, uint64_t stride) {
  const bool mirror = from == 0 && to == UINT32_MAX && parity(function->name) != 0;
  to = mirror ? INT32_MAX : to;
  static float x[BLOCK];
  for (uint64_t start = from; start <= to;) {
    int n = 0;
    for (; n < BLOCK && start <= to; ++n, start += stride) {
      x[n] = float_of((uint32_t)start);
    }
    count_block(function, tally, n, x, x);
    if (mirror) {
      count_mirrored(function, tally, n, x);
    }
  }
}

static void sweep_special_pairs(const function_t *function, tally_t *tally) {
  float x[2 * SPECIALS];
  float y[2 * SPECIALS];
  for (int i = 0; i < 2 * SPECIALS; ++i) {
    y[i] = special(i);
  }
  for (int i = 0; i < 2 * SPECIALS; ++i) {
    for (int j = 0; j < 2 * SPECIALS; ++j) {
      x[j] = special(i);
    }
    count_block(function, tally, 2 * SPECIALS, x, y);
  }
}

static void sweep_random_pairs(const function_t *function, tally_t *tally, uint64_t pairs, uint64_t seed) {
  static float x[BLOCK];
  static float y[BLOCK];
  for (uint64_t done = 0; done < pairs;) {
    int n = 0;
    for (; n < BLOCK && done < pairs; ++n, ++done) {
      random_pair(&seed, done, &x[n], &y[n]);
    }
    count_block(function, tally, n, x, y);
  }
}

typedef struct options_t {
  uint64_t from, to, stride, pairs, seed;
} options_t;

static options_t parse_options(int argc, char **argv) {
  options_t options = {0, UINT32_MAX, 1, 1000000, 1};
  for (int i = 2; i + 1 < argc; i += 2) {
    if (strcmp(argv[i], "--stride") == 0) {
      options.stride = strtoull(argv[i + 1], NULL, 10);
    } else if (strcmp(argv[i], "--from") == 0) {
      options.from = strtoull(argv[i + 1], NULL, 16);
    } else if (strcmp(argv[i], "--to") == 0) {
      options.to = strtoull(argv[i + 1], NULL, 16);
    } else if (strcmp(argv[i], "--pairs") == 0) {
      options.pairs = strtoull(argv[i + 1], NULL, 10);
    } else if (strcmp(argv[i], "--seed") == 0) {
      options.seed = strtoull(argv[i + 1], NULL, 10);
    } else {
      fprintf(stderr, "unknown option %s\n", argv[i]);
      exit(2);
    }
  }
  return options;
}

static void print_tally(const function_t *function, const tally_t *tally) {
  printf("{\"function\": \"%s\", \"arguments\": %" PRIu64 ", \"ulp\": %.9f, \"x\": \"%08" PRIx32 "\", \"y\": \"%08" PRIx32 "\", ",
      function->name, tally->arguments, tally->largest, bits_of(tally->x), bits_of(tally->y));
  printf("\"result\": \"%08" PRIx32 "\", \"truth\": \"%a\", \"wrong\": %" PRIu64 ", ", bits_of(tally->result), tally->truth, tally->wrong);
  printf("\"wrong_x\": \"%08" PRIx32 "\", \"wrong_y\": \"%08" PRIx32 "\", \"wrong_result\": \"%08" PRIx32 "\", ",
      bits_of(tally->wrong_x), bits_of(tally->wrong_y), bits_of(tally->wrong_result));
  printf("\"hash\": \"%016" PRIx64 "\"}\n", tally->hash);
}

int main(int argc, char **argv) {
  for (size_t i = 0; argc > 1 && i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; ++i) {
    const function_t *function = &FUNCTIONS[i];
    if (strcmp(argv[1], function->name) != 0) {
      continue;
    }
    const options_t options = parse_options(argc, argv);
    tally_t tally = {0};
    tally.hash = UINT64_C(0xcbf29ce484222325);
    if (function->arguments == 1) {
      for (int j = 0; j < 2 * SPECIALS; ++j) {
        const float x = special(j);
        count_block(function, &tally, 1, &x, &x);
      }
      sweep(function, &tally, options.from, options.to, options.stride);
    } else {
      sweep_special_pairs(function, &tally);
      sweep_random_pairs(function, &tally, options.pairs, options.seed);
    }
    print_tally(function, &tally);
    return tally.wrong != 0;
  }
  fprintf(stderr, "usage: ulp_sweep FUNCTION [--stride N] [--from HEX] [--to HEX] [--pairs N] [--seed N]; functions:\n");
  for (size_t i = 0; i < sizeof FUNCTIONS / sizeof FUNCTIONS[0]; ++i) {
    fprintf(stderr, "  %s\n", FUNCTIONS[i].name);
  }
  return 2;
}
