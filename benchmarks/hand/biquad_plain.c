/* SPDX-License-Identifier: 0BSD
 *
 * Four second-order sections in direct form II transposed, a block of 64 samples. Plain: each section filters the whole
 * block, the later ones in place.
 */
#include "biquad.h"

#define SECTIONS 4
#define BLOCK 64

void biquad(const float *sections, const float *state, const float samples[64], float filtered[64], float *state_out) {
  const float *in = samples;
  for (int k = 0; k < SECTIONS; ++k) {
    const float b0 = sections[5 * k];
    const float b1 = sections[5 * k + 1];
    const float b2 = sections[5 * k + 2];
    const float a1 = sections[5 * k + 3];
    const float a2 = sections[5 * k + 4];
    float s0 = state[2 * k];
    float s1 = state[2 * k + 1];
    for (int n = 0; n < BLOCK; ++n) {
      const float x = in[n];
      const float y = b0 * x + s0;
      s0 = b1 * x - a1 * y + s1;
      s1 = b2 * x - a2 * y;
      filtered[n] = y;
    }
    state_out[2 * k] = s0;
    state_out[2 * k + 1] = s1;
    in = filtered;
  }
}
