/* SPDX-License-Identifier: 0BSD
 *
 * One step of an extended Kalman filter with six states and three measurements, by hand: dense matrices and loops over
 * them, as the equations stand in a textbook. The system of the gain is solved by elimination with row exchanges.
 */
#include <math.h>

#include "arc_math.h"
#include "ekf.h"

#define STATES 6
#define MEASUREMENTS 3
#define PERIOD 0.05f

/* product = a b, or a b^T for b given by rows. */
static void multiply(int rows, int inner, int columns, const float *a, const float *b, float *product) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      float sum = 0.0f;
      for (int k = 0; k < inner; ++k) {
        sum += a[i * inner + k] * b[k * columns + j];
      }
      product[i * columns + j] = sum;
    }
  }
}

static void multiply_transposed(int rows, int inner, int columns, const float *a, const float *b, float *product) {
  for (int i = 0; i < rows; ++i) {
    for (int j = 0; j < columns; ++j) {
      float sum = 0.0f;
      for (int k = 0; k < inner; ++k) {
        sum += a[i * inner + k] * b[j * inner + k];
      }
      product[i * columns + j] = sum;
    }
  }
}

static void predict(const float state[STATES], float after[STATES], float jacobian[STATES * STATES]) {
  const float path = PERIOD * state[3];
  float sine;
  float cosine;
  arc_sincosf(state[2] + 0.5f * PERIOD * state[4], &sine, &cosine);
  for (int i = 0; i < STATES * STATES; ++i) {
    jacobian[i] = 0.0f;
  }
  for (int i = 0; i < STATES; ++i) {
    after[i] = state[i];
    jacobian[i * STATES + i] = 1.0f;
  }
  after[0] += path * cosine;
  after[1] += path * sine;
  after[2] += PERIOD * state[4];
  jacobian[2] = -path * sine;
  jacobian[3] = PERIOD * cosine;
  jacobian[4] = -0.5f * PERIOD * path * sine;
  jacobian[STATES + 2] = path * cosine;
  jacobian[STATES + 3] = PERIOD * sine;
  jacobian[STATES + 4] = 0.5f * PERIOD * path * cosine;
  jacobian[2 * STATES + 4] = PERIOD;
}

static void observe(const float state[STATES], float seen[MEASUREMENTS], float jacobian[MEASUREMENTS * STATES]) {
  const float x = state[0];
  const float y = state[1];
  const float square = x * x + y * y;
  const float range = arc_sqrtf(square);
  seen[0] = range;
  seen[1] = arc_atan2f(y, x) - state[2];
  seen[2] = state[4] + state[5];
  for (int i = 0; i < MEASUREMENTS * STATES; ++i) {
    jacobian[i] = 0.0f;
  }
  jacobian[0] = x / range;
  jacobian[1] = y / range;
  jacobian[STATES] = -y / square;
  jacobian[STATES + 1] = x / square;
  jacobian[STATES + 2] = -1.0f;
  jacobian[2 * STATES + 4] = 1.0f;
  jacobian[2 * STATES + 5] = 1.0f;
}

static void exchange(float *a, float *b, int length) {
  for (int j = 0; j < length; ++j) {
    const float kept = a[j];
    a[j] = b[j];
    b[j] = kept;
  }
}

/* Solves matrix x = right for STATES columns, in place; matrix is destroyed. */
static arc_status_t solve(float matrix[MEASUREMENTS][MEASUREMENTS], float right[MEASUREMENTS][STATES]) {
  for (int k = 0; k < MEASUREMENTS; ++k) {
    int pivot = k;
    for (int i = k + 1; i < MEASUREMENTS; ++i) {
      if (fabsf(matrix[i][k]) > fabsf(matrix[pivot][k])) {
        pivot = i;
      }
    }
    if (matrix[pivot][k] == 0.0f) {
      return ARC_ERROR_SINGULAR;
    }
    if (pivot != k) {
      exchange(matrix[k], matrix[pivot], MEASUREMENTS);
      exchange(right[k], right[pivot], STATES);
    }
    for (int i = k + 1; i < MEASUREMENTS; ++i) {
      const float factor = matrix[i][k] / matrix[k][k];
      for (int j = k + 1; j < MEASUREMENTS; ++j) {
        matrix[i][j] -= factor * matrix[k][j];
      }
      for (int j = 0; j < STATES; ++j) {
        right[i][j] -= factor * right[k][j];
      }
    }
  }
  for (int i = MEASUREMENTS - 1; i >= 0; --i) {
    for (int j = 0; j < STATES; ++j) {
      float sum = right[i][j];
      for (int k = i + 1; k < MEASUREMENTS; ++k) {
        sum -= matrix[i][k] * right[k][j];
      }
      right[i][j] = sum / matrix[i][i];
    }
  }
  return ARC_OK;
}

arc_status_t ekf(const float state[6], const float *covariance, const float measured[3], const float process_noise[6],
    const float measurement_noise[3], float state_out[6], float *covariance_out) {
  float transition[STATES * STATES];
  float product[STATES * STATES];
  float predicted[STATES * STATES];
  float after[STATES];
  float seen[MEASUREMENTS];
  float sensitivity[MEASUREMENTS * STATES];
  float cross[STATES * MEASUREMENTS];
  float innovation[MEASUREMENTS][MEASUREMENTS];
  float gain[MEASUREMENTS][STATES]; /* transposed */

  predict(state, after, transition);
  multiply(STATES, STATES, STATES, transition, covariance, product);
  multiply_transposed(STATES, STATES, STATES, product, transition, predicted);
  for (int i = 0; i < STATES; ++i) {
    predicted[i * STATES + i] += process_noise[i];
  }

  observe(after, seen, sensitivity);
  multiply_transposed(STATES, STATES, MEASUREMENTS, predicted, sensitivity, cross);
  multiply(MEASUREMENTS, STATES, MEASUREMENTS, sensitivity, cross, innovation[0]);
  for (int i = 0; i < MEASUREMENTS; ++i) {
    innovation[i][i] += measurement_noise[i];
    for (int j = 0; j < STATES; ++j) {
      gain[i][j] = cross[j * MEASUREMENTS + i];
    }
  }
  const arc_status_t status = solve(innovation, gain);
  if (status != ARC_OK) {
    return status;
  }

  for (int i = 0; i < STATES; ++i) {
    float correction = 0.0f;
    for (int k = 0; k < MEASUREMENTS; ++k) {
      correction += gain[k][i] * (measured[k] - seen[k]);
    }
    state_out[i] = after[i] + correction;
    for (int j = 0; j < STATES; ++j) {
      float sum = 0.0f;
      for (int k = 0; k < MEASUREMENTS; ++k) {
        sum += gain[k][i] * cross[j * MEASUREMENTS + k];
      }
      covariance_out[i * STATES + j] = predicted[i * STATES + j] - sum;
    }
  }
  return ARC_OK;
}
