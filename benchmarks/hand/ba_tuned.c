/* SPDX-License-Identifier: 0BSD
 *
 * Jacobians of the reprojection error of one observation, by hand, for few instructions: the two rows of the lens are
 * propagated backwards through the rotation, in scalars. With g a row of the lens, a the axis and p the point from the
 * camera's centre, all that is needed are a . p, g . a, g . p, and the cross products a x p, g x a and p x g; no matrix
 * is formed.
 *
 * Products are grouped otherwise than in generated code, so that last bits differ.
 */
#include "arc_math.h"
#include "ba.h"

typedef struct vector_t {
  float x, y, z;
} vector_t;

static inline float dot(vector_t a, vector_t b) {
  return a.x * b.x + a.y * b.y + a.z * b.z;
}

static inline vector_t cross(vector_t a, vector_t b) {
  const vector_t result = {a.y * b.z - a.z * b.y, a.z * b.x - a.x * b.z, a.x * b.y - a.y * b.x};
  return result;
}

/* What both rows have in common. */
typedef struct rotation_t {
  vector_t axis, p, by_angle; /* by_angle: of what is seen, along the axis in all */
  float sine, cosine, versine, along, turn, tilt; /* turn, tilt: sine and versine by the angle */
} rotation_t;

/* One row for the rotation vector, the centre and the point, from that for what is seen. */
static inline void row_of(const rotation_t *r, vector_t g, float *camera, float *point) {
  const float on_axis = dot(g, r->axis);
  const float lifted = r->versine * on_axis;
  const vector_t around = cross(g, r->axis);
  const float x = r->cosine * g.x + r->sine * around.x + lifted * r->axis.x;
  const float y = r->cosine * g.y + r->sine * around.y + lifted * r->axis.y;
  const float z = r->cosine * g.z + r->sine * around.z + lifted * r->axis.z;
  point[0] = x;
  point[1] = y;
  point[2] = z;
  camera[3] = -x;
  camera[4] = -y;
  camera[5] = -z;
  const vector_t beside = cross(r->p, g);
  const float by_axis = r->tilt * r->along;
  const float by_point = r->tilt * on_axis;
  const float all = dot(g, r->by_angle);
  camera[0] = r->turn * beside.x + by_axis * g.x + by_point * r->p.x + all * r->axis.x;
  camera[1] = r->turn * beside.y + by_axis * g.y + by_point * r->p.y + all * r->axis.y;
  camera[2] = r->turn * beside.z + by_axis * g.z + by_point * r->p.z + all * r->axis.z;
}

void ba_jac(
    const float camera[11],
    const float point[3],
    float weight,
    const float feature[2],
    float *jac_camera,
    float *jac_point,
    float jac_weight[2]) {
  rotation_t r;
  const float angle = arc_sqrtf(camera[0] * camera[0] + camera[1] * camera[1] + camera[2] * camera[2]);
  arc_sincosf(angle, &r.sine, &r.cosine);
  r.versine = 1.0f - r.cosine;
  r.turn = r.sine / angle;
  r.tilt = r.versine / angle;
  r.axis.x = camera[0] / angle;
  r.axis.y = camera[1] / angle;
  r.axis.z = camera[2] / angle;
  r.p.x = point[0] - camera[3];
  r.p.y = point[1] - camera[4];
  r.p.z = point[2] - camera[5];
  r.along = dot(r.axis, r.p);
  const vector_t across = cross(r.axis, r.p);
  const float lifted = r.versine * r.along;
  const float sight = r.cosine * r.p.z + r.sine * across.z + lifted * r.axis.z;
  const float u = (r.cosine * r.p.x + r.sine * across.x + lifted * r.axis.x) / sight;
  const float v = (r.cosine * r.p.y + r.sine * across.y + lifted * r.axis.y) / sight;
  /* d(seen)/d(angle), less what the axis' change along itself would be. */
  const float swing = r.cosine - r.turn;
  const float stretch = r.along * (r.sine - 2.0f * r.tilt);
  r.by_angle.x = swing * across.x - r.sine * r.p.x + stretch * r.axis.x;
  r.by_angle.y = swing * across.y - r.sine * r.p.y + stretch * r.axis.y;
  r.by_angle.z = swing * across.z - r.sine * r.p.z + stretch * r.axis.z;

  const float square = u * u + v * v;
  const float first = camera[9];
  const float second = camera[10] * square;
  const float distortion = 1.0f + (first + second) * square;
  const float slope = 2.0f * (first + 2.0f * second);
  const float zoom = weight * camera[6];
  const float scale = zoom / sight;
  const float bend = scale * slope;
  const float straight = scale * distortion;
  const float mixed = bend * (u * v);
  const vector_t g = {bend * (u * u) + straight, mixed, -((bend * (u * u) + straight) * u + mixed * v)};
  const vector_t h = {mixed, bend * (v * v) + straight, -(mixed * u + (bend * (v * v) + straight) * v)};
  row_of(&r, g, jac_camera, jac_point);
  row_of(&r, h, jac_camera + 11, jac_point + 3);

  const float plain_u = distortion * u;
  const float plain_v = distortion * v;
  const float bent = zoom * square;
  jac_camera[6] = weight * plain_u;
  jac_camera[7] = weight;
  jac_camera[8] = 0.0f;
  jac_camera[9] = bent * u;
  jac_camera[10] = bent * square * u;
  jac_camera[17] = weight * plain_v;
  jac_camera[18] = 0.0f;
  jac_camera[19] = weight;
  jac_camera[20] = bent * v;
  jac_camera[21] = bent * square * v;
  jac_weight[0] = camera[6] * plain_u + camera[7] - feature[0];
  jac_weight[1] = camera[6] * plain_v + camera[8] - feature[1];
}
