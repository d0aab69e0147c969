"""ADBench's bundle adjustment: errors of observations of points by cameras, written in NumPy.

A camera (11,) is a rotation vector (3), a centre (3), a focal length, a principal point (2) and two coefficients of
radial distortion. Leading axes are observations, if there are any.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = Any
"""A NumPy array, or what stands for one while a function is traced."""


def dot(a: Array, b: Array) -> Array:
    """Product along the last axis, which stays."""
    return np.sum(a * b, axis=-1, keepdims=True)


def rotate(rotation: Array, point: Array) -> Array:
    """Rotate points about the direction of ``rotation`` by its length (Rodrigues)."""
    angle = np.sqrt(dot(rotation, rotation))
    axis = rotation / angle
    cosine, sine = np.cos(angle), np.sin(angle)
    return point * cosine + np.cross(axis, point) * sine + axis * dot(axis, point) * (1 - cosine)


def reprojection_error(camera: Array, point: Array, weight: Array, feature: Array) -> Array:
    """Weighted distance between where the camera sees the point and the feature, (..., 2)."""
    rotation, centre, focal = camera[..., :3], camera[..., 3:6], camera[..., 6:7]
    principal, first, second = camera[..., 7:9], camera[..., 9:10], camera[..., 10:11]
    seen = rotate(rotation, point - centre)
    image = seen[..., :2] / seen[..., 2:3]
    squared = dot(image, image)
    distortion = 1 + first * squared + second * squared**2
    return weight[..., np.newaxis] * (focal * distortion * image + principal - feature)


def weight_error(weight: Array) -> Array:
    """Distance of the square of weights from one."""
    return 1 - weight**2


def residual(cameras: Array, points: Array, weights: Array, features: Array) -> Array:
    """All errors (3p,): two of reprojection for each observation, then one for each weight.

    Observation i is of point ``i mod m`` by camera ``i mod n``.
    """
    observation = np.arange(weights.shape[0])
    camera, point = cameras[observation % cameras.shape[0]], points[observation % points.shape[0]]
    reprojection = reprojection_error(camera, point, weights, features)
    return np.concatenate([reprojection.ravel(), weight_error(weights)])
