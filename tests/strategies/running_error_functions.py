"""Running error of NumPy's array functions.

Functions that move elements act on each part alike. Sums and products of two operands have bounds of their own, valid
for any order of the terms. What NumPy builds of these is built of them here as well (`recipe`); its value is NumPy's.
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
    METHODS,
    UFUNC_METHODS,
    UFUNCS,
    Array,
    Bounded,
    U,
    bounded,
    constant,
    distance,
    gamma,
    hull,
    magnitude,
    require,
    roundings,
    times,
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


def _array(values: Any, *, like: Any = None, **kwargs: Any) -> Bounded:
    if isinstance(values, list):
        return FUNCTIONS[np.stack]([_array(value) for value in values])
    return bounded(values)


FUNCTIONS[np.array] = FUNCTIONS[np.asarray] = _array

for _func in (np.zeros_like, np.ones_like, np.full_like):
    FUNCTIONS[_func] = lambda a, *args, func=_func, **kwargs: constant(func(a.value, *args, **kwargs))
for _func in (np.shape, np.ndim, np.size):
    FUNCTIONS[_func] = lambda a, *args, func=_func: func(a.value, *args)
FUNCTIONS[np.result_type] = lambda *operands: np.result_type(*(getattr(x, "dtype", x) for x in operands))


def _where(condition: Any, x: Any, y: Any) -> Bounded:
    choice = bounded(condition)
    require((choice.error == 0) | (distance(choice) > 0))
    parts = [np.where(choice.value, p, q) for p, q in zip(bounded(x).parts, bounded(y).parts, strict=True)]
    return _joined(parts, duplicated=True)


FUNCTIONS[np.where] = _where


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


def _rows(x: Bounded, axis: Any) -> tuple[Bounded, tuple[int, ...]]:
    """The reduced axes merged and moved to the end, and which they are."""
    axes = tuple(range(x.ndim)) if axis is None else tuple(int(k) for k in normalize_axis_tuple(axis, x.ndim))
    kept = [k for k in range(x.ndim) if k not in axes]
    shape = (*(x.shape[k] for k in kept), math.prod(x.shape[k] for k in axes))
    return Bounded(*(part.transpose(*kept, *axes).reshape(shape) for part in x.parts)), axes


def _reduced(func: Rule, rule: Callable[[Bounded], Bounded]) -> Rule:
    """A reduction, given by what it does to the last axis."""

    def reduce(a: Any, axis: Any = None, *, keepdims: bool = False) -> Bounded:
        x = bounded(a)
        rows, _ = _rows(x, axis)
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
        rows, _ = _rows(x, axis)
        signed = sign * rows.value.astype(float)
        place = np.argmax(signed, axis=-1)[..., None]
        top = np.take_along_axis(signed - 2 * rows.error, place, axis=-1)
        rivals = np.sum(signed + 2 * rows.error >= top, axis=-1) > 1
        require(~rivals | np.all(rows.error == 0, axis=-1))
        return without_slope(func(x.value, axis=axis))

    return rule


FUNCTIONS[np.argmax], FUNCTIONS[np.argmin] = _arg_extremum(np.argmax, 1.0), _arg_extremum(np.argmin, -1.0)


def _sort(a: Any, axis: int = -1) -> Bounded:
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


FUNCTIONS[np.sort] = _sort
FUNCTIONS[np.cumprod] = _cumprod


# --- linear systems --------------------------------------------------------------------------------------------------


def _solve(a: Any, b: Any) -> Bounded:
    """LU with partial pivoting solves ``(A + D) x = b``, ``|D| <= gamma(3n) |L| |U|`` (Higham, theorem 9.4), where
    ``|L| <= 1`` and ``|U| <= 2**(n-1) max|A|`` (section 9.4). The inverse of a matrix this well conditioned is off by
    far less than the factor of two that it is given.
    """
    matrix, right = bounded(a), bounded(b)
    n = matrix.shape[-1]
    value = np.linalg.solve(matrix.value, right.value)
    inverse = 2 * np.abs(np.linalg.inv(matrix.value))
    uncertainty = matrix.error + gamma(3 * n) * n * 2.0 ** (n - 1) * magnitude(matrix).max()
    response = inverse @ uncertainty
    require(response.max() < 1e-3)
    size = 2 * np.abs(value)
    error = response @ size + inverse @ right.error
    paths = inverse @ (matrix.paths @ size + right.paths)
    slopes = inverse @ (matrix.slope_error @ size + matrix.paths @ error + right.slope_error)
    slopes = slopes + 4 * response @ paths + roundings(4 * n * n) * (paths + slopes)
    return Bounded(value, error, paths, slopes, np.linalg.solve(matrix.stepped, right.stepped))


def _inverse(a: Any) -> Bounded:
    matrix = bounded(a)
    result = _solve(matrix, np.eye(matrix.shape[-1]))
    return Bounded(np.linalg.inv(matrix.value), *result.parts[1:])


def _det(a: Any) -> Bounded:
    """By minors, as the definition has it; NumPy's elimination is off by the minors times ``|D|`` (see `_solve`)."""
    x = bounded(a)
    n = x.shape[-1]
    if n == 1:
        return x[0, 0]
    if n == 2:
        result = x[0, 0] * x[1, 1] - x[0, 1] * x[1, 0]
        minors = magnitude(x).max() * 4
    else:
        cofactors = [(x[1, i] * x[2, j] - x[1, j] * x[2, i]) for i, j in ((1, 2), (0, 2), (0, 1))]
        result = x[0, 0] * cofactors[0] - x[0, 1] * cofactors[1] + x[0, 2] * cofactors[2]
        minors = magnitude(x).max() ** 2 * 2 * 9
    elimination = minors * gamma(3 * n) * n * 2.0 ** (n - 1) * magnitude(x).max()
    return Bounded(np.linalg.det(x.value), result.error + elimination, *result.parts[2:])


def _cholesky(a: Any) -> Bounded:
    x = bounded(a)
    n = x.shape[-1]
    factor: list[list[Any]] = [[0.0] * n for _ in range(n)]
    for j in range(n):
        for i in range(j, n):
            rest = x[i, j]
            for k in range(j):
                rest = rest - factor[i][k] * factor[j][k]
            factor[i][j] = np.sqrt(rest) if i == j else rest / factor[j][j]
    result = _array(factor)
    return Bounded(np.linalg.cholesky(x.value), *result.parts[1:])


def _matrix_power(a: Any, n: int) -> Bounded:
    base = _inverse(a) if n < 0 else bounded(a)
    result = base
    for _ in range(abs(n) - 1):
        result = result @ base
    return Bounded(np.linalg.matrix_power(bounded(a).value, n), *result.parts[1:])


FUNCTIONS[np.linalg.solve], FUNCTIONS[np.linalg.inv], FUNCTIONS[np.linalg.det] = _solve, _inverse, _det
FUNCTIONS[np.linalg.cholesky], FUNCTIONS[np.linalg.matrix_power] = _cholesky, _matrix_power


# --- what NumPy builds of these --------------------------------------------------------------------------------------


def _plain(argument: Any) -> Any:
    """NumPy's own values of an argument."""
    if isinstance(argument, list):
        return [_plain(item) for item in argument]
    return argument.value if isinstance(argument, Bounded) else argument


def recipe(func: Rule) -> Callable[[Rule], Rule]:
    """Bounds by the steps that define the function; the value is NumPy's."""

    def register(steps: Rule) -> Rule:
        def rule(*args: Any, **kwargs: Any) -> Any:
            result = bounded(steps(*args, **kwargs))
            plain = [_plain(arg) for arg in args]
            named = {name: _plain(arg) for name, arg in kwargs.items()}
            return Bounded(np.asarray(func(*plain, **named)), *result.parts[1:])

        FUNCTIONS[func] = rule
        return steps

    return register


@recipe(np.var)
def _var(a: Any, axis: Any = None, ddof: int = 0, keepdims: bool = False) -> Any:
    centred = a - np.mean(a, axis=axis, keepdims=True)
    count = a.size / max(np.mean(a, axis=axis).size, 1)
    return np.sum(centred * centred, axis=axis, keepdims=keepdims) / (count - ddof)


recipe(np.std)(lambda a, axis=None, ddof=0, keepdims=False: np.sqrt(_var(a, axis, ddof, keepdims)))
recipe(np.ptp)(lambda a, axis=None: np.max(a, axis=axis) - np.min(a, axis=axis))
recipe(np.diff)(lambda a: a[..., 1:] - a[..., :-1])
recipe(np.trapezoid)(lambda y, dx=1.0: np.sum((y[..., 1:] + y[..., :-1]) * (dx / 2), axis=-1))
recipe(np.average)(lambda a, axis, weights: np.sum(a * weights, axis=axis) / np.sum(weights))


@recipe(np.median)
def _median(a: Any, axis: Any = None) -> Any:
    rows, _ = _rows(bounded(a), axis)
    ordered = _sort(rows)
    n = rows.shape[-1]
    return (ordered[..., (n - 1) // 2] + ordered[..., n // 2]) / 2


@recipe(np.polyval)
def _polyval(p: Any, x: Any) -> Any:
    result = p[0] + 0.0 * x
    for k in range(1, len(p)):
        result = result * x + p[k]
    return result


@recipe(np.cross)
def _cross(a: Any, b: Any) -> Any:
    pairs = [a[i] * b[j] - a[j] * b[i] for i, j in ((1, 2), (2, 0), (0, 1))]
    return _array(pairs)


@recipe(np.clip)
def _clip(a: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


@recipe(np.select)
def _select(conditions: Any, choices: Any, default: Any) -> Any:
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = _where(condition, choice, result)
    return result


@recipe(np.round)
def _round(a: Any, decimals: int = 0) -> Any:
    return np.rint(a * 10.0**decimals) / 10.0**decimals


@recipe(np.linspace)
def _linspace(start: Any, stop: Any, num: int) -> Any:
    result = np.arange(num).astype(float) * ((stop - start) / (num - 1)) + start
    last = FUNCTIONS[np.broadcast_to](stop - 0.0 * start, (1,))
    return FUNCTIONS[np.concatenate]([result[:-1], last])


@recipe(np.linalg.norm)
def _norm(x: Any, ord: Any = None, axis: Any = None) -> Any:
    if ord in (None, 2, "fro"):
        return np.sqrt(np.sum(x * x, axis=axis))
    if bounded(x).ndim == 1 or axis is not None:
        return np.sum(np.abs(x), axis=axis) if ord == 1 else np.max(np.abs(x), axis=axis)
    return np.max(np.sum(np.abs(x), axis=0 if ord == 1 else 1))


@recipe(np.linalg.pinv)
def _pinv(a: Any) -> Any:
    """Of a matrix with more rows than columns, by its normal equations."""
    return _solve(a.T @ a, a.T)


@recipe(np.interp)
def _interp(x: Any, xp: Any, fp: Any) -> Any:
    where, heights = bounded(x), bounded(fp)
    # The slope changes at the places of the table: the value does not, but the segments' rounding errors do.
    reach = where.value[..., None] - xp
    require(np.abs(reach) > 2 * where.error[..., None])
    segment = np.clip(np.searchsorted(xp, where.value) - 1, 0, len(xp) - 2)
    inside = (where.value > xp[0]) & (where.value < xp[-1])
    slope = (heights[segment + 1] - heights[segment]) / (xp[segment + 1] - xp[segment])
    along = slope * (where - xp[segment]) + heights[segment]
    return _where(inside, along, _where(where.value <= xp[0], heights[0], heights[-1]))


@recipe(np.searchsorted)
def _searchsorted(table: Any, v: Any) -> Any:
    lo, hi = hull(v)
    require(np.searchsorted(table, lo) == np.searchsorted(table, hi))
    return without_slope(np.searchsorted(table, v.value))


def _astype(x: Bounded, dtype: Any) -> Bounded:
    if np.dtype(dtype).kind == "f":
        return Bounded(x.value.astype(dtype), *(part.copy() for part in x.parts[1:]))
    lo, hi = (end.astype(dtype) for end in hull(x))
    require(lo == hi)
    return without_slope(x.value.astype(dtype))


FUNCTIONS[np.astype] = _astype


# --- methods, and methods of universal functions ---------------------------------------------------------------------

METHODS |= {
    name: FUNCTIONS[getattr(np, name)]
    for name in (
        *("sum", "prod", "mean", "std", "var", "max", "min", "ptp", "argmax", "argmin", "all", "any", "clip", "round"),
        *("cumsum", "cumprod", "dot", "trace", "diagonal", "repeat", "take", "ravel", "swapaxes", "squeeze", "copy"),
    )
    if getattr(np, name, None) in FUNCTIONS
}
METHODS["astype"] = _astype
METHODS["flatten"] = lambda x: FUNCTIONS[np.copy](FUNCTIONS[np.ravel](x))
METHODS["reshape"] = lambda x, *shape: FUNCTIONS[np.reshape](x, shape if isinstance(shape[0], int) else shape[0])
METHODS["transpose"] = lambda x, *axes: FUNCTIONS[np.transpose](x, axes or None)

_REDUCTIONS = {"add": np.sum, "multiply": np.prod, "maximum": np.max, "minimum": np.min, "logical_or": np.any}
_REDUCTIONS["logical_and"] = np.all


def _ufunc_reduce(ufunc: np.ufunc, a: Any, axis: Any = 0, keepdims: bool = False) -> Bounded:
    return FUNCTIONS[_REDUCTIONS[ufunc.__name__]](a, axis=axis, keepdims=keepdims)


def _ufunc_outer(ufunc: np.ufunc, a: Any, b: Any) -> Bounded:
    x, y = bounded(a), bounded(b)
    return UFUNCS[ufunc.__name__](FUNCTIONS[np.reshape](x, x.shape + (1,) * y.ndim), y)


def _ufunc_accumulate(ufunc: np.ufunc, a: Any, axis: int = 0) -> Bounded:
    return FUNCTIONS[np.cumsum if ufunc.__name__ == "add" else np.cumprod](a, axis=axis)


UFUNC_METHODS |= {"reduce": _ufunc_reduce, "outer": _ufunc_outer, "accumulate": _ufunc_accumulate}

__all__ = ["U", "bilinear", "linear", "moved", "recipe", "times"]
