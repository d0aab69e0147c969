/* SPDX-License-Identifier: 0BSD
 *
 * Jacobians of a Runge-Kutta step of a quadrotor, by hand, for few instructions:
 *
 * - columns of position and velocity are constants, and zeros are written, not computed;
 * - the attitude of a stage is q * s, where s depends on the angular velocity only: one s for four columns;
 * - the four thrusts are one lift and three torques: the lift's column needs no tangent, those of the torques are added;
 * - velocity is the sum of accelerations, position that of velocities: neither is a part of the tangent that runs
 *   through the stages, and the lift is multiplied once for each column;
 * - half the angular velocity is carried, so that the quaternion's rate has no factor.
 *
 * Sums run in another order than in generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "quadrotor.h"

#define PERIOD 0.02f
#define HALF (0.5f * PERIOD)
#define SIXTH (PERIOD / 6.0f)
#define MASS 0.8f
#define INERTIA_X 0.006f
#define INERTIA_Y 0.007f
#define INERTIA_Z 0.011f
#define ARM 0.17f
#define DRAG 0.016f

/* Rates of half the angular velocity by products of its elements. */
#define COUPLING_X (-2.0f * (INERTIA_Z - INERTIA_Y) / INERTIA_X)
#define COUPLING_Y (-2.0f * (INERTIA_X - INERTIA_Z) / INERTIA_Y)
#define COUPLING_Z (-2.0f * (INERTIA_Y - INERTIA_X) / INERTIA_Z)

typedef struct quaternion_t {
  float w, x, y, z;
} quaternion_t;

/* Half an angular velocity. */
typedef struct spin_t {
  float p, q, r;
} spin_t;

typedef struct stage_t {
  quaternion_t attitude;
  spin_t spin;
} stage_t;

typedef struct column_t {
  float position[3];
  quaternion_t attitude;
  float velocity[3];
  spin_t spin; /* the whole of it */
} column_t;

/* Product of a quaternion and a vector. */
static inline quaternion_t turned(quaternion_t a, spin_t s) {
  quaternion_t result;
  result.w = -(a.x * s.p + a.y * s.q + a.z * s.r);
  result.x = a.w * s.p + a.y * s.r - a.z * s.q;
  result.y = a.w * s.q + a.z * s.p - a.x * s.r;
  result.z = a.w * s.r + a.x * s.q - a.y * s.p;
  return result;
}

static inline quaternion_t moved(quaternion_t a, float time, quaternion_t rate) {
  const quaternion_t result = {a.w + time * rate.w, a.x + time * rate.x, a.y + time * rate.y, a.z + time * rate.z};
  return result;
}

static inline quaternion_t sum(quaternion_t a, quaternion_t b) {
  const quaternion_t result = {a.w + b.w, a.x + b.x, a.y + b.y, a.z + b.z};
  return result;
}

static inline spin_t moved_spin(spin_t a, float time, spin_t rate) {
  const spin_t result = {a.p + time * rate.p, a.q + time * rate.q, a.r + time * rate.r};
  return result;
}

static inline spin_t spin_rate(spin_t s, spin_t torque) {
  const spin_t result = {torque.p + COUPLING_X * (s.q * s.r), torque.q + COUPLING_Y * (s.r * s.p),
      torque.r + COUPLING_Z * (s.p * s.q)};
  return result;
}

static inline spin_t spin_tangent(spin_t s, spin_t d, spin_t torque) {
  const spin_t result = {torque.p + COUPLING_X * (d.q * s.r + s.q * d.r),
      torque.q + COUPLING_Y * (d.r * s.p + s.r * d.p), torque.r + COUPLING_Z * (d.p * s.q + s.p * d.q)};
  return result;
}

/* Tangent of the thrust's direction, half of it. */
static inline void tilt(quaternion_t a, quaternion_t d, float result[3]) {
  result[0] = a.z * d.x + a.x * d.z + a.y * d.w + a.w * d.y;
  result[1] = a.z * d.y + a.y * d.z - a.x * d.w - a.w * d.x;
  result[2] = -2.0f * (a.x * d.x + a.y * d.y);
}

/* Position and velocity of a column, from the tangents of the attitude at stages two to four, and the first tilt. */
static void integrate(const stage_t stages[4], const quaternion_t tangents[3], const float first[3], float lift, column_t *column) {
  float second[3];
  float third[3];
  float fourth[3];
  tilt(stages[1].attitude, tangents[0], second);
  tilt(stages[2].attitude, tangents[1], third);
  tilt(stages[3].attitude, tangents[2], fourth);
  const float by_velocity = SIXTH * lift;
  const float by_position = PERIOD * by_velocity;
  const float middle_x = second[0] + third[0];
  const float middle_y = second[1] + third[1];
  const float middle_z = second[2] + third[2];
  const float x = first[0] + middle_x;
  const float y = first[1] + middle_y;
  const float z = first[2] + middle_z;
  column->position[0] = by_position * x;
  column->position[1] = by_position * y;
  column->position[2] = by_position * z;
  column->velocity[0] = by_velocity * (x + middle_x + fourth[0]);
  column->velocity[1] = by_velocity * (y + middle_y + fourth[1]);
  column->velocity[2] = by_velocity * (z + middle_z + fourth[2]);
}

/* The column of an element of half the angular velocity, or of a torque: half of its rate. */
static void spin_column(const stage_t stages[4], spin_t seed, spin_t torque, float lift, column_t *column) {
  static const float none[3] = {0.0f, 0.0f, 0.0f};
  quaternion_t tangents[3];
  const spin_t spin_1 = spin_tangent(stages[0].spin, seed, torque);
  const quaternion_t rate_1 = turned(stages[0].attitude, seed);
  const spin_t d2 = moved_spin(seed, HALF, spin_1);
  tangents[0].w = HALF * rate_1.w;
  tangents[0].x = HALF * rate_1.x;
  tangents[0].y = HALF * rate_1.y;
  tangents[0].z = HALF * rate_1.z;

  const spin_t spin_2 = spin_tangent(stages[1].spin, d2, torque);
  const quaternion_t rate_2 = sum(turned(tangents[0], stages[1].spin), turned(stages[1].attitude, d2));
  const spin_t d3 = moved_spin(seed, HALF, spin_2);
  tangents[1].w = HALF * rate_2.w;
  tangents[1].x = HALF * rate_2.x;
  tangents[1].y = HALF * rate_2.y;
  tangents[1].z = HALF * rate_2.z;

  const spin_t spin_3 = spin_tangent(stages[2].spin, d3, torque);
  const quaternion_t rate_3 = sum(turned(tangents[1], stages[2].spin), turned(stages[2].attitude, d3));
  const spin_t d4 = moved_spin(seed, PERIOD, spin_3);
  tangents[2].w = PERIOD * rate_3.w;
  tangents[2].x = PERIOD * rate_3.x;
  tangents[2].y = PERIOD * rate_3.y;
  tangents[2].z = PERIOD * rate_3.z;

  const spin_t spin_4 = spin_tangent(stages[3].spin, d4, torque);
  const quaternion_t rate_4 = sum(turned(tangents[2], stages[3].spin), turned(stages[3].attitude, d4));
  column->attitude.w = SIXTH * (rate_1.w + 2.0f * (rate_2.w + rate_3.w) + rate_4.w);
  column->attitude.x = SIXTH * (rate_1.x + 2.0f * (rate_2.x + rate_3.x) + rate_4.x);
  column->attitude.y = SIXTH * (rate_1.y + 2.0f * (rate_2.y + rate_3.y) + rate_4.y);
  column->attitude.z = SIXTH * (rate_1.z + 2.0f * (rate_2.z + rate_3.z) + rate_4.z);
  column->spin.p = 2.0f * (seed.p + SIXTH * (spin_1.p + 2.0f * (spin_2.p + spin_3.p) + spin_4.p));
  column->spin.q = 2.0f * (seed.q + SIXTH * (spin_1.q + 2.0f * (spin_2.q + spin_3.q) + spin_4.q));
  column->spin.r = 2.0f * (seed.r + SIXTH * (spin_1.r + 2.0f * (spin_2.r + spin_3.r) + spin_4.r));
  integrate(stages, tangents, none, lift, column);
}

/* The columns of the attitude: e * s for the four units e. */
static void attitude_columns(const stage_t stages[4], float lift, float *jac) {
  const quaternion_t one = {1.0f, 0.0f, 0.0f, 0.0f};
  const quaternion_t q = stages[0].attitude;
  const float first[4][3] = {{q.y, -q.x, 0.0f}, {q.z, -q.w, -2.0f * q.x}, {q.w, q.z, -2.0f * q.y}, {q.x, q.y, 0.0f}};
  quaternion_t s[4];
  const quaternion_t rate_1 = {0.0f, stages[0].spin.p, stages[0].spin.q, stages[0].spin.r};
  s[0] = moved(one, HALF, rate_1);
  const quaternion_t rate_2 = turned(s[0], stages[1].spin);
  s[1] = moved(one, HALF, rate_2);
  const quaternion_t rate_3 = turned(s[1], stages[2].spin);
  s[2] = moved(one, PERIOD, rate_3);
  const quaternion_t rate_4 = turned(s[2], stages[3].spin);
  const quaternion_t middle = sum(rate_2, rate_3);
  s[3] = moved(one, SIXTH, sum(sum(rate_1, sum(middle, middle)), rate_4));
  for (int j = 0; j < 4; ++j) {
    column_t column;
    integrate(stages, s, first[j], lift, &column);
    for (int i = 0; i < 3; ++i) {
      jac[13 * i + 3 + j] = column.position[i];
      jac[13 * (i + 7) + 3 + j] = column.velocity[i];
      jac[13 * (i + 10) + 3 + j] = 0.0f;
    }
    jac[13 * 3 + 3 + j] = s[3].w;
    jac[13 * 4 + 3 + j] = s[3].x;
    jac[13 * 5 + 3 + j] = s[3].y;
    jac[13 * 6 + 3 + j] = s[3].z;
    for (int i = 0; i < 4; ++i) {
      /* From e_j * s to e_{j+1} * s: by i, k, i on the left. */
      const quaternion_t a = s[i];
      if (j == 1) {
        const quaternion_t next = {-a.z, -a.y, a.x, a.w};
        s[i] = next;
      } else {
        const quaternion_t next = {-a.x, a.w, -a.z, a.y};
        s[i] = next;
      }
    }
  }
}

/* Rows of the Jacobian for the thrusts: front, left, back, right. */
static inline void mix(float *row, float lift, float roll, float pitch, float yaw) {
  const float plus = lift + yaw;
  const float minus = lift - yaw;
  row[0] = plus - pitch;
  row[1] = minus + roll;
  row[2] = plus + pitch;
  row[3] = minus - roll;
}

void quadrotor_jac(const float state[13], const float thrusts[4], float *jac_state, float *jac_thrusts) {
  stage_t stages[4];
  column_t columns[6];
  const float front = thrusts[0];
  const float left = thrusts[1];
  const float back = thrusts[2];
  const float right = thrusts[3];
  const float lift = (front + left + back + right) * (2.0f / MASS);
  const spin_t torque = {0.5f * ARM / INERTIA_X * (left - right), 0.5f * ARM / INERTIA_Y * (back - front),
      0.5f * DRAG / INERTIA_Z * (front - left + back - right)};
  const quaternion_t attitude = {state[3], state[4], state[5], state[6]};
  const spin_t spin = {0.5f * state[10], 0.5f * state[11], 0.5f * state[12]};
  stages[0].attitude = attitude;
  stages[0].spin = spin;
  for (int i = 0; i < 3; ++i) {
    const float time = i < 2 ? HALF : PERIOD;
    stages[i + 1].attitude = moved(attitude, time, turned(stages[i].attitude, stages[i].spin));
    stages[i + 1].spin = moved_spin(spin, time, spin_rate(stages[i].spin, torque));
  }

  for (int i = 0; i < 169; ++i) {
    jac_state[i] = 0.0f;
  }
  for (int i = 0; i < 3; ++i) {
    jac_state[14 * i] = 1.0f;
    jac_state[14 * i + 7] = PERIOD;
    jac_state[14 * (i + 7)] = 1.0f;
  }
  attitude_columns(stages, lift, jac_state);

  static const spin_t zero = {0.0f, 0.0f, 0.0f};
  static const spin_t seeds[3] = {{0.5f, 0.0f, 0.0f}, {0.0f, 0.5f, 0.0f}, {0.0f, 0.0f, 0.5f}};
  static const spin_t torques[3] = {{0.5f * ARM / INERTIA_X, 0.0f, 0.0f}, {0.0f, 0.5f * ARM / INERTIA_Y, 0.0f},
      {0.0f, 0.0f, 0.5f * DRAG / INERTIA_Z}};
  for (int j = 0; j < 3; ++j) {
    spin_column(stages, seeds[j], zero, lift, &columns[j]);
    spin_column(stages, zero, torques[j], lift, &columns[j + 3]);
  }
  for (int j = 0; j < 3; ++j) {
    float *top = jac_state + 10 + j;
    const column_t *column = &columns[j];
    top[0] = column->position[0];
    top[13] = column->position[1];
    top[26] = column->position[2];
    top[39] = column->attitude.w;
    top[52] = column->attitude.x;
    top[65] = column->attitude.y;
    top[78] = column->attitude.z;
    top[91] = column->velocity[0];
    top[104] = column->velocity[1];
    top[117] = column->velocity[2];
    top[130] = column->spin.p;
    top[143] = column->spin.q;
    top[156] = column->spin.r;
  }

  float upwards[4][3];
  for (int i = 0; i < 4; ++i) {
    const quaternion_t a = stages[i].attitude;
    upwards[i][0] = 2.0f * (a.x * a.z + a.w * a.y);
    upwards[i][1] = 2.0f * (a.y * a.z - a.w * a.x);
    upwards[i][2] = 1.0f - 2.0f * (a.x * a.x + a.y * a.y);
  }
  const column_t *roll = &columns[3];
  const column_t *pitch = &columns[4];
  const column_t *yaw = &columns[5];
  for (int i = 0; i < 3; ++i) {
    const float middle = upwards[1][i] + upwards[2][i];
    const float position = upwards[0][i] + middle;
    const float velocity = position + middle + upwards[3][i];
    mix(jac_thrusts + 4 * i, PERIOD * SIXTH / MASS * position, roll->position[i], pitch->position[i], yaw->position[i]);
    mix(jac_thrusts + 4 * (i + 7), SIXTH / MASS * velocity, roll->velocity[i], pitch->velocity[i], yaw->velocity[i]);
  }
  mix(jac_thrusts + 12, 0.0f, roll->attitude.w, pitch->attitude.w, yaw->attitude.w);
  mix(jac_thrusts + 16, 0.0f, roll->attitude.x, pitch->attitude.x, yaw->attitude.x);
  mix(jac_thrusts + 20, 0.0f, roll->attitude.y, pitch->attitude.y, yaw->attitude.y);
  mix(jac_thrusts + 24, 0.0f, roll->attitude.z, pitch->attitude.z, yaw->attitude.z);
  mix(jac_thrusts + 40, 0.0f, roll->spin.p, pitch->spin.p, yaw->spin.p);
  mix(jac_thrusts + 44, 0.0f, roll->spin.q, pitch->spin.q, yaw->spin.q);
  mix(jac_thrusts + 48, 0.0f, roll->spin.r, pitch->spin.r, yaw->spin.r);
}
