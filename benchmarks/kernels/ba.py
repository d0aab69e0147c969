"""ADBench's bundle adjustment: Jacobian of the error of one observation for camera, point and weight."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel
from examples.adbench.bundle_adjustment import reprojection_error


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    rotation = generator.normal(0.0, 0.3, 3)
    centre = generator.normal(0.0, 0.5, 3)
    lens = [generator.uniform(0.5, 2.0), *generator.normal(0.0, 0.1, 4)]
    camera = np.concatenate([rotation, centre, lens]).astype(np.float32)
    point = np.append(generator.normal(0.0, 1.0, 2), generator.uniform(4.0, 8.0)).astype(np.float32)
    weight = np.float32(generator.uniform(0.5, 1.5))
    return camera, point, weight, generator.normal(0.0, 0.3, 2).astype(np.float32)


KERNEL = Kernel(
    name="ba",
    function=arc.jac(reprojection_error, (0, 1, 2)),
    arguments=draw(np.random.default_rng(0)),
    family="straight",
    draw=draw,
)
