"""Order: sort as a network, median and quantile, argmax and argmin, searchsorted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from archimedes.array.carrier import Positions
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import max_, min_, sum_
from archimedes.array.functions_shape import moveaxis
from archimedes.array.keywords import (
    UNSET,
    constant_array,
    is_set,
    is_traced,
    one_axis,
    refuse_keywords,
    require,
)
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic
from archimedes.errors import ArcTypeError, ArcValueError

SORT_LIMIT: Final = 1024
"""Longest axis that ``np.sort`` accepts: 55 comparison steps of up to 512 pairs each."""


def merge_exchange_steps(n: int) -> Iterator[tuple[Positions, Positions]]:
    """Comparators of Batcher's merge-exchange network (Knuth, TAOCP vol. 3, 5.2.2, algorithm M), any ``n``.

    Yields, step by step, the positions of the pairs (lower, upper) to be put in order; the pairs of a step are
    disjoint, so a step is one array operation, or two: blocks of ``p`` in a row, and what is left of the last block.
    So all positions are affine, and the code needs no tables. With ``t = ceil(log2(n))`` there are ``t * (t + 1) / 2``
    steps.
    """
    if n < 2:
        return
    top = 1 << (math.ceil(math.log2(n)) - 1)
    p = top
    while p > 0:
        q, r, d = top, 0, p
        while True:
            lower = np.arange(n - d, dtype=np.int64)
            lower = lower[(lower & p) == r]
            whole = lower.size - lower.size % p
            for part in (lower[:whole], lower[whole:]):
                if part.size:
                    yield part, part + d
            if q == p:
                break
            d, q, r = q - p, q >> 1, p
        p >>= 1


def _sorted_rows(array: SymbolicArray) -> SymbolicArray:
    """Sort along the last axis of a rank-2 array. Each step selects, so the result is a permutation of the operand."""
    array = array.copy()
    for lower, upper in merge_exchange_steps(array.shape[1]):
        low, high = array[:, lower], array[:, upper]
        out_of_order = high < low
        if array.dtype.kind == "f":
            # NaN goes last, as in NumPy: a NaN below anything moves up (two of them may trade places).
            out_of_order = np.logical_or(out_of_order, np.isnan(low))
        array[:, lower] = np.where(out_of_order, high, low)
        array[:, upper] = np.where(out_of_order, low, high)
    return array


@implements(np.sort)
def sort(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> SymbolicArray:
    """Sorted copy along an axis of at most `SORT_LIMIT` elements, NaN last.

    ``kind`` and ``stable`` are accepted: equal elements are the same, whatever their order.
    """
    refuse_keywords("np.sort", order=order)
    array = as_symbolic(a)
    if axis is None:
        array, axis = array.reshape((-1,)), 0
    axis = one_axis(axis, array.ndim)
    n = array.shape[axis]
    if n > SORT_LIMIT:
        raise located(
            ArcValueError,
            f"np.sort: {n} elements along axis {axis}, at most {SORT_LIMIT} are sorted in generated code",
            code="ARC153",
            hint="np.max and np.min have no such limit; sort outside the traced function, or in blocks",
        )
    if array.size == 0 or n < 2:
        return array.copy()
    moved = moveaxis(array, axis, -1)
    rows = _sorted_rows(_as_comparable(moved).reshape((-1, n)))
    return moveaxis(rows.astype(array.dtype).reshape(moved.shape), -1, axis).copy()


def _as_comparable(array: SymbolicArray) -> SymbolicArray:
    return array.astype(np.dtype(np.int64)) if array.dtype == np.bool_ else array


def _last_axis(array: SymbolicArray, axis: Any) -> tuple[SymbolicArray, tuple[int, ...]]:
    """The array with the given axes merged into the last one, and the axes."""
    axes = tuple(range(array.ndim)) if axis is None else tuple(normalize_axis_tuple(axis, array.ndim))
    kept = tuple(k for k in range(array.ndim) if k not in axes)
    shape = (*(array.shape[k] for k in kept), math.prod(array.shape[k] for k in axes))
    return array.transpose((*kept, *axes)).reshape(shape), axes


def _with_kept_axes(result: SymbolicArray, shape: tuple[int, ...], axes: tuple[int, ...], keepdims: Any) -> Any:
    if not (is_set(keepdims) and keepdims):
        return result
    return result.reshape(tuple(1 if k in axes else n for k, n in enumerate(shape)))


@implements(np.median)
def median(a: Any, axis: Any = None, out: Any = None, overwrite_input: bool = False, keepdims: Any = False) -> Any:
    """Median over axes, the mean of the middle two for an even count; NaN if one element is NaN."""
    refuse_keywords("np.median", out=out)
    return _quantile("np.median", a, np.asarray(0.5), axis, keepdims)


@implements(np.quantile)
def quantile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Quantiles over axes by linear interpolation between order statistics, for constant ``q``."""
    refuse_keywords("np.quantile", out=out, weights=weights, method=None if method == "linear" else method)
    levels = constant_array(q, function="np.quantile", argument="q")
    require(bool(np.all((levels >= 0) & (levels <= 1))), "Quantiles must be in the range [0, 1]")
    return _quantile("np.quantile", a, levels, axis, keepdims)


@implements(np.percentile)
def percentile(
    a: Any,
    q: Any,
    axis: Any = None,
    out: Any = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: Any = False,
    *,
    weights: Any = None,
) -> Any:
    """Percentiles over axes by linear interpolation between order statistics, for constant ``q``."""
    refuse_keywords("np.percentile", out=out, weights=weights, method=None if method == "linear" else method)
    levels = constant_array(q, function="np.percentile", argument="q") / 100
    require(bool(np.all((levels >= 0) & (levels <= 1))), "Percentiles must be in the range [0, 100]")
    return _quantile("np.percentile", a, levels, axis, keepdims)


def _quantile(function: str, a: Any, levels: Any, axis: Any, keepdims: Any) -> Any:
    array = as_symbolic(a)
    rows, axes = _last_axis(as_real(array), axis)
    n = rows.shape[-1]
    require(n > 0, f"{function}: no elements along axis {axis}", hint="check the shape first")
    ordered = sort(rows, axis=-1)
    last = ordered[..., n - 1]
    results = []
    for level in np.asarray(levels, dtype=np.float64).ravel():
        place = level * (n - 1)
        below = min(math.floor(place), n - 1)
        result = _between(ordered[..., below], ordered[..., min(below + 1, n - 1)], place - below)
        masked = as_symbolic(np.where(np.isnan(last), last, result))
        results.append(_with_kept_axes(masked, array.shape, axes, keepdims))
    if np.ndim(levels) == 0:
        return results[0]
    stacked = as_symbolic(np.stack(results))
    return stacked.reshape((*np.shape(levels), *results[0].shape))


def _between(low: SymbolicArray, high: SymbolicArray, fraction: float) -> Any:
    """``low + fraction * (high - low)``; the mean, as np.median takes it, at one half."""
    if fraction == 0:
        return low
    if fraction == 0.5:
        return (low + high) / 2
    return low + (high - low) * fraction if fraction < 0.5 else high - (high - low) * (1 - fraction)


def _arg_extremum(name: str, a: Any, axis: Any, out: Any, keepdims: Any) -> SymbolicArray:
    refuse_keywords(f"np.{name}", out=out)
    array = _as_comparable(as_symbolic(a))
    ndim = array.ndim
    if axis is None:
        shape, array, axis = array.shape, array.reshape((-1,)), 0
        kept = (1,) * ndim
    else:
        axis = one_axis(axis, ndim)
        shape = array.shape
        kept = tuple(1 if k == axis else n for k, n in enumerate(shape))
    n = array.shape[axis]
    require(n > 0, f"attempt to get {name} of an empty sequence", hint="check the shape first")
    extremum = (max_ if name == "argmax" else min_)(array, axis=axis, keepdims=True)
    hit = array == extremum
    if array.dtype.kind == "f":
        hit = np.logical_or(hit, np.isnan(array))
    index = np.arange(n, dtype=np.int64).reshape(tuple(n if k == axis else 1 for k in range(array.ndim)))
    first = min_(np.where(hit, index, np.int64(n)), axis=axis)
    return first.reshape(kept) if is_set(keepdims) and keepdims else first


@implements(np.argmax)
def argmax(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = UNSET) -> SymbolicArray:
    """Index (int64) of the first largest element; the first NaN counts as largest."""
    return _arg_extremum("argmax", a, axis, out, keepdims)


@implements(np.argmin)
def argmin(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = UNSET) -> SymbolicArray:
    """Index (int64) of the first smallest element; the first NaN counts as smallest."""
    return _arg_extremum("argmin", a, axis, out, keepdims)


@implements(np.searchsorted)
def searchsorted(a: Any, v: Any, side: str = "left", sorter: Any = None) -> SymbolicArray:
    """Index (int64) at which ``v`` goes into the constant ascending table ``a``: counts the elements before it."""
    if is_traced(a):
        raise located(
            ArcTypeError,
            "np.searchsorted: the table must be known while tracing, but it depends on a traced value",
            code="ARC151",
            hint="count the comparisons yourself: np.sum(table < v)",
        )
    require(side in ("left", "right"), f"np.searchsorted: side must be 'left' or 'right', got {side!r}")
    table = constant_array(a, function="np.searchsorted", argument="a")
    if sorter is not None:
        table = table[constant_array(sorter, function="np.searchsorted", argument="sorter")]
    require(table.ndim == 1, f"np.searchsorted: the table must be 1-D, got shape {table.shape}")
    require(
        bool(np.all(table[1:] >= table[:-1])) and not bool(np.any(np.isnan(table))),
        "np.searchsorted: the table is not in ascending order",
        hint="sort the table first: np.sort(a)",
    )
    return _places(table, as_symbolic(v), side)


def _places(table: np.ndarray[Any, Any], value: SymbolicArray, side: str) -> SymbolicArray:
    """Number of elements of the ascending table before each value."""
    column = value.reshape((*value.shape, 1))
    # "Not at or after" rather than "before": NaN then comes after every element, where NumPy puts it.
    after = table >= column if side == "left" else table > column
    return sum_(np.logical_not(after), axis=-1)


@implements(np.digitize)
def digitize(x: Any, bins: Any, right: bool = False) -> SymbolicArray:
    """Index (int64) of the bin of each value, for constant ascending or descending edges."""
    edges = constant_array(bins, function="np.digitize", argument="bins")
    require(edges.ndim == 1, f"np.digitize: bins must be 1-D, got shape {edges.shape}")
    steps = np.diff(edges)
    require(bool(np.all(steps >= 0) or np.all(steps <= 0)), "bins must be monotonically increasing or decreasing")
    value, side = as_symbolic(x), "left" if right else "right"
    if np.all(steps >= 0):
        return _places(edges, value, side)
    return as_symbolic(edges.size - _places(edges[::-1], value, side))
