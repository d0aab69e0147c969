"""Functions that are verified on every chip: linear algebra, networks, control, tables, integers, special values."""

from __future__ import annotations

from typing import Any

import numpy as np
from package.quadrotor import dynamics

import archimedes as arc


def basic(x: arc.f32[4], y: arc.f32[4]) -> Any:
    """The four operations and the square root, each alone."""
    return np.concatenate([x + y, x - y, x * y, x / y, np.sqrt(x)])


def elementary(x: arc.f32[4]) -> Any:
    """Elementary functions, each alone."""
    return np.concatenate([np.sin(x), np.cos(x), np.tan(x), np.exp(x), np.log(x), np.tanh(x)])


def powers(x: arc.f32, y: arc.f32) -> Any:
    return arc.array([np.arctan2(y, x), np.power(x, y), np.hypot(x, y), np.arctan(x), np.exp2(y), np.sinh(x)])


_SOURCE = np.random.default_rng(8)
HIDDEN = np.round(_SOURCE.normal(size=(6, 4)), 3)
BIAS = np.round(_SOURCE.normal(size=6), 3)
READOUT = np.round(_SOURCE.normal(size=6), 3)


def network(x: arc.f32[4], target: arc.f32) -> Any:
    """Squared error of a network with one hidden layer, its weights in ROM."""
    return 0.5 * (np.tanh(HIDDEN @ x + BIAS) @ READOUT - target) ** 2


@arc.struct
class Layer:
    """A layer of a network."""

    w: Any
    b: Any


def layered(x: arc.f32[3], layers: tuple[Layer, Layer]) -> Any:
    """A network whose weights are arguments: structs within an array."""
    for layer in layers:
        x = np.tanh(layer.w @ x + layer.b)
    return np.sum(x * x)


def quadrotor_step(x: arc.f32[12], u: arc.f32[4]) -> Any:
    """Position, attitude and velocities after a hundredth of a second (Euler)."""
    return x + 0.01 * dynamics(x, u)


@arc.struct
class PiState:
    integral: float = 0.0
    steps: np.int32 = arc.field(default=np.int32(0))
    limited: np.bool_ = arc.field(default=np.bool_(False))


@arc.struct
class PiGains:
    kp: float = arc.field(default=0.5, min=0.0, max=10.0)
    ki: float = arc.field(default=0.02, min=0.0, max=1.0)


def pi_step(state: PiState, error: arc.f32, gains: PiGains) -> Any:
    """A controller with limits and anti-windup; its state holds a number, a count and a flag."""
    wanted = gains.kp * error + gains.ki * state.integral
    duty = np.clip(wanted, 0.0, 1.0)
    limited = wanted != duty
    integral = np.where(limited, state.integral, state.integral + 0.1 * error)
    return PiState(integral, state.steps, limited), duty


def solved(A: arc.f32[3, 3], b: arc.f32[3]) -> Any:
    """A linear system, and what is left of it."""
    x = np.linalg.solve(A, b)
    return x, np.linalg.norm(A @ x - b)


def filtered(P: arc.f32[2, 2], z: arc.f32, x: arc.f32[2]) -> Any:
    """One step of a Kalman filter for position and velocity."""
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    predicted = F @ x
    covariance = F @ P @ F.T + 0.01 * np.eye(2)
    gain = covariance[:, 0] / (covariance[0, 0] + 0.25)
    return predicted + gain * (z - predicted[0]), covariance - np.outer(gain, covariance[0])


PLACES = np.array([-2.0, -1.0, -0.25, 0.0, 0.5, 1.5, 4.0])
HEIGHTS = np.array([0.3, -1.1, 2.5, 2.5, -0.7, 10.0, 11.25])


def looked_up(x: arc.f32[3]) -> Any:
    """A table, between its places and beyond its ends."""
    return np.interp(x, PLACES, HEIGHTS)


def counted(n: arc.i32[3], flag: arc.bool_, x: arc.f32[3]) -> Any:
    """Integers and booleans, in and out."""
    above = x > 0.5
    rounded = np.rint(np.clip(x, -1000.0, 1000.0))
    return n[::-1], above, np.where(flag, rounded, np.floor(x)), flag | above[0]


def kinked(x: arc.f32[3], y: arc.f32[3]) -> Any:
    """Where zeros have signs and functions have kinks."""
    return np.concatenate([np.minimum(x, y), np.maximum(x, y), np.abs(x), np.copysign(x, y), np.sign(x), -x])


def rosenbrock(x: arc.f32[3]) -> Any:
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def arm(q: arc.f32[2]) -> Any:
    """Where the end of an arm with two links is."""
    total = q[0] + q[1]
    return arc.array([0.4 * np.cos(q[0]) + 0.3 * np.cos(total), 0.4 * np.sin(q[0]) + 0.3 * np.sin(total)])


def normalised(q: arc.f32[4], v: arc.f32[3]) -> Any:
    """A vector turned by a quaternion that is not of length 1."""
    unit = q / np.sqrt(np.sum(q * q))
    s, u = unit[0], unit[1:]
    return v + 2.0 * np.cross(u, np.cross(u, v) + s * v)


def surprised(x: arc.f32[5]) -> Any:
    """Logarithm of a probability, from scores."""
    top = np.max(x)
    return x[2] - top - np.log(np.sum(np.exp(x - top)))


def benchmark_functions() -> list[Any]:
    """Functions and derivatives, as they become one module."""
    return [
        basic,
        elementary,
        powers,
        arc.value_and_grad(network, (0,)),
        arc.grad(layered, 1),
        quadrotor_step,
        pi_step,
        solved,
        filtered,
        looked_up,
        counted,
        kinked,
        arc.hess(rosenbrock),
        arc.jac(arm),
        normalised,
        arc.grad(surprised),
    ]
