"""Kinks and the edges of domains by name: values, gradients, Hessians."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.function.compiled import CompiledFunction

Compile = Callable[..., CompiledFunction]


def derivatives(f: CompiledFunction, *args: Any, argnums: Any = 0) -> tuple[Any, Any]:
    return arc.grad(f, argnums=argnums)(*args), arc.hess(f, argnums=argnums)(*args)


@pytest.mark.parametrize("function", [abs, np.abs, np.fabs])
@pytest.mark.parametrize("zero", [0.0, -0.0])
def test_abs_at_zero(compiled: Compile, function: Any, zero: float) -> None:
    gradient, hessian = derivatives(compiled(lambda x: function(x)), zero)  # noqa: PLW0108 - abs has no signature
    assert (gradient, hessian) == (0.0, 0.0)


def test_sign_and_floor_have_derivative_zero(compiled: Compile) -> None:
    for function in (np.sign, np.floor, np.ceil, np.rint, np.trunc):
        gradient, hessian = derivatives(compiled(function), 0.0)
        assert (gradient, hessian) == (0.0, 0.0)


@pytest.mark.parametrize("function", [np.maximum, np.minimum])
def test_extremum_of_two_at_a_tie(compiled: Compile, function: Any) -> None:
    f = compiled(function)
    assert arc.grad(f, argnums=(0, 1))(2.0, 2.0) == (0.5, 0.5)
    assert arc.grad(f, argnums=(0, 1))(0.0, -0.0) == (0.5, 0.5)
    larger, smaller = (1.0, 0.0) if function is np.maximum else (0.0, 1.0)
    assert arc.grad(f, argnums=(0, 1))(3.0, 2.0) == (larger, smaller)
    assert arc.grad(f, argnums=(0, 1))(2.0, 3.0) == (smaller, larger)
    assert arc.hess(f, argnums=(0, 1))(2.0, 2.0) == ((0.0, 0.0), (0.0, 0.0))


def test_relu_at_zero(compiled: Compile) -> None:
    gradient, hessian = derivatives(compiled(lambda x: np.maximum(x, 0.0)), 0.0)
    assert (gradient, hessian) == (0.5, 0.0)


def test_extremum_of_an_array_at_a_tie(compiled: Compile) -> None:
    x = np.array([1.0, 3.0, 2.0, 3.0])
    gradient = arc.grad(compiled(np.max))(x)
    np.testing.assert_array_equal(gradient, [0.0, 0.5, 0.0, 0.5])
    np.testing.assert_array_equal(arc.grad(compiled(np.min))(-x), [0.0, 0.5, 0.0, 0.5])


def test_clip_at_its_limits(compiled: Compile) -> None:
    f = compiled(lambda x: np.sum(np.clip(x, -1.0, 1.0)))
    np.testing.assert_array_equal(arc.grad(f)(np.array([-2.0, -1.0, 0.0, 1.0, 2.0])), [0.0, 0.5, 1.0, 0.5, 0.0])


@pytest.mark.parametrize("n", [1, 2, 5])
def test_norm_at_the_origin(compiled: Compile, n: int) -> None:
    f = compiled(np.linalg.norm)
    gradient, hessian = derivatives(f, np.zeros(n))
    assert f(np.zeros(n)) == 0.0
    np.testing.assert_array_equal(gradient, np.zeros(n))
    assert np.all(np.isfinite(hessian))


def test_norm_away_from_the_origin(compiled: Compile) -> None:
    x = np.array([3.0, 4.0])
    gradient, hessian = derivatives(compiled(np.linalg.norm), x)
    np.testing.assert_allclose(gradient, x / 5, rtol=1e-15)
    np.testing.assert_allclose(hessian, np.eye(2) / 5 - np.outer(x, x) / 125, rtol=1e-14)


def test_hypot_at_the_origin(compiled: Compile) -> None:
    f = compiled(np.hypot)
    assert f(0.0, 0.0) == 0.0
    assert arc.grad(f, argnums=(0, 1))(0.0, 0.0) == (0.0, 0.0)
    assert np.all(np.isfinite(arc.hess(f, argnums=(0, 1))(0.0, 0.0)))
    np.testing.assert_allclose(arc.grad(f, argnums=(0, 1))(3.0, 4.0), (0.6, 0.8), rtol=1e-15)


def test_square_root_at_zero_stays_infinite(compiled: Compile) -> None:
    assert arc.grad(compiled(np.sqrt))(0.0) == np.inf
    assert arc.grad(compiled(lambda x: x**0.5))(0.0) == np.inf


# Each: a branch that is bad where it is not taken, and what the derivatives are at the point.
BRANCHES: list[tuple[str, Callable[[Any], Any], float, float, float]] = [
    ("sqrt of a negative", lambda x: np.where(x > 0, np.sqrt(x), 0.0), -1.0, 0.0, 0.0),
    ("sqrt of zero", lambda x: np.where(x > 0, np.sqrt(x), 0.0), 0.0, 0.0, 0.0),
    ("log of zero", lambda x: np.where(x > 0, np.log(x), -1.0), 0.0, 0.0, 0.0),
    ("log of a negative", lambda x: np.where(x > 0, x * np.log(x), 3.0 * x), -2.0, 3.0, 0.0),
    ("quotient by zero", lambda x: np.where(x == 0, 1.0, np.sin(x) / x), 0.0, 0.0, 0.0),
    ("reciprocal", lambda x: np.where(x == 0, 0.0, 1 / x), 0.0, 0.0, 0.0),
    ("power of a negative", lambda x: np.where(x < 0, x**2, x**1.5), -3.0, -6.0, 2.0),
    ("overflow", lambda x: np.where(x < 100.0, x, np.exp(x)), 50.0, 1.0, 0.0),
    ("overflow not taken", lambda x: np.where(x > 800.0, x**2, np.exp(x)), 1000.0, 2000.0, 2.0),
    ("nested", lambda x: np.where(x > 0, np.where(x > 1, np.sqrt(x - 1), x), 2 * x), -1.0, 2.0, 0.0),
    ("arcsine outside", lambda x: np.where(np.abs(x) < 1, np.arcsin(x), x), 2.0, 1.0, 0.0),
]


@pytest.mark.parametrize(("function", "at", "first", "second"), [b[1:] for b in BRANCHES], ids=[b[0] for b in BRANCHES])
@pytest.mark.parametrize("kind", ["MX", "SX"])
def test_where_does_not_leak(
    compiled: Compile, kind: str, function: Callable[[Any], Any], at: float, first: float, second: float
) -> None:
    scalar = compiled(function, kind=kind)
    gradient, hessian = derivatives(scalar, at)
    assert (gradient, hessian) == (first, second)
    # The same over an array whose other elements take the other branch.
    x = np.array([0.25, at, 0.5])
    array = compiled(lambda x: np.sum(function(x)), kind=kind)
    gradient, hessian = derivatives(array, x)
    assert np.all(np.isfinite(gradient))
    assert np.all(np.isfinite(hessian))
    assert (gradient[1], hessian[1, 1]) == (first, second)
    forward = arc.compile(array.__wrapped__, kind=kind, backend="casadi")
    assert np.isfinite(arc.hvp(forward)(x, np.ones(3))).all()
    assert np.isfinite(arc.jvp(forward)(x, np.ones(3)))


def test_where_around_array_operations(compiled: Compile) -> None:
    def guarded_norm(x: Any) -> Any:
        return np.where(x[0] > 0, np.linalg.norm(x), 0.0)

    def guarded_product(x: Any) -> Any:
        bad = np.array([[1.0, 2.0], [3.0, 4.0]]) @ np.log(x)
        return np.where(x[0] > 0, np.sum(bad), x[1])

    for function, expected in ((guarded_norm, [0.0, 0.0]), (guarded_product, [0.0, 1.0])):
        gradient, hessian = derivatives(compiled(function), np.array([-1.0, 2.0]))
        np.testing.assert_array_equal(gradient, expected)
        np.testing.assert_array_equal(hessian, np.zeros((2, 2)))
