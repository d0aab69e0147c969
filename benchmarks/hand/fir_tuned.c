/* SPDX-License-Identifier: 0BSD
 *
 * FIR filter of 64 taps over a block of 64 samples. Tuned: eight sums at once; eight samples rotate through registers, so
 * that each step of eight products loads one tap and one sample. The order of each sum is that of the plain version.
 */
#include <string.h>

#include "fir.h"

#define TAPS 64
#define BLOCK 64

/* One tap times eight samples; the oldest of them is then replaced by the one that follows. */
#define STEP(k, x0, x1, x2, x3, x4, x5, x6, x7) \
  {                                             \
    const float c = tap[-(k)];                  \
    sum0 += x0 * c;                             \
    sum1 += x1 * c;                             \
    sum2 += x2 * c;                             \
    sum3 += x3 * c;                             \
    sum4 += x4 * c;                             \
    sum5 += x5 * c;                             \
    sum6 += x6 * c;                             \
    sum7 += x7 * c;                             \
    x0 = next[k];                               \
  }

void fir(
    const float taps[64],
    const float history[63],
    const float samples[64],
    float filtered[64],
    float newest[63]) {
  /* One more than there are samples: the last step loads one that no sum uses. */
  float line[TAPS + BLOCK];

  memcpy(line, history, (TAPS - 1) * sizeof(float));
  memcpy(line + TAPS - 1, samples, BLOCK * sizeof(float));
  line[TAPS + BLOCK - 1] = 0.0f;
  for (int n = 0; n < BLOCK; n += 8) {
    const float *x = line + n;
    const float *next = x + 8;
    const float *const end = x + 8 + TAPS;
    const float *tap = taps + TAPS - 1;
    float x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3], x4 = x[4], x5 = x[5], x6 = x[6], x7 = x[7];
    float sum0 = 0.0f, sum1 = 0.0f, sum2 = 0.0f, sum3 = 0.0f, sum4 = 0.0f, sum5 = 0.0f, sum6 = 0.0f, sum7 = 0.0f;
    do {
      STEP(0, x0, x1, x2, x3, x4, x5, x6, x7)
      STEP(1, x1, x2, x3, x4, x5, x6, x7, x0)
      STEP(2, x2, x3, x4, x5, x6, x7, x0, x1)
      STEP(3, x3, x4, x5, x6, x7, x0, x1, x2)
      STEP(4, x4, x5, x6, x7, x0, x1, x2, x3)
      STEP(5, x5, x6, x7, x0, x1, x2, x3, x4)
      STEP(6, x6, x7, x0, x1, x2, x3, x4, x5)
      STEP(7, x7, x0, x1, x2, x3, x4, x5, x6)
      next += 8;
      tap -= 8;
    } while (next != end);
    filtered[n + 0] = sum0;
    filtered[n + 1] = sum1;
    filtered[n + 2] = sum2;
    filtered[n + 3] = sum3;
    filtered[n + 4] = sum4;
    filtered[n + 5] = sum5;
    filtered[n + 6] = sum6;
    filtered[n + 7] = sum7;
  }
  memcpy(newest, samples + 1, (TAPS - 1) * sizeof(float));
}
