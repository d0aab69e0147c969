/* SPDX-License-Identifier: 0BSD
 *
 * Four second-order sections in direct form II transposed, a block of 64 samples. Tuned: each sample goes through all
 * sections; twenty coefficients and eight states stay in registers, nothing is stored in between. Same bits as plain.
 */
#include "biquad.h"

#define BLOCK 64

/* y becomes the output of a section for the input x. */
#define SECTION(x, y, b0, b1, b2, a1, a2, s0, s1) \
  const float y = b0 * x + s0;                    \
  s0 = b1 * x - a1 * y + s1;                      \
  s1 = b2 * x - a2 * y;

void biquad(const float *sections, const float *state, const float samples[64], float filtered[64], float *state_out) {
  const float *c = sections;
  const float b00 = c[0], b01 = c[1], b02 = c[2], a01 = c[3], a02 = c[4];
  const float b10 = c[5], b11 = c[6], b12 = c[7], a11 = c[8], a12 = c[9];
  const float b20 = c[10], b21 = c[11], b22 = c[12], a21 = c[13], a22 = c[14];
  const float b30 = c[15], b31 = c[16], b32 = c[17], a31 = c[18], a32 = c[19];
  float s00 = state[0], s01 = state[1], s10 = state[2], s11 = state[3];
  float s20 = state[4], s21 = state[5], s30 = state[6], s31 = state[7];

  for (int n = 0; n < BLOCK; ++n) {
    const float x = samples[n];
    SECTION(x, y0, b00, b01, b02, a01, a02, s00, s01)
    SECTION(y0, y1, b10, b11, b12, a11, a12, s10, s11)
    SECTION(y1, y2, b20, b21, b22, a21, a22, s20, s21)
    SECTION(y2, y3, b30, b31, b32, a31, a32, s30, s31)
    filtered[n] = y3;
  }
  state_out[0] = s00;
  state_out[1] = s01;
  state_out[2] = s10;
  state_out[3] = s11;
  state_out[4] = s20;
  state_out[5] = s21;
  state_out[6] = s30;
  state_out[7] = s31;
}
