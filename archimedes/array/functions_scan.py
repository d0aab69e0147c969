"""Running sums and products, differences, and what is made of them: trapezoid, gradient."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import _accumulator, sum_
from archimedes.array.keywords import UNSET, is_set, one_axis, refuse_keywords, require
from archimedes.array.operands import as_real
from archimedes.array.positions import chained
from archimedes.array.primitives import as_symbolic

SEQUENTIAL_SCAN: Final = 32
"""Up to this length running sums are taken one by one, in NumPy's order; above, in log2(n) vector steps."""


def _cut(array: SymbolicArray, axis: int, start: int | None, stop: int | None) -> SymbolicArray:
    return array[(slice(None),) * axis + (slice(start, stop),)]


def _running(array: SymbolicArray, axis: int, combine: Any) -> SymbolicArray:
    """Inclusive scan along an axis: sequential when short, else by doubling (Hillis & Steele, 1986)."""
    n = array.shape[axis]
    if array.size == 0 or n < 2:
        return array.copy()
    if n <= SEQUENTIAL_SCAN:
        parts = [_cut(array, axis, 0, 1)]
        for k in range(1, n):
            parts.append(as_symbolic(combine(parts[-1], _cut(array, axis, k, k + 1))))
        return chained(parts, axis)
    array = array.copy()
    distance = 1
    while distance < n:
        later = (slice(None),) * axis + (slice(distance, None),)
        array[later] = combine(array[later], _cut(array, axis, None, n - distance))
        distance *= 2
    return array


def _cumulative(function: str, a: Any, axis: Any, dtype: Any, out: Any, combine: Any) -> SymbolicArray:
    refuse_keywords(function, out=out)
    array = _accumulator(as_symbolic(a), dtype)
    if axis is None:
        array, axis = array.reshape((-1,)), 0
    return _running(array, one_axis(axis, array.ndim), combine)


@implements(np.cumsum)
def cumsum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> SymbolicArray:
    """Running sum along an axis.

    Up to 32 elements are added in NumPy's order, more in a tree (rounding error growing as log n instead of n).
    """
    return _cumulative("np.cumsum", a, axis, dtype, out, np.add)


@implements(np.cumprod)
def cumprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> SymbolicArray:
    """Running product along an axis, in the order described at `cumsum`."""
    return _cumulative("np.cumprod", a, axis, dtype, out, np.multiply)


@implements(np.cumulative_sum)
def cumulative_sum(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> SymbolicArray:
    """Running sum along an axis, from 0 on if asked; see `cumsum`."""
    return _array_api_scan("np.cumulative_sum", x, axis, dtype, out, include_initial)


@implements(np.cumulative_prod)
def cumulative_prod(
    x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: bool = False
) -> SymbolicArray:
    """Running product along an axis, from 1 on if asked; see `cumsum`."""
    return _array_api_scan("np.cumulative_prod", x, axis, dtype, out, include_initial)


def _array_api_scan(name: str, x: Any, axis: Any, dtype: Any, out: Any, include_initial: bool) -> SymbolicArray:
    array = as_symbolic(x)
    require(axis is not None or array.ndim == 1, f"{name}: axis is needed for an array of {array.ndim} dimensions")
    axis = 0 if axis is None else one_axis(axis, array.ndim)
    of_sums = name.endswith("sum")
    result = _cumulative(name, array, axis, dtype, out, np.add if of_sums else np.multiply)
    if not include_initial:
        return result
    first = np.full(tuple(1 if k == axis else n for k, n in enumerate(result.shape)), 0 if of_sums else 1)
    return chained([as_symbolic(first).astype(result.dtype), result], axis)


@implements(np.diff)
def diff(a: Any, n: int = 1, axis: Any = -1, prepend: Any = UNSET, append: Any = UNSET) -> SymbolicArray:
    """Difference of neighbours along an axis, ``n`` times. Booleans: whether neighbours differ."""
    array = as_symbolic(a)
    require(n >= 0, f"np.diff: order must be non-negative but got {n}")
    if n == 0:
        return array
    require(array.ndim > 0, "np.diff: diff requires input that is at least one dimensional")
    axis = one_axis(axis, array.ndim)
    parts: list[Any] = [array]
    if is_set(prepend):
        parts.insert(0, _edge(prepend, array, axis))
    if is_set(append):
        parts.append(_edge(append, array, axis))
    if len(parts) > 1:
        array = as_symbolic(np.concatenate(parts, axis=axis))
    for _ in range(n):
        later, earlier = _cut(array, axis, 1, None), _cut(array, axis, None, -1)
        array = as_symbolic(later != earlier if array.dtype == np.bool_ else later - earlier)
    return array


def _edge(value: Any, array: SymbolicArray, axis: int) -> Any:
    if np.ndim(value) > 0:
        return value
    shape = tuple(1 if k == axis else n for k, n in enumerate(array.shape))
    return np.broadcast_to(as_symbolic(value), shape)


@implements(np.trapezoid)
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> SymbolicArray:
    """Integral along an axis by the trapezoidal rule."""
    array = as_symbolic(y)
    axis = one_axis(axis, array.ndim)
    width: Any = dx
    if x is not None:
        places = as_symbolic(x)
        if places.ndim == 1:
            width = diff(places).reshape(tuple(-1 if k == axis else 1 for k in range(array.ndim)))
        else:
            width = diff(places, axis=axis)
    return sum_(width * (_cut(array, axis, 1, None) + _cut(array, axis, None, -1)) / 2.0, axis=axis)


@implements(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Second-order central differences inside, one-sided at the ends, with a constant spacing per axis.

    Coordinates instead of a spacing, and ``edge_order=2``, are refused.
    """
    refuse_keywords("np.gradient", edge_order=None if edge_order == 1 else edge_order)
    array = as_real(f)
    axes = range(array.ndim) if axis is None else [one_axis(k, array.ndim) for k in np.atleast_1d(axis)]
    spacings = [1.0] * len(axes) if not varargs else list(varargs) * (len(axes) if len(varargs) == 1 else 1)
    require(len(spacings) == len(axes), f"np.gradient: {len(spacings)} spacings given for {len(axes)} axes")
    require(
        all(np.ndim(h) == 0 for h in spacings),
        "np.gradient: coordinates are not supported, only one spacing per axis",
        hint="give the spacing as a scalar, or write the differences with slices",
    )
    slopes = [_slope(array, k, h) for k, h in zip(axes, spacings, strict=True)]
    return slopes[0] if len(slopes) == 1 else tuple(slopes)


def _slope(array: SymbolicArray, axis: int, spacing: Any) -> SymbolicArray:
    n = array.shape[axis]
    require(n >= 2, f"np.gradient: axis {axis} has {n} elements, at least 2 are needed")
    first = (_cut(array, axis, 1, 2) - _cut(array, axis, 0, 1)) / spacing
    last = (_cut(array, axis, n - 1, n) - _cut(array, axis, n - 2, n - 1)) / spacing
    inner = (_cut(array, axis, 2, None) - _cut(array, axis, None, -2)) / (2.0 * spacing)
    return chained([first, inner, last], axis)
