"""ADBench's hand tracking: distances between measured points and a posed, skinned hand, written in NumPy.

The pose theta (26,) is a rotation vector (3), a translation (3) and four angles for each of five fingers. The model of
the hand is constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from adbench_files import HandModel, IntArray

Array = Any
"""A NumPy array, or what stands for one while a function is traced."""

_FINGERS = 5


def joint_rotation(flexion: Array, abduction: Array) -> Array:
    """Homogeneous rotation (4, 4): first by the flexion about x, then by the abduction about z."""
    cx, sx, cz, sz = np.cos(flexion), np.sin(flexion), np.cos(abduction), np.sin(abduction)
    rows = [cz, -sz * cx, sz * sx, 0.0, sz, cz * cx, -cz * sx, 0.0, 0.0, sx, cx, 0.0, 0.0, 0.0, 0.0, 1.0]
    return np.stack(rows).reshape(4, 4)


def bone_transforms(model: HandModel, theta: Array) -> list[Array]:
    """Absolute transform (4, 4) of every bone, from its rest position."""
    angles = {}
    for finger in range(_FINGERS):
        first, spread, second, third = theta[6 + 4 * finger : 10 + 4 * finger]
        angles[2 + 4 * finger] = (first, spread)
        angles[3 + 4 * finger] = (second, 0.0 * second)
        angles[4 + 4 * finger] = (third, 0.0 * third)
    absolute: list[Array] = []
    for bone, parent in enumerate(model.parents):
        transform = model.relative[bone]
        if bone in angles:
            transform = transform @ joint_rotation(*angles[bone])
        absolute.append(transform if parent < 0 else absolute[parent] @ transform)
    return [transform @ inverse for transform, inverse in zip(absolute, model.inverse_absolute, strict=True)]


def global_rotation(rotation: Array) -> Array:
    """Rotation matrix (3, 3) of a rotation vector (Rodrigues)."""
    angle = np.sqrt(np.sum(rotation**2))
    x, y, z = rotation / angle
    c, s = np.cos(angle), np.sin(angle)
    t = 1 - c
    rows = [
        np.stack([c + t * x * x, t * x * y - s * z, t * x * z + s * y]),
        np.stack([t * x * y + s * z, c + t * y * y, t * y * z - s * x]),
        np.stack([t * x * z - s * y, t * y * z + s * x, c + t * z * z]),
    ]
    return np.stack(rows)


def posed_vertices(model: HandModel, theta: Array, which: IntArray) -> Array:
    """Positions (N, 3) of some vertices of the posed hand."""
    at_rest, weights = model.vertices[which], model.weights[which]
    skinned = sum(
        weights[:, bone, np.newaxis] * (at_rest @ transform[:3].T)
        for bone, transform in enumerate(bone_transforms(model, theta))
    )
    return skinned @ global_rotation(theta[:3]).T + theta[3:6]


def vertex_distances(model: HandModel, correspondences: IntArray, theta: Array, points: Array) -> Array:
    """Simple case: points minus the vertices they belong to, (3N,)."""
    return (points - posed_vertices(model, theta, correspondences)).ravel()


def surface_distances(model: HandModel, correspondences: IntArray, theta: Array, u: Array, points: Array) -> Array:
    """Complicated case: points minus positions in the triangles they belong to, at barycentric coordinates u, (3N,)."""
    a, b, c = (posed_vertices(model, theta, corner) for corner in model.triangles[correspondences].T)
    first, second = u[:, :1], u[:, 1:]
    return (points - (first * a + second * b + (1 - first - second) * c)).ravel()
