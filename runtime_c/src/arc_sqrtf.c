/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

/* With the instruction, arc_math.h has all there is. */
#ifndef ARC_SQRT_INSTRUCTION

/* The root of v in [1, 4), digit by digit: bit is the next one, and remainder is v - root^2, shifted as many places as
 * there have been digits. All are in units of 2^-24, so that the 25th bit says how to round; a tie is impossible, since
 * the square of a number of 25 bits has more bits than v. */
ARC_FAST_CODE float arc_sqrtf(float x) {
  uint32_t bits = arc_bits_of(x);
  uint32_t bias = 0;
  if (bits - UINT32_C(0x00800000) >= UINT32_C(0x7f000000)) {
    if ((bits & ~ARC_SIGN_BIT) == 0u || bits == ARC_INFINITY_BITS) {
      return x;
    }
    if (bits >= UINT32_C(0x00800000)) { /* negative, or NaN */
      return (x - x) / (x - x);
    }
    bits = arc_bits_of(x * 16777216.0f);
    bias = (uint32_t)12 << 23;
  }
  /* Where the exponent is even, its field is odd, as that of 1 is. */
  const uint32_t exponent = ((bits >> 1) & UINT32_C(0x7fc00000)) + ((bits & UINT32_C(0x00800000)) >> 1);
  uint32_t remainder = (bits & UINT32_C(0x007fffff)) | UINT32_C(0x00800000);
  remainder <<= (bits & UINT32_C(0x00800000)) != 0u ? 1 : 2;
  uint32_t root = 0;
  for (uint32_t bit = (uint32_t)1 << 24; bit != 0u; bit >>= 1) {
    const uint32_t trial = 2u * root + bit;
    if (remainder >= trial) {
      remainder -= trial;
      root += bit;
    }
    remainder <<= 1;
  }
  return arc_float_of(((root + 1u) >> 1) + (exponent & UINT32_C(0x7f800000)) + UINT32_C(0x1f000000) - bias);
}

#endif
