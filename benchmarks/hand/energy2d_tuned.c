/* SPDX-License-Identifier: 0BSD
 *
 * Gradient of the energy of a field on a grid of 32 x 32. Tuned: strips of four columns from top to bottom, two rows a
 * step; each difference is computed once for the two cells that it belongs to, and stays in a register until the second
 * one. At the border a cell is its own neighbour: a difference of zero. The four differences are summed in pairs, in
 * another order than in the plain version and in the generated one: last bits differ.
 */
#include "energy2d.h"

#define N 32

/* One cell: what it differs from the cells above and to its left, and what those below and to its right differ from it. */
#define CELL(k, value, above, below, left, right) \
  grad[k] = (value * value - 1.0f) * (area * value) + stiffness * ((above - below) + (left - right));

#define ROW(v0, v1, v2, v3, a0, a1, a2, a3, w0, w1, w2, w3, b0, b1, b2, b3) \
  {                                                                         \
    const float left0 = v0 - *left;                                         \
    const float left1 = v1 - v0;                                            \
    const float left2 = v2 - v1;                                            \
    const float left3 = v3 - v2;                                            \
    const float right3 = *right - v3;                                       \
    w0 = next[0];                                                           \
    w1 = next[1];                                                           \
    w2 = next[2];                                                           \
    w3 = next[3];                                                           \
    b0 = w0 - v0;                                                           \
    b1 = w1 - v1;                                                           \
    b2 = w2 - v2;                                                           \
    b3 = w3 - v3;                                                           \
    CELL(0, v0, a0, b0, left0, left1)                                       \
    CELL(1, v1, a1, b1, left1, left2)                                       \
    CELL(2, v2, a2, b2, left2, left3)                                       \
    CELL(3, v3, a3, b3, left3, right3)                                      \
    left += N;                                                              \
    right += N;                                                             \
    grad += N;                                                              \
  }

static inline void differentiate_strip(
    const float *cells, const float *left, const float *right, float stiffness, float area, float *grad) {
  const float *const last = cells + N * (N - 1);
  const float *next = cells;
  float u0 = next[0], u1 = next[1], u2 = next[2], u3 = next[3];
  float up0 = 0.0f, up1 = 0.0f, up2 = 0.0f, up3 = 0.0f;
  float w0, w1, w2, w3, down0, down1, down2, down3;

  do {
    next += N;
    ROW(u0, u1, u2, u3, up0, up1, up2, up3, w0, w1, w2, w3, down0, down1, down2, down3)
    next = next == last ? next : next + N;
    ROW(w0, w1, w2, w3, down0, down1, down2, down3, u0, u1, u2, u3, up0, up1, up2, up3)
  } while (next != last);
}

void energy2d_grad(const float *u, float stiffness, float spacing, float *grad_u) {
  const float area = spacing * spacing;
  for (int j = 0; j < N; j += 4) {
    differentiate_strip(u + j, u + (j > 0 ? j - 1 : j), u + (j < N - 4 ? j + 4 : j + 3), stiffness, area, grad_u + j);
  }
}
