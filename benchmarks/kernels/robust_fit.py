"""Jacobian of the residuals of a robust curve fit: a decaying exponential and a sine, 32 points, five parameters.

A least-squares solver minimises half the sum of squares of these residuals, which is the pseudo-Huber loss: each is
r sqrt(2 / (1 + sqrt(1 + (r / width)^2))), smooth at r = 0.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

POINTS = 32


def residuals(parameters: Any, times: Any, measured: Any, width: Any) -> Any:
    amplitude, rate, height, frequency, phase = parameters
    curve = amplitude * np.exp(-rate * times) + height * np.sin(frequency * times + phase)
    error = curve - measured
    growth = np.sqrt(1.0 + (error / width) ** 2)
    return error * np.sqrt(2.0 / (1.0 + growth))


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    """Parameters near those that the measurements come from, some of which are outliers."""
    truth = np.array([2.0, 1.5, 0.7, 6.0, 0.3])
    times = np.linspace(0.0, 2.0, POINTS)
    measured = truth[0] * np.exp(-truth[1] * times) + truth[2] * np.sin(truth[3] * times + truth[4])
    measured += generator.normal(0.0, 0.05, POINTS) + 2.0 * (generator.random(POINTS) < 0.1)
    parameters = truth * generator.uniform(0.8, 1.2, 5)
    return (*(array.astype(np.float32) for array in (parameters, times, measured)), np.float32(0.1))


KERNEL = Kernel(
    name="robust_fit",
    function=arc.jac(residuals, 0),
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
)
