/* SPDX-License-Identifier: 0BSD */
/* The arguments at which functions of two numbers are tried: all pairs of special ones, then random pairs. */
#ifndef ARC_SWEEP_ARGUMENTS_H
#define ARC_SWEEP_ARGUMENTS_H

#include <math.h>
#include <stdint.h>
#include <string.h>

static float float_of(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}

static uint32_t bits_of(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

/* Both signs of each are tried: zeros, subnormals, neighbours of powers of two, of pi and of what overflows, NaN. */
static const uint32_t SPECIAL[] = {
    0x00000000,
    0x00000001,
    0x00000002,
    0x00000003,
    0x00200000,
    0x003fffff,
    0x00400000,
    0x00400001,
    0x007fffff,
    0x00800000,
    0x00800001,
    0x00ffffff,
    0x01000000,
    0x01800000,
    0x0c000000,
    0x1e800000,
    0x1f000000,
    0x20000000,
    0x33000000,
    0x337fffff,
    0x33800000,
    0x34000000,
    0x39800000,
    0x3d800000,
    0x3e000000,
    0x3e800000,
    0x3eaaaaab,
    0x3effffff,
    0x3f000000,
    0x3f000001,
    0x3f317218,
    0x3f490fda,
    0x3f490fdb,
    0x3f490fdc,
    0x3f7fffff,
    0x3f800000,
    0x3f800001,
    0x3fc00000,
    0x3fc90fda,
    0x3fc90fdb,
    0x3fc90fdc,
    0x3fffffff,
    0x40000000,
    0x40000001,
    0x40200000,
    0x402df854,
    0x40400000,
    0x40490fdb,
    0x40800000,
    0x40a00000,
    0x40c00000,
    0x40e00000,
    0x41000000,
    0x41200000,
    0x42aeac4f,
    0x42b0c0a5,
    0x42b17217,
    0x42b17218,
    0x42b17219,
    0x42b2d4fc,
    0x42cff1b4,
    0x42cff1b5,
    0x42fe0000,
    0x42ff0000,
    0x43000000,
    0x43150000,
    0x43160000,
    0x47800000,
    0x4a800000,
    0x4affffff,
    0x4b000000,
    0x4b000001,
    0x4b7fffff,
    0x4b800000,
    0x4b800001,
    0x4c000000,
    0x4effffff,
    0x4f000000,
    0x4f7fffff,
    0x4f800000,
    0x5e800000,
    0x5f000000,
    0x5f7fffff,
    0x5f800000,
    0x7e800000,
    0x7effffff,
    0x7f000000,
    0x7f7ffffe,
    0x7f7fffff,
    0x7f800000,
    0x7f800001,
    0x7fc00000,
    0x7fffffff,
};
enum {
  SPECIALS = (int)(sizeof SPECIAL / sizeof SPECIAL[0])
};

static float special(int i) {
  return float_of(SPECIAL[i % SPECIALS] | (i < SPECIALS ? 0u : 0x80000000u));
}

/* SplitMix64: Steele, Lea and Flood, Fast splittable pseudorandom number generators, OOPSLA 2014. */
static uint64_t next_random(uint64_t *state) {
  uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}

/* Four kinds of pairs in turn: any bits; alike in size (exponents at most 16 apart); both of ordinary size, 2^-8 to
 * 2^8; x near 1 with y of any size that does not overflow x^y at once. */
static void random_pair(uint64_t *state, uint64_t index, float *x, float *y) {
  const uint64_t random = next_random(state);
  const uint32_t low = (uint32_t)random;
  const uint32_t high = (uint32_t)(random >> 32);
  *x = float_of(low);
  *y = float_of(high);
  if (index % 4 == 1) {
    *y = ldexpf(float_of((high & 0x807fffffu) | 0x3f800000u), (int)((low >> 23) & 0xff) - 127 + (int)((high >> 23) & 0x1f) - 16);
  } else if (index % 4 == 2) {
    *x = ldexpf(float_of((low & 0x807fffffu) | 0x3f800000u), (int)((low >> 23) & 0xf) - 8);
    *y = ldexpf(float_of((high & 0x807fffffu) | 0x3f800000u), (int)((high >> 23) & 0xf) - 8);
  } else if (index % 4 == 3) {
    const int closeness = (int)((low >> 23) & 0x1f);
    *x = 1.0f + ldexpf(float_of((low & 0x807fffffu) | 0x3f800000u), -closeness - 1);
    *y = ldexpf(float_of((high & 0x807fffffu) | 0x3f800000u), closeness + (int)((high >> 23) & 0x7));
  }
}

#endif
