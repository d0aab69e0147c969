"""Gallery: filters, fits, orbits, geometry."""

from __future__ import annotations

from typing import Any

import numpy as np
from gallery import entry, numbers


def _covariance(n: int, seed: int) -> Any:
    root = numbers(n, n, seed=seed)
    return root @ root.T + np.eye(n)


@entry(numbers(4, seed=20), _covariance(4, 21), 0.05)
def ekf_predict(x: Any, P: Any, dt: Any) -> Any:
    """Prediction of state and covariance of a turning vehicle (x, y, heading, speed)."""
    px, py, heading, speed = x
    c, s = np.cos(heading), np.sin(heading)
    new = np.array([px + dt * speed * c, py + dt * speed * s, heading + 0.1 * dt, 0.99 * speed], like=x)
    F = np.eye(4, like=x)
    F[0, 2] = -dt * speed * s
    F[0, 3] = dt * c
    F[1, 2] = dt * speed * c
    F[1, 3] = dt * s
    F[3, 3] = 0.99
    return new, F @ P @ F.T + dt * np.diag([0.1, 0.1, 0.01, 0.5])


@entry(numbers(4, seed=22), _covariance(4, 23), numbers(2, seed=24))
def ekf_update(x: Any, P: Any, z: Any) -> Any:
    """Correction by a measured range and bearing; the gain by solve, Joseph's form of the covariance."""
    px, py = x[0] - 3.0, x[1] - 4.0
    squared = px**2 + py**2
    distance = np.sqrt(squared)
    H = np.zeros_like(P[:2])
    H[0, 0], H[0, 1] = px / distance, py / distance
    H[1, 0], H[1, 1] = -py / squared, px / squared
    innovation = z - np.stack([distance, np.arctan2(py, px)])
    S = H @ P @ H.T + np.diag([0.01, 0.001])
    K = np.linalg.solve(S, H @ P).T
    I_KH = np.eye(4) - K @ H
    return x + K @ innovation, I_KH @ P @ I_KH.T + K @ np.diag([0.01, 0.001]) @ K.T


@entry(0.8, 0.3, derive=("value_and_grad", "hess"), wrt=(0, 1))
def kepler(mean_anomaly: Any, eccentricity: Any) -> Any:
    """Eccentric anomaly by a fixed number of Newton steps."""
    E = mean_anomaly + eccentricity * np.sin(mean_anomaly)
    for _ in range(5):
        E = E - (E - eccentricity * np.sin(E) - mean_anomaly) / (1.0 - eccentricity * np.cos(E))
    return E


@entry(numbers(6, seed=25, low=0.8, high=1.4), derive=("jac",))
def two_body(state: Any) -> Any:
    """Orbit about the unit mass, with the oblateness term."""
    r, v = state[:3], state[3:]
    radius = np.linalg.norm(r)
    J2 = 1.08e-3
    factor = 1.5 * J2 * (5 * (r[2] / radius) ** 2 - np.array([1.0, 1.0, 3.0]))
    return np.concatenate([v, -r / radius**3 * (1 - factor)])


@entry(
    numbers(6, seed=26), numbers(12, 6, seed=27), numbers(12, seed=28, low=-3.0, high=3.0), derive=("value_and_grad",)
)
def huber_regression(w: Any, X: Any, y: Any) -> Any:
    """Robust loss: squares near, magnitudes far."""
    r = np.abs(X @ w - y)
    return np.mean(np.where(r < 1.0, 0.5 * r**2, r - 0.5)) + 1e-3 * np.sum(np.abs(w))


@entry(numbers(3, seed=29, low=0.5, high=1.5), numbers(8, seed=30), derive=("jac",))
def exponential_fit_residuals(b: Any, y: Any) -> Any:
    """Residuals of b0 exp(-b1 t) + b2 at constant times."""
    t = np.linspace(0.0, 2.0, 8)
    return b[0] * np.exp(-b[1] * t) + b[2] - y


@entry(numbers(3, seed=31), numbers(3, seed=32), numbers(5, 3, seed=33, low=2.0, high=4.0), derive=("jac",), wrt=(0, 1))
def pinhole_projection(rvec: Any, tvec: Any, points: Any) -> Any:
    """Pixels of points seen by a camera that is turned by a rotation vector."""
    angle = np.sqrt(np.sum(rvec**2) + 1e-12)
    k = rvec / angle
    turned = (
        points * np.cos(angle) + np.cross(k, points) * np.sin(angle) + np.outer(points @ k, k) * (1.0 - np.cos(angle))
    )
    seen = turned + tvec + np.array([0.0, 0.0, 10.0])
    return np.array([320.0, 240.0]) + 500.0 * seen[:, :2] / seen[:, 2:]


@entry(numbers(4, 4, seed=34) + 4 * np.eye(4), numbers(4, seed=35), derive=("value_and_grad",), wrt=(0, 1))
def gaussian_log_density(M: Any, x: Any) -> Any:
    """Log density with the covariance M M', by Cholesky, solve and determinant."""
    covariance = M @ M.T
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, x)
    return -0.5 * np.sum(white**2) - np.sum(np.log(np.diag(factor))) - 2.0 * np.log(2 * np.pi)


@entry(numbers(3, 3, seed=36) + 3 * np.eye(3), numbers(3, 2, seed=37))
def linear_algebra(A: Any, B: Any) -> Any:
    """Several results of one matrix."""
    return np.linalg.det(A), np.linalg.inv(A), np.linalg.solve(A, B), np.linalg.matrix_power(A, 3)


@entry(numbers(5, seed=38), 0.9, derive=("vjp",))
def allan_like_statistics(x: Any, forget: Any) -> Any:
    """Weighted mean and spread, forgetting exponentially."""
    weights = forget ** np.arange(5)
    mean = np.sum(weights * x) / np.sum(weights)
    return mean, np.sqrt(np.sum(weights * (x - mean) ** 2) / np.sum(weights))
