"""What ``np.where`` has not chosen does not enter a derivative, even where its slope is infinite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc

EPS = np.finfo(np.float64).eps
X = np.array([0.0, 1.2, 2.0, 0.0, 3.0])
P = np.array([1.3, 0.5])

BRANCHES: dict[str, Callable[[Any, Any], Any]] = {
    "division": lambda s, x: s / x,
    "product": lambda s, x: s * np.log(x),
    "sum": lambda s, x: s + 1.0 / x,
    "difference": lambda s, x: np.sqrt(x) / x - s,
    "power": lambda s, x: np.log(x) ** s,
    "base": lambda s, x: s ** (1.0 / x),
    "angle": lambda s, x: np.arctan2(s, x) / x,
    "hypotenuse": lambda s, x: np.hypot(s, 1.0 / x),
    "maximum": lambda s, x: np.maximum(s, np.log(x)) * np.log(x),
    "chain": lambda s, x: np.exp(-s / x) / x,
}


@pytest.mark.parametrize("name", BRANCHES)
@pytest.mark.parametrize("derivative", [arc.grad, arc.jac, arc.hess])
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_number_that_only_the_other_side_reads(name: str, derivative: Any) -> None:
    def f(p: Any, x: Any) -> Any:
        y = np.where(x > 0.0, BRANCHES[name](p[0], x), p[1])
        return np.sum(np.sin(y) * y + p[1] * y)

    def f_like(p: Any, x: Any) -> Any:
        chosen = x[X > 0.0]
        y = np.concatenate([BRANCHES[name](p[0], chosen), p[1] * np.ones(X.size - chosen.size)])
        return np.sum(np.sin(y) * y + p[1] * y)

    got = derivative(arc.compile(f, backend="casadi"))(P, X)
    expected = derivative(arc.compile(f_like, backend="casadi"))(P, X)
    # Sums of five terms each, in another order.
    np.testing.assert_allclose(got, expected, rtol=0, atol=64 * EPS * np.abs(expected).max())
