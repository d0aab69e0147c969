/* SPDX-License-Identifier: 0BSD */
/* Payne and Hanek, Radian reduction for trigonometric functions, SIGNUM Newsletter 18 (1983): of the product of a large
 * number with 2/pi only the bits around the binary point matter. Those above make whole turns, those below are too
 * small; so a window of 96 bits of 2/pi is enough, and 32-bit multiplications with 64-bit results. */
#include "arc_trig_internal.h"

#include "arc_table.h"

/* 2/pi = 0.A2F9836E..., after 32 zero bits for the smallest arguments. */
ARC_TABLE static const uint32_t TWO_OVER_PI[8] = {
    0u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u, 0xfe5163abu};

/* Bits shift to shift + 31 of two words. */
static uint32_t window(uint32_t high, uint32_t low, uint32_t shift) {
  return (high << shift) | ((low >> 1) >> (31u - shift));
}

static uint32_t high_product(uint32_t a, uint32_t b) {
  return (uint32_t)(((uint64_t)a * b) >> 32);
}

/* x = m * 2^(e - 23) with a whole number m of 24 bits. Bits of 2/pi of weight 2^(25 - e) and above give multiples of
 * four quarter turns; the window begins after them. The product's 96 bits, of which 64 are kept, are then two bits of
 * whole quarter turns and a fraction. */
ARC_FAST_CODE arc_angle_t arc_reduce_large_angle(float x) {
  const uint32_t bits = arc_bits_of(x);
  const uint32_t exponent = (bits >> 23) & 0xffu;
  arc_angle_t angle;
  if (exponent == 0xffu) {
    angle.r = x - x;
    angle.low = 0.0f;
    angle.quadrant = 0;
    return angle;
  }
  const uint32_t m = (bits & UINT32_C(0x7fffff)) | UINT32_C(0x800000);
  const uint32_t first = exponent - 127u + 7u;
  const uint32_t *words = &TWO_OVER_PI[first >> 5];
  const uint32_t shift = first & 31u;
  const uint32_t word0 = ARC_READ_U32(words[0]);
  const uint32_t word1 = ARC_READ_U32(words[1]);
  const uint32_t word2 = ARC_READ_U32(words[2]);
  const uint32_t word3 = ARC_READ_U32(words[3]);
  uint64_t turns = (uint64_t)m * window(word1, word2, shift);
  turns += high_product(m, window(word2, word3, shift));
  turns += (uint64_t)(m * window(word0, word1, shift)) << 32;
  /* To the nearest quarter turn; the rest is a fraction of one, with sign. */
  const uint32_t quadrant = (uint32_t)((turns + (UINT64_C(1) << 61)) >> 62);
  uint64_t fraction = turns << 2;
  uint32_t sign = bits & ARC_SIGN_BIT;
  angle.quadrant = sign != 0u ? 0u - quadrant : quadrant;
  if ((fraction >> 63) != 0u) {
    fraction = 0u - fraction;
    sign ^= ARC_SIGN_BIT;
  }
  /* Times pi/2: the fraction is below 1/2 and pi/2 is below 2, so that the product fits in 64 bits behind the point. */
  const uint32_t fraction_high = (uint32_t)(fraction >> 32);
  const uint32_t fraction_low = (uint32_t)fraction;
  uint64_t radians = (uint64_t)fraction_high * UINT32_C(0xc90fdaa2);
  radians += high_product(fraction_high, UINT32_C(0x2168c235));
  radians += high_product(fraction_low, UINT32_C(0xc90fdaa2));
  /* In three pieces of 24, 24 and 16 bits, each of which is a float32; Dekker's fast sum of them. */
  const float unit = arc_float_of(arc_bits_of(1.1920929e-7f) | sign);
  const float head = (float)(int32_t)(radians >> 40);
  const uint32_t middle_bits = (uint32_t)(radians >> 16) & 0xffffffu;
  const uint32_t tail_bits = (uint32_t)radians & 0xffffu;
  const float middle = (float)(int32_t)middle_bits * 5.9604645e-8f;
  const float tail = (float)(int32_t)tail_bits * 9.094947e-13f;
  const float sum = head + middle;
  angle.r = sum * unit;
  angle.low = ((head - sum) + middle + tail) * unit;
  return angle;
}
