"""Reductions, scans, order: values, shapes and types as NumPy's, and derivatives."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from traced_calls import Traced, check, gradient_of, hessian_of

from archimedes.array.functions_order import SORT_LIMIT, merge_exchange_steps
from archimedes.errors import ArcError

A = np.array([[[0.5, -1.25, 2.0, 3.5], [1.5, 0.75, -2.5, 4.0], [-0.25, 1.0, 6.0, -3.0]]]).repeat(2, 0)
A[1] = A[1, ::-1] * 0.5 + 0.125
V = np.array([0.3, -1.2, 2.5, 0.7, -0.4, 1.1, 5.2])
WEIGHTS = np.array([[1.0, 2.0, 0.5, 0.25]])

EPS = float(np.finfo(float).eps)
ORDER = 64 * EPS
"""Sums of at most 24 terms in another order: n * eps of the sum of magnitudes, a few times the result's scale."""

AXES = [None, 0, 1, -1, (0, 2), (0, 1, 2), ()]


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("keepdims", [False, True])
@pytest.mark.parametrize("function", [np.sum, np.prod, np.max, np.min, np.mean, np.var, np.std, np.amax, np.amin])
def test_reduction_over_axes(function: object, axis: object, keepdims: bool) -> None:
    # The variance of single elements is constant: differences of it would only see rounding.
    smooth = not (axis == () and function in (np.var, np.std))
    check(lambda x: function(x, axis=axis, keepdims=keepdims), A, rtol=ORDER, gradient=smooth)


@pytest.mark.parametrize("axis", AXES)
@pytest.mark.parametrize("function", [np.ptp, np.all, np.any, np.count_nonzero])
def test_reduction_without_smooth_result(function: object, axis: object) -> None:
    if axis == () and function is np.ptp:
        axis = 1
    check(lambda x: function(x, axis=axis, keepdims=True), A * (np.abs(A) > 1), rtol=ORDER)
    check(lambda x: function(x, axis=axis), A * (np.abs(A) > 1), rtol=ORDER)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.bool_, np.float32])
def test_types_of_reductions(dtype: type) -> None:
    x = (A * 4).astype(dtype)
    # In float32 the virtual machine computes in float64, NumPy in float32 with 24 terms.
    rtol = 24 * float(np.finfo(np.float32).eps) if dtype is np.float32 else ORDER
    for function in (np.sum, np.max, np.min, np.mean, np.std, np.all, np.any, np.cumsum):
        check(lambda x, f=function: f(x, axis=1), x, rtol=rtol)
    check(lambda x: np.prod(x[0, :2], axis=0), x, rtol=rtol)
    check(lambda x: np.sum(x, dtype=np.float64), x.astype(np.int64))
    check(lambda x: x.sum() + x.max(0) + x.mean((0, 1)), x, rtol=rtol)


def test_initial_and_where() -> None:
    mask = np.arange(4) % 2 == 0
    check(lambda x: np.sum(x, axis=1, initial=2.5, where=mask), A, rtol=ORDER, gradient=True)
    check(lambda x: np.prod(x, axis=1, initial=2.0, where=mask), A, rtol=ORDER, gradient=True)
    check(lambda x: np.max(x, axis=1, initial=1.0), A, gradient=True)
    check(lambda x: np.min(x, axis=2, initial=0.0, where=mask), A)
    check(lambda x: np.all(x > 0, axis=2, where=mask), A)
    check(lambda x: np.sum(x, where=x > 0.1), A, rtol=ORDER, gradient=True)


def test_empty_reductions() -> None:
    empty = np.zeros((0, 3))
    check(lambda x: np.sum(x, axis=0), empty)
    check(np.sum, empty)
    check(lambda x: np.prod(x, axis=0), empty)
    check(lambda x: np.all(x, axis=0), empty)
    check(np.any, empty)
    check(lambda x: np.max(x, axis=1), empty)
    check(lambda x: np.max(x, axis=0, initial=-1.0), empty)
    for function in (np.max, np.min):
        with pytest.raises(ValueError, match="zero-size array to reduction operation"):
            Traced(lambda x, f=function: f(x, axis=0), empty)


def test_long_sum_and_maximum_are_few_nodes() -> None:
    long = np.linspace(0.0, 1.0, 5000)
    for function in (np.sum, np.max, np.prod, np.mean, np.std, np.argmax):
        assert Traced(function, long).function.n_instructions() < 100
    assert Traced(np.cumsum, long).function.n_instructions() < 200


def test_average() -> None:
    check(lambda x: np.average(x, axis=2), A, rtol=ORDER, gradient=True)
    check(lambda x: np.average(x, axis=2, weights=WEIGHTS[0]), A, rtol=ORDER, gradient=True)
    check(lambda x: np.average(x, weights=np.abs(A) + 1), A, rtol=ORDER, gradient=True)
    check(lambda x: np.average(x, axis=(2, 0), weights=np.arange(1.0, 9).reshape(4, 2)), A, rtol=ORDER)
    check(lambda x: np.average(x, axis=1, returned=True), A, rtol=ORDER)
    check(lambda x: np.average(x, axis=2, weights=[1, 2, 3, 4], returned=True, keepdims=True), A, rtol=ORDER)
    with pytest.raises(TypeError, match="Axis must be specified"):
        Traced(lambda x: np.average(x, weights=[1.0, 2.0]), A)
    with pytest.raises(ArcError, match=r"weights of shape \(3,\)"):
        Traced(lambda x: np.average(x, axis=2, weights=np.ones(3)), A)


def test_variance_with_degrees_of_freedom() -> None:
    check(lambda x: np.var(x, ddof=1), V, rtol=ORDER, gradient=True)
    check(lambda x: np.std(x, ddof=2, axis=0), V, rtol=ORDER, gradient=True)
    check(lambda x: np.std(x, correction=1), V, rtol=ORDER)
    check(lambda x: np.var(x, mean=np.mean(x, keepdims=True)), V, rtol=ORDER)


def test_deviation_of_equal_elements_has_derivative_zero() -> None:
    equal = np.full(4, 2.0)
    assert np.array_equal(gradient_of(np.std, equal), np.zeros(4))
    assert np.all(np.isfinite(hessian_of(np.std, equal)))
    check(np.std, np.array([1.0, np.nan]))
    check(np.std, np.array([1.0, np.inf]))


@pytest.mark.parametrize("n", [1, 2, 7, 32, 33, 50])
def test_scans(n: int) -> None:
    x = np.cos(np.arange(float(n)))
    exact = 0.0 if n <= 32 else n * EPS
    check(np.cumsum, x, rtol=exact * n, gradient=True)
    check(lambda x: np.cumprod(1 + 0.1 * x), x, rtol=max(exact, 4 * EPS), gradient=True)


def test_scans_of_the_array_api() -> None:
    check(np.cumulative_sum, V, gradient=True)
    check(lambda x: np.cumulative_sum(x, axis=1, include_initial=True), A, gradient=True)
    check(lambda x: np.cumulative_prod(x, axis=0, include_initial=True), A, gradient=True)
    with pytest.raises(ArcError, match="axis is needed"):
        Traced(np.cumulative_sum, A)


@pytest.mark.filterwarnings("ignore:All-NaN slice encountered:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Mean of empty slice:RuntimeWarning")
@pytest.mark.filterwarnings("ignore:Degrees of freedom:RuntimeWarning")
def test_reductions_that_leave_nan_out() -> None:
    holes = np.where(np.arange(12).reshape(3, 4) % 5 == 0, np.nan, A[0])
    empty = np.where(np.arange(3)[:, np.newaxis] == 1, np.nan, A[0])
    for function in (np.nansum, np.nanprod, np.nanmax, np.nanmin, np.nanmean, np.nanvar, np.nanstd):
        check(function, holes, rtol=ORDER)
        check(function, A, rtol=ORDER, gradient=True)
        check(lambda x, f=function: f(x, axis=1, keepdims=True), empty, rtol=ORDER)
        check(function, (4 * A).astype(np.int64), rtol=ORDER)
    check(lambda x: np.nanvar(x, axis=0, ddof=1), holes, rtol=ORDER)
    assert np.array_equal(gradient_of(np.nansum, holes), ~np.isnan(holes))
    assert np.all(np.isfinite(gradient_of(np.nanstd, holes)))


def test_scans_over_axes() -> None:
    check(np.cumsum, A, rtol=ORDER)
    check(lambda x: np.cumsum(x, axis=1), A, gradient=True)
    check(lambda x: np.cumprod(x, axis=-1), A, gradient=True)
    check(lambda x: np.cumsum(x, dtype=np.float64), A.astype(int))
    check(lambda x: x.cumsum(0), A)
    check(lambda x: np.cumsum(x, axis=0), np.zeros((0, 2)))


def test_differences() -> None:
    check(np.diff, A, gradient=True)
    check(lambda x: np.diff(x, 2, axis=1), A, gradient=True)
    check(lambda x: np.diff(x, prepend=1.0, append=x[..., :1]), A, gradient=True)
    check(np.diff, V > 0)
    check(lambda x: np.diff(x, 0), A)
    check(np.gradient, V, gradient=True)
    check(lambda x: np.gradient(x, 0.5, 2.0, axis=(1, 2)), A, gradient=True)
    with pytest.raises(ArcError, match="coordinates are not supported"):
        Traced(lambda x: np.gradient(x, np.arange(7.0)), V)


def test_trapezoid() -> None:
    check(np.trapezoid, V, rtol=ORDER, gradient=True)
    check(lambda x: np.trapezoid(x, dx=0.5, axis=1), A, rtol=ORDER, gradient=True)
    check(lambda x: np.trapezoid(x, x=[0.0, 1.0, 1.5, 4.0]), A, rtol=ORDER, gradient=True)
    check(lambda x: np.trapezoid(x, x=np.cumsum(x * x)), V, rtol=ORDER, gradient=True)
    check(lambda x: np.trapezoid(x, x=np.cumsum(x * x, axis=2), axis=2), A, rtol=ORDER, gradient=True)


@settings(max_examples=60, deadline=None)
@given(hnp.arrays(np.float64, hnp.array_shapes(max_dims=2, max_side=9), elements=st.integers(-4, 4).map(float)))
def test_sort_of_any_array(x: np.ndarray) -> None:
    check(lambda x: np.sort(x, axis=0), x)
    check(lambda x: np.sort(x, axis=None), x)
    check(np.sort, x.astype(int))
    check(lambda x: (np.argmax(x), np.argmin(x, axis=0), np.argmax(x, axis=-1, keepdims=True)), x)
    check(lambda x: (np.median(x), np.median(x, axis=0, keepdims=True)), x)


@pytest.mark.parametrize("n", range(1, 12))
def test_merge_exchange_sorts_all_zero_one_vectors(n: int) -> None:
    """A network that sorts all vectors of zeros and ones sorts everything (Knuth, 5.3.4, theorem Z)."""
    vectors = (np.arange(2**n)[:, np.newaxis] >> np.arange(n)) & 1
    for lower, upper in merge_exchange_steps(n):
        assert len({*lower, *upper}) == 2 * len(lower)
        low, high = vectors[:, lower].copy(), vectors[:, upper].copy()
        vectors[:, lower], vectors[:, upper] = np.minimum(low, high), np.maximum(low, high)
    assert np.array_equal(vectors, np.sort(vectors, axis=1))


def test_sort_keeps_nan_infinity_and_zeros() -> None:
    x = np.array([np.nan, 1.0, -np.inf, np.nan, 0.0, np.inf, -2.0, np.nan])
    check(np.sort, x)
    check(np.sort, np.sin(np.arange(40.0)), gradient=True)
    check(lambda x: np.sort(x, axis=1), A, gradient=True)
    check(np.sort, V > 0)
    check(np.median, x)


def test_nan_goes_through_extrema() -> None:
    """By the interpreter: fmax of CasADi's virtual machine drops NaN."""
    x = np.array([[1.0, np.nan, 3.0, np.nan], [0.0, -1.0, np.inf, 2.0]])
    for function in (np.max, np.min, np.ptp, np.argmax, np.argmin):
        check(function, x, virtual_machine=False)
        check(lambda x, f=function: f(x, axis=1), x, virtual_machine=False)
        check(lambda x, f=function: f(x, axis=0), x, virtual_machine=False)
    check(lambda x: np.clip(x, 0.5, 2.5), x, virtual_machine=False)
    check(lambda x: np.linalg.norm(x, np.inf), x, virtual_machine=False)
    check(lambda x: np.median(x, axis=1), x)


def test_sort_limit() -> None:
    with pytest.raises(ArcError, match=rf"ARC153.*{SORT_LIMIT + 1} elements"):
        Traced(np.sort, np.zeros(SORT_LIMIT + 1))
    assert Traced(np.sort, np.zeros(SORT_LIMIT)).function.n_instructions() < 1500


def test_quantiles() -> None:
    check(lambda x: np.median(x, axis=(0, 2)), A, rtol=ORDER, gradient=True)
    check(lambda x: np.quantile(x, 0.3), V, rtol=ORDER, gradient=True)
    check(lambda x: np.quantile(x, [0.0, 0.25, 0.5, 0.9, 1.0], axis=1), A, rtol=ORDER, gradient=True)
    check(lambda x: np.percentile(x, [10, 75], keepdims=True), A, rtol=ORDER)
    with pytest.raises(ArcError, match="'method'"):
        Traced(lambda x: np.quantile(x, 0.5, method="nearest"), V)


def test_arguments_of_extrema_are_first_and_int64() -> None:
    tied = np.array([[1.0, 3.0, 3.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0, 2.0]])
    for function in (np.argmax, np.argmin):
        check(function, tied)
        check(lambda x, f=function: f(x, axis=1), tied)
        check(lambda x, f=function: f(x, axis=0, keepdims=True), tied)
        check(lambda x, f=function: f(x, keepdims=True), tied)
        check(function, tied > 1)
        check(function, tied.astype(int))
    with pytest.raises(ValueError, match="argmax of an empty"):
        Traced(np.argmax, np.zeros(0))


def test_searchsorted_in_constant_table() -> None:
    table = np.array([-1.0, 0.0, 0.0, 2.0, 5.0])
    places = np.array([[-3.0, -1.0, 0.0], [1.0, 5.0, 7.0], [np.nan, np.inf, -np.inf]])
    check(lambda v: np.searchsorted(table, v), places)
    check(lambda v: np.searchsorted(table, v, side="right"), places)
    check(lambda v: np.searchsorted(table[::-1], v, sorter=np.arange(5)[::-1]), places)
    check(lambda v: np.searchsorted([1, 3, 5], v), np.array([0, 1, 4]))
    with pytest.raises(ArcError, match="not in ascending order"):
        Traced(lambda v: np.searchsorted([2.0, 1.0], v), places)
    with pytest.raises(ArcError, match="table must be known"):
        Traced(lambda v: np.searchsorted(v, 1.0), V)


def test_digitize() -> None:
    edges = np.array([-1.0, 0.0, 0.5, 2.0])
    for right in (False, True):
        check(lambda x, r=right: np.digitize(x, edges, right=r), np.append(V, edges))
        check(lambda x, r=right: np.digitize(x, edges[::-1], right=r), np.append(V, edges))
    with pytest.raises(ArcError, match="monotonically"):
        Traced(lambda x: np.digitize(x, [0.0, 2.0, 1.0]), V)


def test_refused_keywords_are_named() -> None:
    with pytest.raises(ArcError, match=r"ARC150.*np\.sum.*'out'"):
        Traced(lambda x: np.sum(x, out=x), V)
    with pytest.raises(ArcError, match=r"np\.mean.*'where'"):
        Traced(lambda x: np.mean(x, where=x > 0), V)
    with pytest.raises(ArcError, match=r"np\.cumsum.*'out'"):
        Traced(lambda x: np.cumsum(x, out=x), V)
    with pytest.raises(np.exceptions.AxisError):
        Traced(lambda x: np.sum(x, axis=2), V)
