/* SPDX-License-Identifier: 0BSD
 *
 * Jacobians of the reprojection error of one observation, by hand: those of rotation, projection and lens as small
 * matrices, multiplied in loops.
 *
 * Products are grouped otherwise than in generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "ba.h"

void ba_jac(
    const float camera[11],
    const float point[3],
    float weight,
    const float feature[2],
    float *jac_camera,
    float *jac_point,
    float jac_weight[2]) {
  float axis[3];
  float p[3];
  float across[3]; /* axis x p */
  float matrix[3][3]; /* of the rotation */
  float by_turn[3][3]; /* what is seen, by the rotation vector */
  float seen[3];
  float image[2];
  float lens[2][3]; /* error by what is seen */

  float squares = 0.0f;
  for (int i = 0; i < 3; ++i) {
    squares += camera[i] * camera[i];
  }
  const float angle = arc_sqrtf(squares);
  float sine;
  float cosine;
  arc_sincosf(angle, &sine, &cosine);
  const float versine = 1.0f - cosine;
  float along = 0.0f; /* axis . p */
  for (int i = 0; i < 3; ++i) {
    axis[i] = camera[i] / angle;
    p[i] = point[i] - camera[3 + i];
    along += axis[i] * p[i];
  }
  for (int i = 0; i < 3; ++i) {
    const int next = (i + 1) % 3;
    const int last = (i + 2) % 3;
    across[i] = axis[next] * p[last] - axis[last] * p[next];
  }
  for (int i = 0; i < 3; ++i) {
    const int next = (i + 1) % 3;
    const int last = (i + 2) % 3;
    for (int j = 0; j < 3; ++j) {
      matrix[i][j] = versine * axis[i] * axis[j];
      by_turn[i][j] = versine * axis[i] * p[j];
    }
    matrix[i][i] += cosine;
    matrix[i][next] -= sine * axis[last];
    matrix[i][last] += sine * axis[next];
    by_turn[i][i] += versine * along;
    by_turn[i][next] += sine * p[last];
    by_turn[i][last] -= sine * p[next];
    seen[i] = cosine * p[i] + sine * across[i] + versine * along * axis[i];
  }
  /* The angle and the axis both depend on the rotation vector: d(axis) = (I - axis axis^T) / angle. */
  for (int i = 0; i < 3; ++i) {
    const float by_angle = cosine * across[i] - sine * p[i] + sine * along * axis[i];
    const float by_axis = sine * across[i] + 2.0f * versine * along * axis[i];
    for (int j = 0; j < 3; ++j) {
      by_turn[i][j] = by_turn[i][j] / angle + (by_angle - by_axis / angle) * axis[j];
    }
  }

  const float focal = camera[6];
  image[0] = seen[0] / seen[2];
  image[1] = seen[1] / seen[2];
  const float square = image[0] * image[0] + image[1] * image[1];
  const float distortion = 1.0f + camera[9] * square + camera[10] * square * square;
  const float slope = 2.0f * (camera[9] + 2.0f * camera[10] * square);
  for (int i = 0; i < 2; ++i) {
    lens[i][2] = 0.0f;
    for (int j = 0; j < 2; ++j) {
      const float bent = slope * image[i] * image[j] + (i == j ? distortion : 0.0f);
      lens[i][j] = weight * focal * bent / seen[2];
      lens[i][2] -= lens[i][j] * image[j];
    }
  }

  for (int i = 0; i < 2; ++i) {
    float *row = jac_camera + 11 * i;
    for (int j = 0; j < 3; ++j) {
      float turn = 0.0f;
      float shift = 0.0f;
      for (int k = 0; k < 3; ++k) {
        turn += lens[i][k] * by_turn[k][j];
        shift += lens[i][k] * matrix[k][j];
      }
      row[j] = turn;
      row[3 + j] = -shift;
      jac_point[3 * i + j] = shift;
    }
    row[6] = weight * distortion * image[i];
    row[7] = i == 0 ? weight : 0.0f;
    row[8] = i == 1 ? weight : 0.0f;
    row[9] = weight * focal * square * image[i];
    row[10] = weight * focal * square * square * image[i];
    jac_weight[i] = focal * distortion * image[i] + camera[7 + i] - feature[i];
  }
}
