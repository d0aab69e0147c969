"""Reductions with NumPy's signatures: sum, prod, max, min, ptp, all, any, mean, average, var, std."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.keywords import UNSET, axes_of, is_set, kept_shape, refuse_keywords, require
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic
from archimedes.array.reductions import reduce_max, reduce_min, reduce_prod, reduce_sum
from archimedes.array.roots import root_of_squares


def _reduced_shape(shape: tuple[int, ...], axes: tuple[int, ...], keepdims: Any) -> tuple[int, ...]:
    if is_set(keepdims) and keepdims:
        return kept_shape(shape, axes)
    return tuple(n for k, n in enumerate(shape) if k not in axes)


def _accumulator(array: SymbolicArray, dtype: Any) -> SymbolicArray:
    """The operand in the type in which NumPy adds and multiplies: small integers and booleans widen to int64."""
    if dtype is not None:
        return array.astype(np.dtype(dtype))
    if array.dtype.kind in "bi" and array.dtype.itemsize < np.dtype(np.int64).itemsize:
        return array.astype(np.dtype(np.int64))
    return array


def _masked(array: SymbolicArray, where: Any, neutral: float) -> SymbolicArray:
    if not is_set(where) or where is True:
        return array
    neutral_element = np.full((), neutral, dtype=array.dtype)
    return as_symbolic(np.where(where, array, neutral_element))


def _fold(
    array: SymbolicArray, reduce: Callable[[SymbolicArray, tuple[int, ...]], SymbolicArray], axis: Any, keepdims: Any
) -> SymbolicArray:
    axes = axes_of(axis, array.ndim)
    shape = _reduced_shape(array.shape, axes, keepdims)
    if not axes:
        return array.copy()
    return reduce(array, axes).reshape(shape)


@implements(np.sum)
def sum_(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = UNSET,
    initial: Any = UNSET,
    where: Any = UNSET,
) -> SymbolicArray:
    """Sum over axes; an empty sum is 0."""
    refuse_keywords("np.sum", out=out)
    array = _masked(_accumulator(as_symbolic(a), dtype), where, 0)
    total = _fold(array, reduce_sum, axis, keepdims).astype(array.dtype, copy=False)
    return total + initial if is_set(initial) else total


@implements(np.prod)
def prod(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    keepdims: Any = UNSET,
    initial: Any = UNSET,
    where: Any = UNSET,
) -> SymbolicArray:
    """Product over axes; an empty product is 1."""
    refuse_keywords("np.prod", out=out)
    array = _masked(_accumulator(as_symbolic(a), dtype), where, 1)
    product = _fold(array, reduce_prod, axis, keepdims).astype(array.dtype, copy=False)
    return product * initial if is_set(initial) else product


def _extremum(name: str, a: Any, axis: Any, out: Any, keepdims: Any, initial: Any, where: Any) -> SymbolicArray:
    function = f"np.{name}"
    refuse_keywords(function, out=out)
    array = as_symbolic(a)
    largest = name == "max"
    combine = np.maximum if largest else np.minimum
    if is_set(where) and where is not True:
        require(is_set(initial), f"{function}: where= needs initial=, as in NumPy", hint="give initial=")
        array = as_symbolic(np.where(where, array, np.full((), initial, dtype=array.dtype)))
    axes = axes_of(axis, array.ndim)
    if math.prod(array.shape[k] for k in axes) == 0:
        shape = _reduced_shape(array.shape, axes, keepdims)
        require(
            is_set(initial) or math.prod(shape) == 0,
            f"{function}: zero-size array to reduction operation {name}imum which has no identity",
            hint="give initial=, or check the shape first",
        )
        fill = initial if is_set(initial) else 0
        return as_symbolic(np.full(shape, fill, dtype=array.dtype))
    extremum = _fold(array, reduce_max if largest else reduce_min, axis, keepdims)
    return as_symbolic(combine(extremum, initial)) if is_set(initial) else extremum


@implements(np.max, np.amax)
def max_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET, initial: Any = UNSET, where: Any = UNSET
) -> SymbolicArray:
    """Largest element over axes; NaN if one of them is NaN."""
    return _extremum("max", a, axis, out, keepdims, initial, where)


@implements(np.min, np.amin)
def min_(
    a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET, initial: Any = UNSET, where: Any = UNSET
) -> SymbolicArray:
    """Smallest element over axes; NaN if one of them is NaN."""
    return _extremum("min", a, axis, out, keepdims, initial, where)


@implements(np.ptp)
def ptp(a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Range (largest minus smallest) over axes."""
    refuse_keywords("np.ptp", out=out)
    return as_symbolic(max_(a, axis=axis, keepdims=keepdims) - min_(a, axis=axis, keepdims=keepdims))


def _truth(a: Any) -> SymbolicArray:
    array = as_symbolic(a)
    return array if array.dtype == np.bool_ else array != 0


def _counted_truth(name: str, a: Any, axis: Any, out: Any, keepdims: Any, where: Any, *, every: bool) -> SymbolicArray:
    refuse_keywords(name, out=out)
    truth = _masked(_truth(a), where, float(every))
    axes = axes_of(axis, truth.ndim)
    if math.prod(truth.shape[k] for k in axes) == 0:
        return as_symbolic(np.full(_reduced_shape(truth.shape, axes, keepdims), every))
    return _fold(truth, reduce_min if every else reduce_max, axis, keepdims)


@implements(np.all)
def all_(a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET, *, where: Any = UNSET) -> SymbolicArray:
    """Whether all elements over axes are true (not zero; NaN is true)."""
    return _counted_truth("np.all", a, axis, out, keepdims, where, every=True)


@implements(np.any)
def any_(a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET, *, where: Any = UNSET) -> SymbolicArray:
    """Whether any element over axes is true (not zero; NaN is true)."""
    return _counted_truth("np.any", a, axis, out, keepdims, where, every=False)


@implements(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> SymbolicArray:
    """Number of elements over axes that are not zero."""
    return sum_(_truth(a), axis=axis, keepdims=keepdims)


def _count(array: SymbolicArray, axis: Any) -> int:
    return math.prod(array.shape[k] for k in axes_of(axis, array.ndim))


@implements(np.mean)
def mean(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = UNSET, *, where: Any = UNSET
) -> SymbolicArray:
    """Arithmetic mean over axes. Integers give the trace's real type."""
    refuse_keywords("np.mean", out=out, where=None if where is True else where)
    array = as_symbolic(a) if dtype is None else as_symbolic(a).astype(np.dtype(dtype))
    total = sum_(as_real(array), axis=axis, keepdims=keepdims)
    return as_symbolic(total / _count(array, axis))


@implements(np.average)
def average(a: Any, axis: Any = None, weights: Any = None, returned: bool = False, *, keepdims: Any = UNSET) -> Any:
    """Weighted mean: ``sum(a * weights) / sum(weights)``."""
    array = as_symbolic(a)
    if weights is None:
        result = mean(array, axis=axis, keepdims=keepdims)
        scale: Any = as_symbolic(np.full(result.shape, float(_count(array, axis)))).astype(result.dtype)
    else:
        weight_array = _average_weights(array, axis, as_real(weights))
        scale = sum_(weight_array, axis=axis, keepdims=keepdims)
        result = sum_(array * weight_array, axis=axis, keepdims=keepdims) / scale
    return (result, scale) if returned else result


def _average_weights(array: SymbolicArray, axis: Any, weights: SymbolicArray) -> SymbolicArray:
    """The weights broadcast to the array's shape, by NumPy's rules for ``np.average``."""
    if weights.shape == array.shape:
        return weights
    if axis is None:
        # NumPy's own class, so that code which catches it for np.average keeps working.
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = tuple(np.lib.array_utils.normalize_axis_tuple(axis, array.ndim))
    require(
        weights.shape == tuple(array.shape[k] for k in axes),
        f"np.average: weights of shape {weights.shape} do not fit axis {axis} of an array of shape {array.shape}",
        hint="give one weight per element along the averaged axes",
    )
    ordered = weights.transpose(tuple(int(k) for k in np.argsort(axes)))
    shape = tuple(n if k in axes else 1 for k, n in enumerate(array.shape))
    return as_symbolic(np.broadcast_to(ordered.reshape(shape), array.shape))


@implements(np.var)
def var(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = UNSET,
    *,
    where: Any = UNSET,
    mean: Any = UNSET,
    correction: Any = UNSET,
) -> SymbolicArray:
    """Variance over axes: the mean square distance from the mean, divided by ``n - ddof``."""
    refuse_keywords("np.var", out=out, where=None if where is True else where)
    if is_set(correction):
        require(ddof == 0, "np.var: ddof and correction can't be provided simultaneously.", hint="give one of them")
        ddof = correction
    array = as_real(as_symbolic(a) if dtype is None else as_symbolic(a).astype(np.dtype(dtype)))
    centre = mean if is_set(mean) else sum_(array, axis=axis, keepdims=True) / _count(array, axis)
    deviation = array - centre
    # NumPy, too, clips the divisor at zero.
    return as_symbolic(sum_(deviation * deviation, axis=axis, keepdims=keepdims) / max(_count(array, axis) - ddof, 0))


@implements(np.std)
def std(
    a: Any,
    axis: Any = None,
    dtype: Any = None,
    out: Any = None,
    ddof: float = 0,
    keepdims: Any = UNSET,
    *,
    where: Any = UNSET,
    mean: Any = UNSET,
    correction: Any = UNSET,
) -> SymbolicArray:
    """Standard deviation over axes; its derivative where all elements are equal is 0."""
    refuse_keywords("np.std", out=out)
    return root_of_squares(
        var(a, axis=axis, dtype=dtype, ddof=ddof, keepdims=keepdims, where=where, mean=mean, correction=correction)
    )
