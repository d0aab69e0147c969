"""Gradient of a finite-difference energy on a grid of 32 x 32: the two wells of Ginzburg and Landau, and steepness."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

GRID = 32


def energy(u: Any, stiffness: Any, spacing: Any) -> Any:
    down = u[1:, :] - u[:-1, :]
    right = u[:, 1:] - u[:, :-1]
    well = u * u - 1.0
    steepness = 0.5 * stiffness * (np.sum(down * down) + np.sum(right * right))
    return steepness + 0.25 * spacing * spacing * np.sum(well * well)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    field = generator.uniform(-1.2, 1.2, (GRID, GRID)).astype(np.float32)
    return field, np.float32(0.02), np.float32(1.0 / (GRID - 1))


KERNEL = Kernel(
    name="energy2d",
    function=arc.grad(energy, 0),
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
    primal=energy,
    # Four differences of at most 2.4, their sums and products: less than 50 roundings of a unit, times the stiffness;
    # the largest element is above 4 times the stiffness.
    condition=16.0,
)
