"""Rigid-body model of a quadrotor, as users write such models: twelve states, four squared rotor speeds."""

from __future__ import annotations

from typing import Any

import numpy as np

import archimedes as arc

DRAG = 0.25


def dynamics(
    x: Any, u: Any, *, mass: float = 0.468, arm: float = 0.225, lift: float = 2.98e-6, gravity: float = 9.81
) -> Any:
    """Derivative of position, velocity, Euler angles and body rates."""
    inertia = np.array([4.856e-3, 4.856e-3, 8.801e-3])
    torque_per_speed = 1.14e-7
    velocity, angles, rates = x[3:6], x[6:9], x[9:12]
    roll, pitch, yaw = angles[0], angles[1], angles[2]
    cr, sr = np.cos(roll), np.sin(roll)
    cp, sp = np.cos(pitch), np.sin(pitch)
    cy, sy = np.cos(yaw), np.sin(yaw)

    rotation = arc.array(
        [
            [cy * cp, cy * sp * sr - sy * cr, cy * sp * cr + sy * sr],
            [sy * cp, sy * sp * sr + cy * cr, sy * sp * cr - cy * sr],
            [-sp, cp * sr, cp * cr],
        ]
    )
    thrust = lift * (u[0] + u[1] + u[2] + u[3])
    force = rotation @ arc.array([0.0 * thrust, 0.0 * thrust, thrust])
    acceleration = force / mass - DRAG / mass * velocity - np.array([0.0, 0.0, gravity])

    torque = arc.array(
        [
            arm * lift * (u[3] - u[1]),
            arm * lift * (u[2] - u[0]),
            torque_per_speed * (u[0] - u[1] + u[2] - u[3]),
        ]
    )
    spin = (torque - np.cross(rates, inertia * rates)) / inertia
    p, q, r = rates[0], rates[1], rates[2]
    angle_rates = arc.array(
        [
            p + sr * np.tan(pitch) * q + cr * np.tan(pitch) * r,
            cr * q - sr * r,
            (sr * q + cr * r) / cp,
        ]
    )
    return np.concatenate([velocity, acceleration, angle_rates, spin])
