/* SPDX-License-Identifier: 0BSD */
#include "arc_math_internal.h"

#include "arc_table.h"

/* erf(x) = x + x * rest(x^2) for |x| <= 0.8125, else sign(x) * (1 - erfc(|x|)), with one polynomial for each of three
 * intervals. It has the small erfc as its value, not erf: roundings of coefficients and sums then hardly count.
 * fit erf: x^2 from 9.3e-10 to 0.66015625, largest error 2^-27.93 of erf(x) */
static inline float arc_erf_small(float x) {
  const float z = x * x;
  float rest = -0.000650495465f;
  rest = ARC_MULTIPLY_ADD(rest, z, 0.00508148875f);
  rest = ARC_MULTIPLY_ADD(rest, z, -0.0268195979f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.112831116f);
  rest = ARC_MULTIPLY_ADD(rest, z, -0.376126051f);
  rest = ARC_MULTIPLY_ADD(rest, z, 0.128379166f);
  return ARC_MULTIPLY_ADD(rest, x, x);
}

#define ARC_ERFC_TERMS 9

/* The middle of an interval, and the coefficients, from the highest power, of erfc(middle + t). */
typedef struct arc_erfc_part_t {
  float middle;
  float coefficients[ARC_ERFC_TERMS];
} arc_erfc_part_t;

ARC_TABLE static const arc_erfc_part_t ARC_ERFC[3] = {
    /* fit erfc0: t from -0.34375 to 0.34375, largest error 2^-29.86 of erf(x) */
    {1.15625f, {0.00626981491f, -0.00808993448f, -0.0175641011f, 0.0582243204f, -0.0186207071f, -0.165359944f, 0.34268266f, -0.296374381f, 0.102010392f}},
    /* fit erfc1: t from -0.5 to 0.5, largest error 2^-30.27 of erf(x) */
    {2.0f, {-0.00141499972f, 0.00338611635f, -0.000501023023f, -0.0130892647f, 0.0344490409f, -0.0482229851f, 0.0413338318f, -0.0206669848f, 0.00467773573f}},
    /* fit erfc2: t from -0.7109375 to 0.7109375, largest error 2^-27.99 of erf(x) */
    {3.2109375f, {8.94908808e-05f, -0.000223432755f, 0.000314725941f, -0.000371761707f, 0.00035399638f, -0.000246999029f, 0.000120651355f, -3.75208183e-05f, 5.59984619e-06f}},
};

/* erfc(x) for x in (0.8125, 3.92], of these bits. */
static inline float arc_erfc_large(uint32_t bits) {
  const arc_erfc_part_t *const part = &ARC_ERFC[(bits > 0x3fc00000u ? 1 : 0) + (bits > 0x40200000u ? 1 : 0)]; /* 1.5, 2.5 */
  const float t = arc_float_of(bits) - ARC_READ_F32(part->middle);
  const float *const c = part->coefficients;
  float value = ARC_MULTIPLY_ADD(ARC_READ_F32(c[0]), t, ARC_READ_F32(c[1]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[2]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[3]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[4]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[5]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[6]));
  value = ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[7]));
  return ARC_MULTIPLY_ADD(value, t, ARC_READ_F32(c[8]));
}

/* One within half an ulp, or not a number. */
ARC_RARE_CASE float arc_erf_rare(float x) {
  return x != x ? x + x : arc_with_sign_of(1.0f, arc_bits_of(x));
}

ARC_FAST_CODE float arc_erff(float x) {
  const uint32_t magnitude = arc_bits_of(x) & ~ARC_SIGN_BIT;
  if (magnitude <= 0x3f500000u) { /* 0.8125 */
    return arc_erf_small(x);
  }
  if (ARC_UNLIKELY(magnitude > 0x407ad444u)) { /* 3.9192057 */
    return arc_erf_rare(x);
  }
  return arc_with_sign_of(1.0f - arc_erfc_large(magnitude), arc_bits_of(x));
}
