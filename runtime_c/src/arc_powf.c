/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

#include <limits.h>

#include "arc_table.h"

/* x^y = 2^(y log2 x), where the logarithm needs about 32 significant bits. It is computed with integers: their products
 * are exact, and one 32 x 32 -> 64 bit multiplication does what takes many operations with pairs of floats. Both
 * variants of the library have the same bits here. Negative integers are shifted arithmetically, as all compilers do.
 *
 * Comments give fixed-point formats: a number in Q31 is the integer times 2^-31. */

#define ARC_POW_SMALLEST_NORMAL_BITS UINT32_C(0x00800000)
#define ARC_POW_FIRST_BITS UINT32_C(0x3f340000) /* 45/64, where the table's octave begins */

/* -log2(reciprocal / 256) in Q55, and reciprocals of 16 parts of the octave. (P. T. P. Tang, ACM TOMS 16 (1990)) */
ARC_TABLE static const int64_t ARC_POW_LOG2[16] = {
    INT64_C(-17140103219423652),
    INT64_C(-14902516696186345),
    INT64_C(-12882168598108605),
    INT64_C(-10780104960921707),
    INT64_C(-8761266090839847),
    INT64_C(-7016855176031084),
    INT64_C(-5027867349298043),
    INT64_C(-3341928202260801),
    INT64_C(-1599466715201378),
    INT64_C(0),
    INT64_C(3138492423157931),
    INT64_C(6020771759500466),
    INT64_C(8831108431363637),
    INT64_C(11547946435456813),
    INT64_C(14147416421415543),
    INT64_C(16603553652566770),
};
ARC_TABLE static const uint16_t ARC_POW_RECIPROCAL[16] = {
    356,
    341,
    328,
    315,
    303,
    293,
    282,
    273,
    264,
    256,
    241,
    228,
    216,
    205,
    195,
    186,
};

#if defined(__GNUC__)
#define ARC_POW_SHARED static __attribute__((noinline))
#else
#define ARC_POW_SHARED static
#endif

static inline int32_t arc_leading_zeros(uint32_t nonzero) {
#if defined(__GNUC__) && UINT_MAX == 0xffffffffu
  return __builtin_clz(nonzero);
#else
  int32_t zeros = 0;
  while ((nonzero & ARC_SIGN_BIT) == 0u) {
    nonzero <<= 1;
    ++zeros;
  }
  return zeros;
#endif
}

/* The upper half of the product: if a is in Qn, the result is in Q(n + m - 32) for b in Qm. */
static inline int32_t arc_multiply_high(int32_t a, int32_t b) {
  return (int32_t)(((int64_t)a * b) >> 32);
}

/* log2 of a positive number, in Q55, from the bits it has, or would have if the exponent had no lower limit.
 * With m = x / 2^k in [45/64, 45/32) and r = m * reciprocal - 1, in [-1/32, 1/32]:
 * log2(x) = k - log2(reciprocal) + log2(1 + r), log2(1 + r) = r + r * slope(r).
 * fit pow_log2: r from -0.03125 to 0.03125, largest error 2^-34.36 of log2(1 + r) */
static inline int64_t arc_pow_log2(uint32_t bits) {
  const uint32_t offset = bits - ARC_POW_FIRST_BITS;
  const uint32_t part = (offset >> 19) & 15u;
  const int32_t k = (int32_t)offset >> 23;
  const uint32_t m = (offset & 0x007fffffu) + ARC_POW_FIRST_BITS;
  /* 24 bits of m below 1, 25 from 1 on: in Q24. The 1 that is subtracted is what the product in Q32 has no room for. */
  const uint32_t mantissa = ((m & 0x007fffffu) | 0x00800000u) << ((m >> 23) & 1u);
  const uint32_t relative = mantissa * ARC_READ_U16(ARC_POW_RECIPROCAL[part]); /* Q32, its sign in the highest bit */
  const int32_t r = (int32_t)relative;
  const int32_t eightfold = r * 8; /* Q35 */
  int32_t slope = -128943787; /* Q29 */
  int64_t product;
  slope = arc_multiply_high(slope, r) + 155362685;
  slope = arc_multiply_high(slope, r) - 193635678;
  slope = arc_multiply_high(slope, r) + 258179996;
  slope = arc_multiply_high(slope, r) - 387270501;
  slope = arc_multiply_high(slope, eightfold) + 1901360723; /* Q32 */
  product = (int64_t)slope * r + (int64_t)r * INT64_C(0x100000000); /* Q64 */
  return (product >> 9) + ARC_READ_I64(ARC_POW_LOG2[part]) + (int64_t)k * INT64_C(0x80000000000000);
}

/* 2^(f + 1/2) for f in [-1/2, 1/2), given in Q32; the result, in [1, 2), is in Q30.
 * fit pow_exp2: f from -0.5 to 0.5, largest error 2^-28.97 of the result */
static inline uint32_t arc_pow_exp2(int32_t f) {
  int32_t power = 232964;
  power = arc_multiply_high(power, f) + 2034735;
  power = arc_multiply_high(power, f) + 14605707;
  power = arc_multiply_high(power, f) + 84281772;
  power = arc_multiply_high(power, f) + 364783949;
  power = arc_multiply_high(power, f) + 1052544204;
  return (uint32_t)arc_multiply_high(power, f) + 1518500251u; /* 2^31 may come out for the greatest f */
}

/* 2^z for z beyond [-512, 512], or y not a number. */
ARC_RARE_CASE float arc_pow_saturated(int64_t logarithm, float y, uint32_t sign) {
  if (logarithm == 0) {
    return 1.0f;
  }
  if (y != y) {
    return y + y;
  }
  return arc_float_of(sign | ((logarithm < 0) == (y < 0.0f) ? ARC_INFINITY_BITS : 0u));
}

/* power * 2^n, power in Q30, where that is not a normal number: rounded once. */
ARC_RARE_CASE float arc_pow_unscaled(uint32_t power, int32_t n, uint32_t sign) {
  const int32_t distance = -119 - n;
  const uint32_t shift = (uint32_t)distance; /* from Q30 to multiples of 2^-149 */
  uint32_t rounded;
  if (n > 0) {
    return arc_float_of(sign | ARC_INFINITY_BITS);
  }
  if (shift > 31u) {
    return arc_float_of(sign);
  }
  rounded = (power >> shift) + ((power >> (shift - 1u)) & 1u);
  return arc_float_of(sign | rounded);
}

/* |x|^y with the given sign; bits as in arc_pow_log2. */
ARC_FAST_CODE ARC_POW_SHARED float arc_pow_positive(uint32_t bits, float y, uint32_t sign) {
  const int64_t logarithm = arc_pow_log2(bits);
  const uint32_t y_bits = arc_bits_of(y);
  const int32_t high = (int32_t)(logarithm >> 32);
  const uint32_t low = (uint32_t)logarithm;
  /* The logarithm in Q(23 + zeros), with 30 or 31 significant bits, and 32 more behind. */
  const int32_t zeros = arc_leading_zeros(((uint32_t)(high ^ (high >> 31)) << 1) | 1u);
  const int32_t leading = (int32_t)(((uint32_t)high << zeros) | ((low >> 1) >> (31 - zeros)));
  const uint32_t trailing = low << zeros;
  const uint32_t y_mantissa = (y_bits & 0x007fffffu) | 0x00800000u;
  const uint32_t y_exponent = (y_bits >> 23) & 0xffu;
  const int32_t shift = 141 + zeros - (int32_t)y_exponent;
  int64_t z;
  int32_t n;
  uint32_t fraction;
  uint32_t power;
  if (ARC_UNLIKELY(shift < 13)) {
    return arc_pow_saturated(logarithm, y, sign);
  }
  z = (int64_t)leading * (int32_t)y_mantissa + (int32_t)(((uint64_t)trailing * y_mantissa) >> 32);
  if ((int32_t)y_bits < 0) {
    z = ~z; /* -z, but for a unit that does not matter */
  }
  z >>= shift < 63 ? shift : 63; /* Q32 */
  n = (int32_t)(z >> 32);
  fraction = (uint32_t)z ^ ARC_SIGN_BIT;
  power = arc_pow_exp2((int32_t)fraction);
  if (ARC_UNLIKELY((uint32_t)n + 126u > 253u)) {
    return arc_pow_unscaled(power, n, sign);
  }
  return arc_float_of(sign + (((uint32_t)n + 126u) << 23) + ((power + 64u) >> 7));
}

/* Whether y, finite and not zero, is odd (1), even (2), or not whole (0). */
static uint32_t arc_parity(uint32_t y_bits) {
  const uint32_t exponent = (y_bits >> 23) & 0xffu;
  if (exponent < 127u) {
    return 0u;
  }
  if (exponent > 150u) {
    return 2u;
  }
  {
    const uint32_t unit = (uint32_t)1 << (150u - exponent);
    const uint32_t mantissa = (y_bits & 0x007fffffu) | 0x00800000u;
    if ((mantissa & (unit - 1u)) != 0u) {
      return 0u;
    }
    return (mantissa & unit) != 0u ? 1u : 2u;
  }
}

/* x is zero, subnormal, negative, infinite or not a number (C99, F.9.4.4). */
ARC_RARE_CASE float arc_pow_rare(float x, float y) {
  uint32_t bits = arc_bits_of(x) & ~ARC_SIGN_BIT;
  uint32_t sign = 0u;
  if (y == 0.0f) {
    return 1.0f;
  }
  if (x != x || y != y) {
    return x + y;
  }
  if (bits != arc_bits_of(x)) {
    const uint32_t parity = arc_parity(arc_bits_of(y));
    if (parity == 0u && bits != 0u && bits != ARC_INFINITY_BITS) {
      return arc_float_of(0x7fc00000u);
    }
    sign = parity == 1u ? ARC_SIGN_BIT : 0u;
  }
  if (bits == 0u || bits == ARC_INFINITY_BITS) {
    return arc_float_of(sign | ((bits == 0u) == (y < 0.0f) ? ARC_INFINITY_BITS : 0u));
  }
  if (bits < ARC_POW_SMALLEST_NORMAL_BITS) {
    bits = arc_bits_of(arc_float_of(bits) * 16777216.0f) - ((uint32_t)24 << 23);
  }
  return arc_pow_positive(bits, y, sign);
}

ARC_FAST_CODE float arc_powf(float x, float y) {
  const uint32_t bits = arc_bits_of(x);
  if (ARC_UNLIKELY(bits - ARC_POW_SMALLEST_NORMAL_BITS >= ARC_INFINITY_BITS - ARC_POW_SMALLEST_NORMAL_BITS)) {
    return arc_pow_rare(x, y);
  }
  return arc_pow_positive(bits, y, 0u);
}
