"""Extended Kalman filter, one step: six states of a vehicle that turns at a constant rate, three measurements.

The state is position (2), heading, speed, turn rate and the bias of the gyroscope; measured are range and bearing of a
beacon at the origin, and the gyroscope.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

PERIOD = 0.05  # s


def predict(state: Any) -> Any:
    """The state one period later."""
    x, y, heading, speed, turn, bias = state
    middle = heading + 0.5 * PERIOD * turn
    path = PERIOD * speed
    ahead = [x + path * np.cos(middle), y + path * np.sin(middle), heading + PERIOD * turn, speed, turn, bias]
    return np.array(ahead, like=state)


def observe(state: Any) -> Any:
    """What is measured in a state."""
    x, y, heading, _, turn, bias = state
    return np.array([np.sqrt(x * x + y * y), np.arctan2(y, x) - heading, turn + bias], like=state)


def step(state: Any, covariance: Any, measured: Any, process_noise: Any, measurement_noise: Any) -> Any:
    """State and covariance after a period and a measurement; noises are variances of the elements."""
    transition = arc.jac(predict)(state)
    state = predict(state)
    covariance = transition @ covariance @ transition.T + np.diag(process_noise)
    sensitivity = arc.jac(observe)(state)
    cross = covariance @ sensitivity.T
    innovation_covariance = sensitivity @ cross + np.diag(measurement_noise)
    gain = np.linalg.solve(innovation_covariance, cross.T).T
    state = state + gain @ (measured - observe(state))
    covariance = covariance - gain @ cross.T
    return state, covariance


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    state = generator.uniform([5.0, -10.0, -1.0, 0.5, -0.5, -0.1], [20.0, 10.0, 1.0, 5.0, 0.5, 0.1])
    root = 0.3 * generator.normal(size=(6, 6))
    covariance = root @ root.T + 0.1 * np.eye(6)
    seen = state + generator.normal(0.0, 0.1, 6)
    x, y, heading, _, turn, bias = seen
    measured = np.array([np.hypot(x, y), np.arctan2(y, x) - heading, turn + bias])
    process_noise = generator.uniform(0.001, 0.1, 6)
    measurement_noise = generator.uniform(0.05, 0.5, 3)
    return tuple(a.astype(np.float32) for a in (state, covariance, measured, process_noise, measurement_noise))


KERNEL = Kernel(
    name="ekf",
    function=step,
    arguments=draw(np.random.default_rng(0)),
    family="array",
    draw=draw,
)
