"""Inverse dynamics of an arm with seven joints, by recursive Newton-Euler; gradient of the squared torques' norm.

Frames and recursions are those of Craig, Introduction to Robotics (2005), sections 3.4 and 6.5; the arm has the build
of common lightweight arms, each joint's axis at a right angle to the one before.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc
from benchmarks.kernels.kernel import Kernel

JOINTS = 7
TWIST = (0.0, -1.0, 1.0, 1.0, -1.0, -1.0, 1.0)  # sines of the angles between the axes; the cosine is 1 or 0
OFFSET = (0.34, 0.0, 0.40, 0.0, 0.40, 0.0, 0.13)  # m, along the axis of the joint
MASS = (4.0, 4.0, 3.0, 2.7, 1.7, 1.8, 0.3)  # kg
CENTRE = (
    (0.0, -0.03, -0.07),
    (0.0, 0.06, 0.04),
    (0.0, 0.03, -0.07),
    (0.0, 0.07, 0.03),
    (0.0, 0.02, -0.08),
    (0.0, 0.0, 0.02),
    (0.0, 0.0, 0.02),
)  # m
INERTIA = (
    (0.10, 0.09, 0.02),
    (0.05, 0.018, 0.044),
    (0.08, 0.075, 0.01),
    (0.03, 0.01, 0.029),
    (0.02, 0.018, 0.005),
    (0.005, 0.0036, 0.0047),
    (0.001, 0.001, 0.001),
)  # kg m^2, about the centre, in the axes of the link
GRAVITY = 9.81  # m/s^2


def cross(a: Any, b: Any) -> Any:
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]], like=a)


def rotation(joint: int, angle: Any) -> Any:
    """From the axes of a link to those of the link before."""
    sine, cosine = np.sin(angle), np.cos(angle)
    if TWIST[joint] == 0.0:
        return np.array([[cosine, -sine, 0.0], [sine, cosine, 0.0], [0.0, 0.0, 1.0]], like=sine)
    twist = TWIST[joint]
    return np.array(
        [[cosine, -sine, 0.0], [0.0, 0.0, -twist], [twist * sine, twist * cosine, 0.0]],
        like=sine,
    )


def origin(joint: int) -> Any:
    """Of a link, in the axes of the link before."""
    if TWIST[joint] == 0.0:
        return np.array([0.0, 0.0, OFFSET[joint]], dtype=np.float32)
    return np.array([0.0, -TWIST[joint] * OFFSET[joint], 0.0], dtype=np.float32)


def torques(angles: Any, rates: Any, accelerations: Any) -> list[Any]:
    """That the motors give."""
    axis = np.array([0.0, 0.0, 1.0], dtype=np.float32)
    spin = turning = np.zeros(3, dtype=np.float32)
    motion = np.array([0.0, 0.0, GRAVITY], dtype=np.float32)
    rotations, forces, moments = [], [], []
    for i in range(JOINTS):
        turned, place = rotation(i, angles[i]), origin(i)
        motion = turned.T @ (motion + cross(turning, place) + cross(spin, cross(spin, place)))
        carried = turned.T @ spin
        turning = turned.T @ turning + cross(carried, axis * rates[i]) + axis * accelerations[i]
        spin = carried + axis * rates[i]
        centre, inertia = np.array(CENTRE[i], dtype=np.float32), np.array(INERTIA[i], dtype=np.float32)
        forces.append(MASS[i] * (motion + cross(turning, centre) + cross(spin, cross(spin, centre))))
        moments.append(inertia * turning + cross(spin, inertia * spin) + cross(centre, forces[i]))
        rotations.append(turned)
    force, moment = forces[-1], moments[-1]
    result = [moment[2]]
    for i in reversed(range(JOINTS - 1)):
        carried = rotations[i + 1] @ force
        moment = moments[i] + rotations[i + 1] @ moment + cross(origin(i + 1), carried)
        force = forces[i] + carried
        result.append(moment[2])
    return result[::-1]


def effort(angles: Any, rates: Any, accelerations: Any) -> Any:
    """Squared norm of the torques."""
    return sum(torque * torque for torque in torques(angles, rates, accelerations))


def draw(generator: np.random.Generator) -> tuple[Any, ...]:
    bounds = (2.0, 1.0, 3.0)
    angles, rates, accelerations = (generator.uniform(-bound, bound, JOINTS).astype(np.float32) for bound in bounds)
    return angles, rates, accelerations


KERNEL = Kernel(
    name="arm",
    function=arc.grad(effort, (0, 1, 2)),
    arguments=draw(np.random.default_rng(0)),
    family="straight",
    draw=draw,
    primal=effort,
    condition=1e4,
)
