/* SPDX-License-Identifier: 0BSD
 *
 * One step of an extended Kalman filter with six states and three measurements, by hand, for few instructions:
 *
 * - neither Jacobian is a matrix: the transition is the identity and seven numbers, the sensitivity four and constants;
 *   their products are sums of a few rows and columns, with no product by zero or one;
 * - the system of the gain is three by three: its elimination, with row exchanges, is written out, and its solution
 *   runs over the states once, in registers;
 * - a row of the gain is used for the state and the covariance while it is in registers.
 *
 * Terms are added in the order of the dense products, without the zeros. Every covariance is taken as it is, symmetric
 * or not.
 */
#include <math.h>

#include "arc_math.h"
#include "ekf.h"

#define PERIOD 0.05f

/* A row of the system: three coefficients, and the covariances of one measurement with the states. */
typedef struct row_t {
  float a, b, c;
  const float *right;
} row_t;

static inline void exchange(row_t *one, row_t *other) {
  const row_t kept = *one;
  *one = *other;
  *other = kept;
}

arc_status_t ekf(const float state[6], const float *covariance, const float measured[3], const float process_noise[6],
    const float measurement_noise[3], float state_out[6], float *covariance_out) {
  float predicted[6][6];
  float cross[3 * 6]; /* measurement by state */
  float ahead[6];

  const float path = PERIOD * state[3];
  float sine;
  float cosine;
  arc_sincosf(state[2] + 0.5f * PERIOD * state[4], &sine, &cosine);
  const float along = path * cosine;
  const float across = path * sine;
  const float x = state[0] + along;
  const float y = state[1] + across;
  ahead[0] = x;
  ahead[1] = y;
  ahead[2] = state[2] + PERIOD * state[4];
  ahead[3] = state[3];
  ahead[4] = state[4];
  ahead[5] = state[5];
  const float x_speed = PERIOD * cosine;
  const float y_speed = PERIOD * sine;
  const float x_turn = 0.5f * PERIOD * across;
  const float y_turn = 0.5f * PERIOD * along;

  /* Rows of transition * covariance, column by column. */
  for (int j = 0; j < 6; ++j) {
    const float *column = covariance + j;
    const float heading = column[12];
    const float speed = column[18];
    const float turn = column[24];
    predicted[0][j] = column[0] - across * heading + x_speed * speed - x_turn * turn;
    predicted[1][j] = column[6] + along * heading + y_speed * speed + y_turn * turn;
    predicted[2][j] = heading + PERIOD * turn;
    predicted[3][j] = speed;
    predicted[4][j] = turn;
    predicted[5][j] = column[30];
  }

  const float square = x * x + y * y;
  const float range = arc_sqrtf(square);
  const float range_x = x / range;
  const float range_y = y / range;
  const float bearing_x = y / square;
  const float bearing_y = x / square;

  /* Times the transposed transition, and the covariance with the measurements, row by row. */
  for (int i = 0; i < 6; ++i) {
    float *row = predicted[i];
    float p0 = row[0] - across * row[2] + x_speed * row[3] - x_turn * row[4];
    float p1 = row[1] + along * row[2] + y_speed * row[3] + y_turn * row[4];
    float p2 = row[2] + PERIOD * row[4];
    row[0] = p0;
    row[1] = p1;
    row[2] = p2;
    row[i] += process_noise[i];
    p0 = row[0];
    p1 = row[1];
    cross[i] = p0 * range_x + p1 * range_y;
    cross[6 + i] = p1 * bearing_y - p0 * bearing_x - row[2];
    cross[12 + i] = row[4] + row[5];
  }

  row_t one = {range_x * cross[0] + range_y * cross[1] + measurement_noise[0],
      range_x * cross[6] + range_y * cross[7], range_x * cross[12] + range_y * cross[13], cross};
  row_t two = {bearing_y * cross[1] - bearing_x * cross[0] - cross[2],
      bearing_y * cross[7] - bearing_x * cross[6] - cross[8] + measurement_noise[1],
      bearing_y * cross[13] - bearing_x * cross[12] - cross[14], cross + 6};
  row_t three = {cross[4] + cross[5], cross[10] + cross[11],
      cross[16] + cross[17] + measurement_noise[2], cross + 12};

  if (fabsf(two.a) > fabsf(one.a)) {
    if (fabsf(three.a) > fabsf(two.a)) {
      exchange(&one, &three);
    } else {
      exchange(&one, &two);
    }
  } else if (fabsf(three.a) > fabsf(one.a)) {
    exchange(&one, &three);
  }
  if (one.a == 0.0f) {
    return ARC_ERROR_SINGULAR;
  }
  float second = two.a / one.a;
  float third = three.a / one.a;
  two.b -= second * one.b;
  two.c -= second * one.c;
  three.b -= third * one.b;
  three.c -= third * one.c;
  if (fabsf(three.b) > fabsf(two.b)) {
    const float kept = second;
    second = third;
    third = kept;
    exchange(&two, &three);
  }
  if (two.b == 0.0f) {
    return ARC_ERROR_SINGULAR;
  }
  const float last = three.b / two.b;
  const float corner = three.c - last * two.c;
  if (corner == 0.0f) {
    return ARC_ERROR_SINGULAR;
  }

  const float error_0 = measured[0] - range;
  const float error_1 = measured[1] - (arc_atan2f(y, x) - ahead[2]);
  const float error_2 = measured[2] - (ahead[4] + ahead[5]);
  for (int i = 0; i < 6; ++i) {
    const float first = one.right[i];
    const float middle = two.right[i] - second * first;
    const float gain_2 = (three.right[i] - third * first - last * middle) / corner;
    const float gain_1 = (middle - two.c * gain_2) / two.b;
    const float gain_0 = (first - one.b * gain_1 - one.c * gain_2) / one.a;
    state_out[i] = ahead[i] + (gain_0 * error_0 + gain_1 * error_1 + gain_2 * error_2);
    for (int j = 0; j < 6; ++j) {
      covariance_out[6 * i + j] = predicted[i][j] - (gain_0 * cross[j] + gain_1 * cross[6 + j] + gain_2 * cross[12 + j]);
    }
  }
  return ARC_OK;
}
