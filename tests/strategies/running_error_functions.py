"""Running error of NumPy's array functions.

Functions that move elements act on each part alike. Sums and products of two operands have bounds of their own, valid
for any order of the terms. What NumPy builds of these is in `running_error_recipes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple
from strategies import running_error_ufuncs  # noqa: F401 - fills the table of universal functions
from strategies.running_error import (
    FUNCTIONS,
    UFUNCS,
    Array,
    Bounded,
    bounded,
    constant,
    distance,
    gamma,
    magnitude,
    require,
    roundings,
    with_kinks,
    without_slope,
)

Rule = Callable[..., Any]


# --- elements moved --------------------------------------------------------------------------------------------------


def _part(argument: Any, number: int) -> Any:
    """One part of an argument, of a list of arguments."""
    if isinstance(argument, (list, tuple)):
        return type(argument)(_part(item, number) for item in argument)
    return bounded(argument).parts[number]


def _size(argument: Any) -> int:
    return sum(map(_size, argument)) if isinstance(argument, (list, tuple)) else int(np.size(bounded(argument).value))


def _joined(parts: Sequence[Any], duplicated: bool) -> Any:
    if isinstance(parts[0], (list, tuple)):
        return type(parts[0])(_joined(each, duplicated) for each in zip(*parts, strict=True))
    result = Bounded(*parts)
    if duplicated:  # a reverse sweep adds up the copies
        result.slope_error = result.slope_error + roundings(result.size) * result.paths
    return result


def moved(func: Rule, moving: int = 1) -> Rule:
    """A function that only moves (or copies) the elements of its first arguments, all of them if ``moving`` is 0."""

    def rule(*args: Any, **kwargs: Any) -> Any:
        count = moving or len(args)
        parts = [func(*(_part(arg, k) for arg in args[:count]), *args[count:], **kwargs) for k in range(5)]
        return _joined(parts, duplicated=_size(parts[0]) > sum(map(_size, args[:count])))

    return rule


for _func in (
    *(np.reshape, np.ravel, np.transpose, np.swapaxes, np.moveaxis, np.squeeze, np.expand_dims, np.copy, np.flip),
    *(np.fliplr, np.flipud, np.rot90, np.roll, np.tile, np.repeat, np.take, np.diag, np.diagonal, np.tril, np.triu),
    *(np.broadcast_to, np.concatenate, np.stack, np.vstack, np.hstack, np.column_stack, np.block, np.split),
    *(np.array_split, np.hsplit, np.vsplit, np.delete),
):
    FUNCTIONS[_func] = moved(_func)
for _func in (np.meshgrid, np.broadcast_arrays, np.atleast_1d, np.atleast_2d):
    FUNCTIONS[_func] = moved(_func, 0)
FUNCTIONS[np.append] = moved(np.append, 2)


def _pad(array: Any, pad_width: Any, mode: str = "constant", **kwargs: Any) -> Bounded:
    values = kwargs.pop("constant_values", 0)
    widths = [values, 0, 0, 0, values] if mode == "constant" else [None] * 5
    parts = []
    for part, value in zip(bounded(array).parts, widths, strict=True):
        filled = {} if value is None else {"constant_values": value}
        parts.append(np.pad(part, pad_width, mode, **filled, **kwargs))
    return _joined(parts, duplicated=mode != "constant")


FUNCTIONS[np.pad] = _pad


def array_rule(values: Any, *, like: Any = None, **kwargs: Any) -> Bounded:
    if isinstance(values, list):
        return FUNCTIONS[np.stack]([array_rule(value) for value in values])
    return bounded(values)


FUNCTIONS[np.array] = FUNCTIONS[np.asarray] = array_rule

for _func in (np.zeros_like, np.ones_like, np.full_like):
    FUNCTIONS[_func] = lambda a, *args, func=_func, **kwargs: constant(func(a.value, *args, **kwargs))
for _func in (np.shape, np.ndim, np.size):
    FUNCTIONS[_func] = lambda a, *args, func=_func: func(a.value, *args)
FUNCTIONS[np.result_type] = lambda *operands: np.result_type(*(getattr(x, "dtype", x) for x in operands))


def where_rule(condition: Any, x: Any, y: Any) -> Bounded:
    choice = bounded(condition)
    require((choice.error == 0) | (distance(choice) > 0))
    parts = [np.where(choice.value, p, q) for p, q in zip(bounded(x).parts, bounded(y).parts, strict=True)]
    return _joined(parts, duplicated=True)


FUNCTIONS[np.where] = where_rule


# --- sums, and sums of products --------------------------------------------------------------------------------------


def linear(func: Rule, *, extra: int = 0) -> Rule:
    """A function that sums elements, in any order, and rounds ``extra`` times more."""

    def rule(a: Any, *args: Any, **kwargs: Any) -> Bounded:
        x = bounded(a)
        error, sizes, paths, slope_error = (
            func(part, *args, **kwargs) for part in (x.error, magnitude(x), x.paths, x.slope_error)
        )
        value = np.asarray(func(x.value, *args, **kwargs))
        terms = x.size + extra
        rounding = gamma(terms) * sizes if value.dtype.kind == "f" else 0.0
        stepped = func(x.stepped, *args, **kwargs)
        return Bounded(value, error + rounding, paths, slope_error + roundings(terms) * (paths + slope_error), stepped)

    return rule


def bilinear(func: Rule, *, stepped: Rule | None = None, first: int = 0) -> Rule:
    """Sums of products of two operands, at positions ``first`` and the next: in any order, each product rounded."""
    complex_func = stepped or func

    def rule(*args: Any, **kwargs: Any) -> Bounded:
        before, after = args[:first], args[first + 2 :]
        x, y = map(bounded, args[first : first + 2])

        def of(left: Array, right: Array) -> Array:
            return np.asarray(func(*before, left, right, *after, **kwargs))

        a, b = magnitude(x), magnitude(y)
        terms = max(x.size, y.size) + 2
        error = of(a, y.error) + of(x.error, b) + gamma(terms) * of(a, b)
        paths = of(a, y.paths) + of(x.paths, b)
        slopes = of(a, y.slope_error) + of(x.slope_error, b)
        slopes = slopes + of(x.error, y.paths + y.slope_error) + of(x.paths + x.slope_error, y.error)
        z = complex_func(*before, x.stepped, y.stepped, *after, **kwargs)
        value = of(x.value, y.value)
        return Bounded(value, error, paths, slopes + roundings(2 * terms) * (paths + slopes), z)

    return rule


FUNCTIONS[np.trace] = linear(np.trace)
FUNCTIONS[np.cumsum] = linear(np.cumsum)
FUNCTIONS[np.mean] = linear(np.mean, extra=2)
for _func in (np.dot, np.inner, np.outer, np.kron, np.tensordot, np.convolve, np.matmul):
    FUNCTIONS[_func] = bilinear(_func)
FUNCTIONS[np.vdot] = bilinear(np.vdot, stepped=lambda a, b: np.dot(a.ravel(), b.ravel()))
UFUNCS["matmul"] = bilinear(np.matmul)


def _sum(a: Any, axis: Any = None, *, dtype: Any = None, keepdims: bool = False, initial: float = 0.0) -> Bounded:
    total = linear(np.sum)(a, axis=axis, keepdims=keepdims)
    return total + initial if initial else total


def _einsum(subscripts: str, *operands: Any) -> Bounded:
    if len(operands) == 1:
        return linear(lambda part: np.einsum(subscripts, part))(operands[0])
    return bilinear(np.einsum, first=1)(subscripts, *operands)


FUNCTIONS[np.sum] = _sum
FUNCTIONS[np.einsum] = _einsum


# --- reductions that choose or multiply ------------------------------------------------------------------------------


def merged(x: Bounded, axis: Any) -> tuple[Bounded, tuple[int, ...]]:
    """The reduced axes merged and moved to the end, and which they are."""
    axes = tuple(range(x.ndim)) if axis is None else tuple(int(k) for k in normalize_axis_tuple(axis, x.ndim))
    kept = [k for k in range(x.ndim) if k not in axes]
    shape = (*(x.shape[k] for k in kept), math.prod(x.shape[k] for k in axes))
    return Bounded(*(part.transpose(*kept, *axes).reshape(shape) for part in x.parts)), axes


def _reduced(func: Rule, rule: Callable[[Bounded], Bounded]) -> Rule:
    """A reduction, given by what it does to the last axis."""

    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Bounded:
        x = bounded(a)
        rows, _ = merged(x, axis)
        value = np.asarray(func(x.value, axis=axis, keepdims=keepdims))
        parts = [part.reshape(value.shape) for part in rule(rows).parts]
        return Bounded(value, *parts[1:])

    return reduce


def _largest(rows: Bounded, sign: float) -> Bounded:
    """The largest element is off by at most the largest error (it is a Lipschitz function of them)."""
    signed = sign * rows.value.astype(float)
    place = np.argmax(signed, axis=-1)[..., None]
    parts = [np.take_along_axis(part, place, axis=-1)[..., 0] for part in rows.parts]
    top = np.take_along_axis(signed - 2 * rows.error, place, axis=-1)
    rivals = np.sum(signed + 2 * rows.error >= top, axis=-1) > 1
    parts[1], parts[2] = rows.error.max(axis=-1), np.where(rivals, rows.paths.max(axis=-1), parts[2])
    return with_kinks(Bounded(*parts), rivals)


def _product(rows: Bounded) -> Bounded:
    result = rows[..., 0]
    for k in range(1, rows.shape[-1]):
        result = result * rows[..., k]
    return result


def _truth(func: Rule) -> Rule:
    def rule(a: Any, axis: Any = None, *, keepdims: bool = False) -> Bounded:
        x = bounded(a)
        require((x.error == 0) | (distance(x) > 0))
        return without_slope(func(x.value, axis=axis, keepdims=keepdims))

    return rule


FUNCTIONS[np.max] = FUNCTIONS[np.amax] = _reduced(np.max, lambda rows: _largest(rows, 1.0))
FUNCTIONS[np.min] = FUNCTIONS[np.amin] = _reduced(np.min, lambda rows: _largest(rows, -1.0))
FUNCTIONS[np.prod] = _reduced(np.prod, _product)
FUNCTIONS[np.all], FUNCTIONS[np.any] = _truth(np.all), _truth(np.any)
FUNCTIONS[np.count_nonzero] = _truth(np.count_nonzero)


def _arg_extremum(func: Rule, sign: float) -> Rule:
    def rule(a: Any, axis: int | None = None) -> Bounded:
        x = bounded(a)
        rows, _ = merged(x, axis)
        signed = sign * rows.value.astype(float)
        place = np.argmax(signed, axis=-1)[..., None]
        top = np.take_along_axis(signed - 2 * rows.error, place, axis=-1)
        rivals = np.sum(signed + 2 * rows.error >= top, axis=-1) > 1
        require(~rivals | np.all(rows.error == 0, axis=-1))
        return without_slope(func(x.value, axis=axis))

    return rule


FUNCTIONS[np.argmax], FUNCTIONS[np.argmin] = _arg_extremum(np.argmax, 1.0), _arg_extremum(np.argmin, -1.0)


def sort_rule(a: Any, axis: int = -1) -> Bounded:
    """Each order statistic is off by at most the largest error."""
    x = bounded(a)
    order = np.argsort(x.value, axis=axis, kind="stable")
    parts = [np.take_along_axis(part, order, axis=axis) for part in x.parts]
    parts[1] = np.broadcast_to(x.error.max(axis=axis, keepdims=True), x.shape).copy()
    close = np.any(np.diff(parts[0], axis=axis) <= 4 * parts[1].max(), axis=axis, keepdims=True)
    return with_kinks(Bounded(*parts), np.broadcast_to(close, x.shape))


def _cumprod(a: Any, axis: int) -> Bounded:
    x = FUNCTIONS[np.moveaxis](bounded(a), axis, 0)
    rows = [x[0]]
    for k in range(1, len(x)):
        rows.append(rows[-1] * x[k])
    return FUNCTIONS[np.moveaxis](FUNCTIONS[np.stack](rows), 0, axis)


FUNCTIONS[np.sort] = sort_rule
FUNCTIONS[np.cumprod] = _cumprod
