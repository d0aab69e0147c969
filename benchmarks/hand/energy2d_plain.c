/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the energy of a field on a grid of 32 x 32. Plain: cell by cell, with the differences to the neighbours
 * that exist; those add up before the stiffness multiplies them, so that last bits differ from generated ones.
 */
#include "energy2d.h"

#define N 32

void energy2d_grad(const float *u, float stiffness, float spacing, float *grad_u) {
  const float area = spacing * spacing;
  for (int i = 0; i < N; ++i) {
    for (int j = 0; j < N; ++j) {
      const float *cell = u + N * i + j;
      const float value = *cell;
      float steepness = 0.0f;
      if (i > 0) {
        steepness += value - cell[-N];
      }
      if (i < N - 1) {
        steepness += value - cell[N];
      }
      if (j > 0) {
        steepness += value - cell[-1];
      }
      if (j < N - 1) {
        steepness += value - cell[1];
      }
      grad_u[N * i + j] = (value * value - 1.0f) * (area * value) + stiffness * steepness;
    }
  }
}
