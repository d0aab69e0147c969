"""A step of a quadrotor, thirteen states, by the classical Runge-Kutta method; its Jacobians for state and thrusts."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

PERIOD = 0.02  # s
MASS, GRAVITY = 0.8, 9.81  # kg, m/s^2
INERTIA = (0.006, 0.007, 0.011)  # kg m^2
ARM, DRAG = 0.17, 0.016  # m, torque by thrust in m


def dynamics(state: Any, thrusts: Any) -> Any:
    """Rates of position (3), attitude as a quaternion (4), velocity (3) and angular velocity in body axes (3)."""
    w, x, y, z = state[3:7]
    velocity = state[7:10]
    p, q, r = state[10:13]
    front, left, back, right = thrusts
    lift = (front + left + back + right) / MASS
    upwards = [2.0 * (x * z + w * y), 2.0 * (y * z - w * x), 1.0 - 2.0 * (x * x + y * y)]
    turn = [
        0.5 * (-x * p - y * q - z * r),
        0.5 * (w * p + y * r - z * q),
        0.5 * (w * q + z * p - x * r),
        0.5 * (w * r + x * q - y * p),
    ]
    acceleration = [upwards[0] * lift, upwards[1] * lift, upwards[2] * lift - GRAVITY]
    spin = [
        (ARM * (left - right) - (INERTIA[2] - INERTIA[1]) * q * r) / INERTIA[0],
        (ARM * (back - front) - (INERTIA[0] - INERTIA[2]) * r * p) / INERTIA[1],
        (DRAG * (front - left + back - right) - (INERTIA[1] - INERTIA[0]) * p * q) / INERTIA[2],
    ]
    return np.array([*velocity, *turn, *acceleration, *spin], like=state)


def step(state: Any, thrusts: Any) -> Any:
    """State one period later."""
    k1 = dynamics(state, thrusts)
    k2 = dynamics(state + 0.5 * PERIOD * k1, thrusts)
    k3 = dynamics(state + 0.5 * PERIOD * k2, thrusts)
    k4 = dynamics(state + PERIOD * k3, thrusts)
    return state + PERIOD / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    quaternion = generator.normal(size=4)
    quaternion /= np.linalg.norm(quaternion)
    others = generator.uniform(-2.0, 2.0, 9)
    state = np.concatenate([others[:3], quaternion, others[3:]])
    return state.astype(np.float32), generator.uniform(0.5, 4.0, 4).astype(np.float32)


KERNEL = Kernel(
    name="quadrotor",
    function=arc.jac(step, (0, 1)),
    arguments=draw(np.random.default_rng(0)),
    family="straight",
    draw=draw,
)
