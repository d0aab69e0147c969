"""Nonlinear least squares: Levenberg's and Marquardt's damped Gauss-Newton step in a scaled trust region.

The damping is found from the radius of the region as Moré describes it (The Levenberg-Marquardt algorithm:
implementation and theory, Lecture Notes in Mathematics 630, 1978). Steps come from a singular value decomposition of
the scaled Jacobian, never from its normal equations, which would square its condition number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Fit:
    """Where the iteration ended: parameters (n,), residual (m,), Jacobian (m, n) and how it got there."""

    parameters: FloatArray
    residual: FloatArray
    jacobian: FloatArray
    iterations: int
    converged: bool
    reason: str


def fit(
    residual: Callable[[FloatArray], FloatArray],
    jacobian: Callable[[FloatArray], FloatArray],
    start: FloatArray,
    *,
    max_iterations: int = 5000,
    radius_factor: float = 1.0,
) -> Fit:
    """Parameters that minimise the sum of squares of the residual.

    The sum of squares stops telling two parameter vectors apart when they differ by the square root of the rounding
    unit; the gradient still does. So once a step promises less than the rounding of the sum, undamped Gauss-Newton
    steps follow for as long as they get shorter: they end where rounding of the residual and the Jacobian ends them.
    Where residuals are large, single steps may be longer than the one before on the way there: as many as there are
    parameters are waited for.

    Parameters
    ----------
    residual : callable
        (n,) to (m,).
    jacobian : callable
        (n,) to (m, n).
    start : (n,) array
    max_iterations : int
        Bound on the evaluations of the Jacobian.
    radius_factor : float
        First radius of the trust region over the scaled length of ``start``.

    Returns
    -------
    Fit
    """
    b = np.array(start, dtype=np.float64)
    r = residual(b)
    scale = np.zeros_like(b)
    radius = 0.0
    for iteration in range(1, max_iterations + 1):
        slopes = jacobian(b)
        # Column norms, never decreasing: what a parameter may change is measured by the largest effect it had.
        scale = np.maximum(scale, np.linalg.norm(slopes, axis=0))
        scale[scale == 0.0] = 1.0
        if iteration == 1:
            radius = radius_factor * (float(np.linalg.norm(scale * b)) or 1.0)
        system = _ScaledSystem(slopes / scale, r)
        while True:
            scaled_step, damping = system.step(radius)
            cost = float(r @ r)
            predicted = system.predicted_reduction(scaled_step, damping)
            if predicted <= 4 * _EPS * cost or cost == 0.0:
                return _polish(residual, jacobian, b, iteration)
            trial = b + scaled_step / scale
            trial_r = residual(trial)
            with np.errstate(over="ignore", invalid="ignore"):
                trial_cost = float(trial_r @ trial_r)
            actual = cost - trial_cost if np.isfinite(trial_cost) else -np.inf
            gain = actual / predicted
            length = float(np.linalg.norm(scaled_step))
            if gain < 0.25:
                radius = length * _shrink(system, scaled_step, cost, trial_cost, actual)
            elif gain > 0.75 or damping == 0.0:
                radius = 2 * length
            if gain > 1e-4:
                b, r = trial, trial_r
                break
            if radius < _EPS * float(np.linalg.norm(scale * b)):
                return _polish(residual, jacobian, b, iteration)
    return Fit(b, r, jacobian(b), max_iterations, converged=False, reason="too many iterations")


def _shrink(system: _ScaledSystem, step: FloatArray, cost: float, trial_cost: float, actual: float) -> float:
    """Factor of the radius after a poor step: the minimum of a parabola along it, between 0.1 and 0.5."""
    if not np.isfinite(trial_cost) or trial_cost >= 100 * cost:
        return 0.1
    if actual >= 0:
        return 0.5
    slope = float(system.gradient @ step)
    return float(np.clip(-slope / (trial_cost - cost - 2 * slope), 0.1, 0.5))


class _ScaledSystem:
    """The linear model ``r + J q`` in scaled parameters q, by singular values: each damping then costs O(n)."""

    def __init__(self, slopes: FloatArray, r: FloatArray) -> None:
        left, self.sigma, right = np.linalg.svd(slopes, full_matrices=False)
        self.directions = right.T
        self.projected = left.T @ r
        self.gradient = slopes.T @ r
        self.null = self.sigma <= self.sigma[0] * _EPS

    def step(self, radius: float) -> tuple[FloatArray, float]:
        """Minimiser of the model within the radius, to a tenth, and the damping that gives it."""
        damping = 0.0
        coordinates = self._coordinates(damping)
        if not np.any(self.null) and float(np.linalg.norm(coordinates)) <= 1.1 * radius:
            return self.directions @ coordinates, damping
        low, high = 0.0, float(np.linalg.norm(self.sigma * self.projected)) / radius
        damping = 1e-3 * high
        # Newton's method on 1/radius - 1/|q(damping)|, nearly linear in the damping, kept within its bracket.
        for _ in range(60):
            coordinates = self._coordinates(damping)
            length = float(np.linalg.norm(coordinates))
            if abs(length - radius) <= 0.1 * radius or high == 0.0:
                break
            low, high = (damping, high) if length > radius else (low, damping)
            slope = -float(np.sum(coordinates**2 / (self.sigma**2 + damping))) / length
            damping -= (length / radius) * (length - radius) / slope
            if not low < damping < high:
                damping = max(1e-3 * high, float(np.sqrt(low * high)))
        return self.directions @ coordinates, damping

    def _coordinates(self, damping: float) -> FloatArray:
        with np.errstate(divide="ignore", invalid="ignore"):
            found = -self.sigma * self.projected / (self.sigma**2 + damping)
        return np.where(self.null, 0.0, found)

    def predicted_reduction(self, step: FloatArray, damping: float) -> float:
        """Decrease of the sum of squares that the model promises: ``|J q|^2 + 2 damping |q|^2``."""
        coordinates = self.directions.T @ step
        return float(np.sum((self.sigma * coordinates) ** 2) + 2 * damping * np.sum(coordinates**2))


def _polish(
    residual: Callable[[FloatArray], FloatArray], jacobian: Callable[[FloatArray], FloatArray], b: FloatArray, done: int
) -> Fit:
    """Undamped steps, until as many as there are parameters have not been shorter than the shortest."""
    shortest, longer = np.inf, 0
    iteration = done
    while True:
        r, slopes = residual(b), jacobian(b)
        scale = np.linalg.norm(slopes, axis=0)
        scale[scale == 0.0] = 1.0
        scaled_step = np.linalg.lstsq(slopes / scale, -r, rcond=_EPS)[0]
        length = float(np.linalg.norm(scaled_step))
        longer = 0 if length < shortest else longer + 1
        if longer > b.size or length == 0.0:
            return Fit(b, r, slopes, iteration, converged=True, reason="steps no longer shrink")
        shortest = min(shortest, length)
        b = b + scaled_step / scale
        iteration += 1
