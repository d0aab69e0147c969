"""Gallery: control laws, rigid bodies, integrators."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers

import archimedes as arc

GRAVITY = 9.81


@entry(0.3, -0.1, 0.02, 0.01, derive=("jac",), wrt=(0, 1))
def pid_with_antiwindup(error: Any, previous: Any, integral: Any, dt: Any) -> Any:
    """PID command with clamped output; the integral stops where the output saturates."""
    kp, ki, kd = 2.0, 0.5, 0.1
    derivative = (error - previous) / dt
    command = kp * error + ki * integral + kd * derivative
    limited = np.clip(command, -1.0, 1.0)
    frozen = np.logical_and(command != limited, command * error > 0)
    new_integral = np.where(frozen, integral, integral + error * dt)
    return limited, new_integral


@entry(numbers(4, seed=1), numbers(1, 4, seed=2), derive=("jac",))
def state_feedback(x: Any, K: Any) -> Any:
    """u = -K x, saturated softly."""
    return np.tanh(-K @ x)


@entry(numbers(4, seed=3), 0.2, derive=("jac", "jvp"))
def cart_pole(state: Any, force: Any) -> Any:
    """Derivative of (position, angle, velocity, rate)."""
    m_cart, m_pole, length = 1.0, 0.1, 0.5
    _, theta, velocity, omega = state
    s, c = np.sin(theta), np.cos(theta)
    total = m_cart + m_pole
    temp = (force + m_pole * length * omega**2 * s) / total
    alpha = (GRAVITY * s - c * temp) / (length * (4.0 / 3.0 - m_pole * c**2 / total))
    acceleration = temp - m_pole * length * alpha * c / total
    return np.array([velocity, omega, acceleration, alpha], like=state)


@entry(numbers(4, seed=4), numbers(3, seed=5), derive=("jac",), wrt=(0, 1))
def quaternion_kinematics(q: Any, w: Any) -> Any:
    """Rate of a unit quaternion (scalar first) that turns with the body rate w, with drift correction."""
    qw, qx, qy, qz = q
    p, r, s = w
    rate = 0.5 * np.stack(
        [
            -qx * p - qy * r - qz * s,
            qw * p + qy * s - qz * r,
            qw * r - qx * s + qz * p,
            qw * s + qx * r - qy * p,
        ]
    )
    return rate + 0.1 * (1.0 - np.dot(q, q)) * q


def rotation(q: Any) -> Any:
    w, x, y, z = q
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
            [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
            [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
        ],
        like=q,
    )


ARM, MASS, DRAG = 0.17, 0.9, 0.016
INERTIA = np.diag([0.0075, 0.0082, 0.0139])
INVERSE_INERTIA = np.linalg.inv(INERTIA)


def quadrotor_dynamics(x: Any, thrusts: Any) -> Any:
    """Rates of position, quaternion, velocity and body rates."""
    q, v, w = x[3:7], x[7:10], x[10:13]
    force = np.sum(thrusts)
    acceleration = rotation(q)[:, 2] * force / MASS - np.array([0.0, 0.0, GRAVITY])
    torque = np.array(
        [
            ARM * (thrusts[1] - thrusts[3]),
            ARM * (thrusts[2] - thrusts[0]),
            DRAG * (thrusts[0] - thrusts[1] + thrusts[2] - thrusts[3]),
        ],
        like=x,
    )
    alpha = INVERSE_INERTIA @ (torque - np.cross(w, INERTIA @ w))
    return np.concatenate([v, quaternion_kinematics(q, w), acceleration, alpha])


@entry(numbers(13, seed=6), numbers(4, seed=7, low=1.0, high=3.0), derive=("jac",))
def quadrotor(x: Any, thrusts: Any) -> Any:
    """Continuous dynamics of a quadrotor, 13 states."""
    return quadrotor_dynamics(x, thrusts)


@entry(numbers(13, seed=8), numbers(4, seed=9, low=1.0, high=3.0), 0.01, derive=("jvp",))
def quadrotor_rk4(x: Any, thrusts: Any, dt: Any) -> Any:
    """One step of Runge-Kutta, the quaternion normalised after it."""
    k1 = quadrotor_dynamics(x, thrusts)
    k2 = quadrotor_dynamics(x + 0.5 * dt * k1, thrusts)
    k3 = quadrotor_dynamics(x + 0.5 * dt * k2, thrusts)
    k4 = quadrotor_dynamics(x + dt * k3, thrusts)
    new = x + dt / 6.0 * (k1 + 2 * k2 + 2 * k3 + k4)
    new[3:7] = new[3:7] / np.linalg.norm(new[3:7])
    return new


LINKS = 7
LENGTHS = np.array([0.34, 0.2, 0.2, 0.2, 0.2, 0.19, 0.08])
MASSES = np.array([3.4, 3.5, 4.0, 2.5, 3.4, 3.5, 0.9])
AXES = np.array([[0, 0, 1], [0, 1, 0], [0, 0, 1], [0, -1, 0], [0, 0, 1], [0, 1, 0], [0, 0, 1]], float)


def axis_rotation(axis: Any, angle: Any) -> Any:
    """Rodrigues' formula."""
    x, y, z = axis
    K = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    return np.eye(3) + np.sin(angle) * K + (1 - np.cos(angle)) * (K @ K)


@entry(numbers(7, seed=10), numbers(7, seed=11), numbers(7, seed=12), derive=("jvp",), wrt=2)
def arm_inverse_dynamics(q: Any, qd: Any, qdd: Any) -> Any:
    """Joint torques of an arm of seven links by recursive Newton-Euler."""
    w, dw, dv = np.zeros(3), np.zeros(3), np.array([0.0, 0.0, GRAVITY])
    rotations, forces, moments = [], [], []
    for k in range(LINKS):
        R = axis_rotation(AXES[k], q[k])
        rotations.append(R)
        offset = np.array([0.0, 0.0, LENGTHS[k]])
        dv = R.T @ (dv + np.cross(dw, offset) + np.cross(w, np.cross(w, offset)))
        dw = R.T @ dw + np.cross(R.T @ w, AXES[k] * qd[k]) + AXES[k] * qdd[k]
        w = R.T @ w + AXES[k] * qd[k]
        centre = offset / 2
        forces.append(MASSES[k] * (dv + np.cross(dw, centre) + np.cross(w, np.cross(w, centre))))
        inertia = MASSES[k] * LENGTHS[k] ** 2 / 12 * np.diag([1.0, 1.0, 0.1])
        moments.append(inertia @ dw + np.cross(w, inertia @ w))
    torques = arc.zeros(LINKS)
    f, n = np.zeros(3), np.zeros(3)
    for k in reversed(range(LINKS)):
        R = rotations[k + 1] if k + 1 < LINKS else np.eye(3)
        f_child = R @ f
        offset = np.array([0.0, 0.0, LENGTHS[k]])
        n = moments[k] + R @ n + np.cross(offset / 2, forces[k]) + np.cross(offset, f_child)
        f = f_child + forces[k]
        torques[k] = np.dot(n, AXES[k])
    return torques


@entry(numbers(3, seed=13), numbers(10, seed=14), derive=("value_and_grad", "hess"), wrt=1)
def optimal_control_cost(x0: Any, u: Any) -> Any:
    """Cost of a sequence of inputs of a pendulum; a Python loop over the horizon."""
    theta, omega, effort = x0
    cost = 0.0
    for k in range(10):
        alpha = u[k] - np.sin(theta) - 0.1 * omega
        omega = omega + 0.1 * alpha
        theta = theta + 0.1 * omega
        effort = effort + u[k] ** 2
        cost = cost + (theta - np.pi) ** 2 + 0.1 * omega**2
    return cost + 0.01 * effort


@entry(numbers(2, 3, seed=15), numbers(3, 3, seed=16), numbers(3, 3, seed=17), derive=("value_and_grad", "hvp"))
def lqr_trace(K: Any, A: Any, P: Any) -> Any:
    """trace(P) + |A + B K|^2 with a constant B."""
    B = np.array([[0.0, 1.0], [0.5, 0.0], [1.0, 1.0]])
    closed = A + B @ K
    return np.trace(P) + np.sum(closed * closed) + 0.1 * np.linalg.norm(K)


@entry(0.3, 1.7, derive=("value_and_grad",), wrt=(0, 1))
def park_transform_power(alpha: Any, beta: Any) -> Any:
    """Scalars only: power of the direct component in the rotating frame."""
    theta = np.arctan2(beta, alpha)
    d = np.hypot(alpha, beta) * np.cos(theta - 0.25)
    return d * d
