"""Running error of linear algebra, and of what NumPy builds of simpler functions.

The latter are built in the same way here (`recipe`), which gives the bounds; the value is NumPy's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from strategies.running_error import (
    FUNCTIONS,
    METHODS,
    UFUNC_METHODS,
    UFUNCS,
    Bounded,
    bounded,
    gamma,
    hull,
    magnitude,
    require,
    roundings,
    without_slope,
)
from strategies.running_error_functions import Rule, array_rule, merged, sort_rule, where_rule

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
    result = array_rule(factor)
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
    rows, _ = merged(bounded(a), axis)
    ordered = sort_rule(rows)
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
    return array_rule(pairs)


@recipe(np.clip)
def _clip(a: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(a, low), high)


@recipe(np.select)
def _select(conditions: Any, choices: Any, default: Any) -> Any:
    result = default
    for condition, choice in reversed(list(zip(conditions, choices, strict=True))):
        result = where_rule(condition, choice, result)
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
    return where_rule(inside, along, where_rule(where.value <= xp[0], heights[0], heights[-1]))


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
        *("cumsum", "cumprod", "dot", "trace", "diagonal", "repeat", "take", "ravel", "swapaxes", "squeeze"),
    )
    if getattr(np, name, None) in FUNCTIONS
}
METHODS["astype"] = _astype
METHODS["copy"] = lambda x: Bounded(*(part.copy() for part in x.parts))
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
