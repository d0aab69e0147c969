/* SPDX-License-Identifier: 0BSD
 *
 * FIR filter of 64 taps over a block of 64 samples. Plain: remembered and new samples in one line, two loops.
 * Sums begin with the oldest sample.
 */
#include <string.h>

#include "fir.h"

#define TAPS 64
#define BLOCK 64

void fir(
    const float taps[64],
    const float history[63],
    const float samples[64],
    float filtered[64],
    float newest[63]) {
  float line[TAPS - 1 + BLOCK];

  memcpy(line, history, (TAPS - 1) * sizeof(float));
  memcpy(line + TAPS - 1, samples, BLOCK * sizeof(float));
  for (int n = 0; n < BLOCK; ++n) {
    float sum = 0.0f;
    for (int k = 0; k < TAPS; ++k) {
      sum += line[n + k] * taps[TAPS - 1 - k];
    }
    filtered[n] = sum;
  }
  memcpy(newest, line + BLOCK, (TAPS - 1) * sizeof(float));
}
