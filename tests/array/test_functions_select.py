"""Choice and rounding, and the functions of arc beyond NumPy's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import special as scipy_special
from traced_calls import Traced, check, gradient_of

from archimedes.array.special import erf, expit, logsumexp
from archimedes.errors import ArcError

V = np.array([-2.5, -1.5, -0.5, 0.0, 0.5, 1.5, 2.5, 3.25])
M = np.linspace(-3.0, 4.0, 12).reshape(3, 4)
ULPS = 8 * float(np.finfo(float).eps)


def test_where_and_select() -> None:
    check(lambda x: np.where(x > 0, x * x, -x), M, gradient=True)
    check(lambda x: np.where(x > 0, 1.0, [0.0, 1.0, 2.0, 3.0]), M)
    check(lambda x: np.where(x[0] > 0, x, 0), M)
    check(lambda x: np.select([x > 1, x > -1], [x, x**2], default=-1.0), M, gradient=True)
    check(lambda x: np.select([x[:, :1] > 1, x[0] > -1], [x, 2]), M)
    check(lambda x: np.select([x > 1], [x.astype(int)]), M)
    with pytest.raises(ArcError, match="ARC158"):
        Traced(lambda x: np.where(x > 0), M)
    with pytest.raises(ArcError, match="same length"):
        Traced(lambda x: np.select([x > 1], [x, x]), M)
    with pytest.raises(TypeError, match="boolean"):
        Traced(lambda x: np.select([x], [x]), M)


def test_where_does_not_leak_the_other_side() -> None:
    x = np.array([-1.0, 0.0, 4.0])
    assert np.array_equal(gradient_of(lambda x: np.sum(np.where(x > 0, np.sqrt(x), 0.0)), x), [0, 0, 0.25])


def test_clip() -> None:
    check(lambda x: np.clip(x, -1.0, 2.0), M, gradient=True)
    check(lambda x: np.clip(x, None, 2.0), M)
    check(lambda x: np.clip(x, -1.0, None), M)
    check(lambda x: np.clip(x, min=x[0], max=x[2]), M)
    check(lambda x: x.clip(0, 1), M)
    check(lambda x: np.clip(x, 0, 2), np.arange(-2, 5))
    with pytest.raises(ArcError, match="'out'"):
        Traced(lambda x: np.clip(x, 0, 1, out=x), M)


def test_round() -> None:
    check(np.round, V)
    check(np.around, V)
    check(lambda x: np.round(x, 1), M)
    check(lambda x: np.round(x, -1), 10 * M)
    check(lambda x: x.round(2), M)
    check(lambda x: np.round(x, 1), np.arange(4))


def test_fix() -> None:
    check(np.fix, V)
    check(np.fix, np.arange(3))


def test_assignment_by_function() -> None:
    def filled(x: np.ndarray) -> np.ndarray:
        y = x[:, :3].copy()
        np.fill_diagonal(y, x[0, 3])
        np.copyto(y[0], x[2, 1:])
        return y

    def ramp(x: np.ndarray) -> np.ndarray:
        y = x.copy()
        np.fill_diagonal(y, [1.0, 2.0])
        return y

    check(filled, M)
    check(ramp, M)
    with pytest.raises(TypeError, match="Cannot cast"):
        Traced(lambda x: np.copyto(x.astype(int), x), M)
    with pytest.raises(ArcError, match="cannot hold traced values"):
        Traced(lambda x: np.copyto(np.zeros(3), x), M)


def test_replacement_and_comparison() -> None:
    special = np.array([1.0, np.nan, np.inf, -np.inf, 0.0])
    check(np.nan_to_num, special)
    check(lambda x: np.nan_to_num(x, nan=1.0, posinf=2.0, neginf=-2.0), special)
    check(lambda x: np.isclose(x, [1.0 + 1e-9, np.nan, np.inf, np.inf, 1e-3]), special)
    check(lambda x: np.isclose(x, x, equal_nan=True), special)
    check(lambda x: np.allclose(x, x + 1e-9), V)
    check(lambda x: np.array_equal(x, V), V)
    check(lambda x: np.array_equal(x, V[1:]), V)
    check(np.isposinf, special)
    check(np.isneginf, special)
    check(np.real, V)
    check(np.imag, V)


@pytest.mark.parametrize("function", [np.nonzero, np.unique, np.argwhere, np.flatnonzero])
def test_functions_whose_shape_depends_on_values_are_refused(function: object) -> None:
    with pytest.raises(ArcError, match="depends on values"):
        Traced(function, V)


def test_erf_and_expit() -> None:
    check(erf, V, rtol=ULPS, gradient=True)
    check(expit, V, rtol=ULPS, gradient=True)
    np.testing.assert_allclose(erf(V), scipy_special.erf(V), rtol=ULPS)
    np.testing.assert_allclose(expit(V), scipy_special.expit(V), rtol=ULPS)
    assert erf(0.5) == math.erf(0.5)
    assert erf(np.float32(0.5)).dtype == np.float32
    extreme = np.array([-1e4, -800.0, 0.0, 800.0, 1e4])
    check(expit, extreme)
    assert np.array_equal(gradient_of(lambda x: np.sum(expit(x)), extreme), [0, 0, 0.25, 0, 0])


@pytest.mark.parametrize("axis", [None, 0, 1, (0, 1)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_logsumexp_over_axes(axis: object, keepdims: bool) -> None:
    check(lambda x: logsumexp(x, axis=axis, keepdims=keepdims), M, rtol=ULPS, gradient=True)
    expected = scipy_special.logsumexp(M, axis=axis, keepdims=keepdims)
    np.testing.assert_allclose(logsumexp(M, axis=axis, keepdims=keepdims), expected, rtol=ULPS)


def test_logsumexp() -> None:
    check(lambda x: logsumexp(x, axis=1, b=[1.0, 2.0, 0.5, 3.0]), M, rtol=ULPS, gradient=True)
    check(logsumexp, 1000 + M, rtol=ULPS, gradient=True)
    check(logsumexp, np.array([-np.inf, -np.inf]))
    check(logsumexp, np.array([1.0, np.inf]))
    check(logsumexp, np.array([1, 2, 3]), rtol=ULPS)


def test_derivative_of_logsumexp_is_softmax() -> None:
    x = np.array([1.0, 1.0, 0.0])
    softmax = np.exp(x) / np.sum(np.exp(x))
    np.testing.assert_allclose(gradient_of(logsumexp, x), softmax, rtol=ULPS)
