"""Derivatives of ufuncs: against differences where smooth, by name at kinks and domain edges, second order too."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from traced_calls import check_derivatives, gradient_of, hessian_of

INTERIOR: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("sin", "cos", "arctan", "sinh", "cosh", "tanh", "arcsinh", "exp", "exp2", "expm1"), (-1.4, 1.4)),
    **dict.fromkeys(("log", "log2", "log10", "sqrt", "cbrt", "reciprocal", "square", "absolute", "fabs"), (0.5, 3.0)),
    **dict.fromkeys(("arcsin", "arccos", "arctanh", "tan", "log1p"), (-0.7, 0.7)),
    **dict.fromkeys(("floor", "ceil", "trunc", "rint", "sign"), (0.6, 0.9)),
    **dict.fromkeys(("negative", "positive", "deg2rad", "rad2deg"), (-3.0, 3.0)),
    "arccosh": (1.5, 3.0),
}


@pytest.mark.parametrize("name", INTERIOR)
def test_unary_functions(name: str) -> None:
    low, high = INTERIOR[name]
    x = np.random.default_rng(5).uniform(low, high, (2, 3))
    check_derivatives(getattr(np, name), x)


BINARY = [
    *("add", "subtract", "multiply", "divide", "power", "arctan2", "hypot", "logaddexp", "copysign"),
    *("maximum", "minimum", "fmax", "fmin", "fmod", "remainder", "floor_divide"),
]


@pytest.mark.parametrize("name", BINARY)
def test_binary_functions(name: str) -> None:
    random = np.random.default_rng(6)
    a, b = random.uniform(0.5, 3.0, (2, 3)), random.uniform(0.5, 3.0, (3,))
    check_derivatives(getattr(np, name), a, b)
    if name not in ("power", "logaddexp"):
        check_derivatives(getattr(np, name), -a, b)


@pytest.mark.parametrize("exponent", [0, 1, 2, 3, 5, 16, -1, -3, 0.5, 1.5, 17])
def test_powers(exponent: float) -> None:
    check_derivatives(lambda x: x**exponent, np.array([0.4, 1.1, 1.3]))


AT_KINKS: dict[str, tuple[Callable[[Any], Any], list[float], list[float]]] = {
    "abs at 0": (lambda x: np.sum(np.abs(x)), [0.0, -2.0, 3.0], [0.0, -1.0, 1.0]),
    "maximum at a tie": (lambda x: np.maximum(x[0], x[1]), [1.0, 1.0], [0.5, 0.5]),
    "minimum at a tie": (lambda x: np.minimum(x[0], x[1]), [1.0, 1.0], [0.5, 0.5]),
    "hypot at the origin": (lambda x: np.hypot(x[0], x[1]), [0.0, 0.0], [0.0, 0.0]),
    "hypot": (lambda x: np.hypot(x[0], x[1]), [3.0, 4.0], [0.6, 0.8]),
    "logaddexp at a tie": (lambda x: np.logaddexp(x[0], x[1]), [1.0, 1.0], [0.5, 0.5]),
    "logaddexp of infinities": (lambda x: np.logaddexp(x[0], x[1]), [-np.inf, 0.0], [0.0, 1.0]),
    "sqrt at 0 stays infinite": (lambda x: np.sqrt(x[0]), [0.0], [np.inf]),
    "power below 1 at 0 stays infinite": (lambda x: x[0] ** 0.5, [0.0], [np.inf]),
    "powers of 0": (lambda x: np.sum(x[0] ** np.arange(4)), [0.0], [1.0]),
    "0 to a traced power": (lambda p: np.sum(np.array([0.0, 1.0, np.e]) ** p[0]), [2.0], [np.exp(2.0)]),
    "square of 0": (lambda x: x[0] ** 2, [0.0], [0.0]),
    "steps": (lambda x: np.sum(np.rint(x) + np.trunc(x) + np.floor(x) + np.sign(x)), [1.2, -3.0], [0.0, 0.0]),
    "where not chosen: sqrt": (
        lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)),
        [-1.0, 0.0, 4.0],
        [0.0, 0.0, 0.25],
    ),
    "where not chosen: log": (lambda x: np.sum(np.where(x > 0, np.log(x), x)), [-1.0, 0.0, 4.0], [1.0, 1.0, 0.25]),
    "where not chosen: quotient": (
        lambda x: np.sum(np.where(x == 0, 1.0, np.sin(x) / x)),
        [0.0, np.pi],
        [0.0, -1.0 / np.pi],
    ),
    "where not chosen: hook": (lambda x: np.sum(np.where(x > 0, np.log2(x), 0.0)), [0.0, 1 / np.log(2)], [0.0, 1.0]),
    "masked assignment": (lambda x: np.sum(masked(x)), [0.0, -4.0, 4.0], [0.0, 0.0, 0.25]),
    "missing values: isnan": (lambda x: np.sum(np.where(np.isnan(x), 0.0, x) ** 2), [np.nan, 3.0], [0.0, 6.0]),
    "missing values: x != x": (lambda x: np.sum(np.where(x != x, 0.0, x) ** 2), [np.nan, 3.0], [0.0, 6.0]),  # noqa: PLR0124
    "missing values: x == x": (lambda x: np.sum(np.where(x == x, x, 0.0) ** 2), [np.nan, 3.0], [0.0, 6.0]),  # noqa: PLR0124
    "fmax ignores NaN": (lambda x: np.fmax(x[0], np.nan), [2.0], [1.0]),
}


def masked(x: Any) -> Any:
    y = np.sqrt(x)
    y[x <= 0] = 0.0
    return y


@pytest.mark.parametrize("case", AT_KINKS)
def test_first_derivatives_at_kinks_and_edges(case: str) -> None:
    function, x, expected = AT_KINKS[case]
    # One operation and its derivative: a few roundings.
    np.testing.assert_allclose(gradient_of(function, np.array(x)), expected, rtol=4e-16, atol=1e-16)


def test_second_derivatives_do_not_leak_either() -> None:
    for case in (name for name in AT_KINKS if name.startswith(("where not", "masked", "missing"))):
        function, x, _ = AT_KINKS[case]
        hessian = hessian_of(function, np.array(x))
        assert np.all(np.isfinite(hessian)), case
    np.testing.assert_allclose(
        hessian_of(lambda x: np.logaddexp(x[0], x[1]), np.array([1.0, 1.0])), [[0.25, -0.25], [-0.25, 0.25]], rtol=4e-16
    )
    np.testing.assert_array_equal(hessian_of(lambda x: np.hypot(x[0], x[1]), np.zeros(2)), np.zeros((2, 2)))


def test_a_seed_of_zero_is_not_taken_for_a_mask() -> None:
    # The residual is 0 here, so the cotangent of the hook is 0, but the curvature is not.
    x = np.array([4.0])
    curvature = 2 * (1 / (4.0 * np.log(2))) ** 2
    np.testing.assert_allclose(hessian_of(lambda v: (np.log2(v[0]) - 2.0) ** 2, x), [[curvature]], rtol=8 * 2.3e-16)


def test_expit_has_a_derivative_everywhere() -> None:
    from archimedes.array.special import expit

    x = np.array([-800.0, -40.0, 0.0, 40.0, 800.0])
    with np.errstate(all="ignore"):
        e = np.exp(-np.abs(x))
    # exp is off by an ulp or two; the rest is four roundings.
    np.testing.assert_allclose(gradient_of(lambda v: np.sum(expit(v)), x), e / (1 + e) ** 2, rtol=4 * 2.3e-16)


def test_hooks_have_second_derivatives() -> None:
    x = np.array([0.7, 2.0])
    for function, second in (
        (np.exp2, np.log(2) ** 2 * np.exp2(x)),
        (np.log2, -1 / (x**2 * np.log(2))),
        (np.log10, -1 / (x**2 * np.log(10))),
        (np.cbrt, -2 / 9 * np.cbrt(x) ** -5),
        (np.rint, np.zeros(2)),
    ):
        hessian = hessian_of(lambda v, f=function: np.sum(f(v)), x)
        # A handful of roundings and library calls of an ulp.
        np.testing.assert_allclose(hessian, np.diag(second), rtol=32 * 2.3e-16)
