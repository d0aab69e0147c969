"""How far from the certified parameters rounding alone can carry a fit in float64.

At the minimum of ``r'r/2`` the gradient ``J'r`` is zero. A computed residual ``r + e`` and Jacobian ``J + E`` have
their minimum elsewhere, to first order by ``H^-1 (J'e + E'r)`` with H the Hessian of ``r'r/2``; taken by magnitudes
this bounds the error of every parameter. The errors themselves:

- ``|e| <= k u (|y| + |y - r| + |J||b| + |dr/dx . x|)``: u = 2**-53, k roundings on the way, each weighed by what it can
  move: the response, the model's value, its parameters and its predictor. The predictor and response count also because
  they were decimals before they were floats.
- ``|E| <= k u |J|``.

k = 8 is the depth of the deepest formula of the collection. The certified numbers themselves are rounded to eleven
digits: half a unit of the last is added.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from levenberg_marquardt import Fit
from strd_files import FloatArray, Problem

import archimedes as arc

_UNIT = 2.0**-53
_DEPTH = 8
_CERTIFIED_DIGITS = 11


def parameter_error_bound(residual: Callable[..., Any], problem: Problem, fit: Fit) -> FloatArray:
    """Largest distance of each fitted parameter from its certified value, (n,)."""
    b, x, y = problem.certified, problem.x, problem.y

    def half_sum_of_squares(b: Any, x: Any, y: Any) -> Any:
        return np.sum(residual(b, x, y) ** 2) / 2

    hessian = arc.hess(half_sum_of_squares)(b, x, y)
    by_predictor = arc.jac(residual, argnums=1)(b, x, y).reshape(y.size, -1)
    slopes = np.abs(fit.jacobian)
    moved = np.abs(y) + np.abs(y - fit.residual) + slopes @ np.abs(b) + np.abs(by_predictor) @ np.abs(x.ravel())
    gradient_error = slopes.T @ (_DEPTH * _UNIT * moved) + _DEPTH * _UNIT * slopes.T @ np.abs(fit.residual)
    last_digit = 10.0 ** (np.floor(np.log10(np.abs(b))) - (_CERTIFIED_DIGITS - 1))
    bound: FloatArray = np.abs(np.linalg.inv(hessian)) @ gradient_error + last_digit / 2
    return bound


def digits(error: FloatArray, certified: FloatArray) -> FloatArray:
    """Agreeing digits, NIST's measure: ``-log10(error / |certified|)``, at most those that are certified."""
    smallest = 10.0**-_CERTIFIED_DIGITS
    found: FloatArray = -np.log10(np.maximum(error / np.abs(certified), smallest))
    return found
