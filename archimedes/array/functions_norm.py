"""Norms of vectors and matrices. At the origin their derivatives are 0."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.function_table import implements
from archimedes.array.functions_products import contract
from archimedes.array.functions_reduce import max_, min_, sum_
from archimedes.array.keywords import constant_array, kept_shape, one_axis, require
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic
from archimedes.array.roots import root_of_squares
from archimedes.errors import ArcValueError


def _square_sum(array: SymbolicArray, axes: tuple[int, ...], keepdims: bool) -> SymbolicArray:
    if len(axes) == array.ndim:
        flat = array.reshape((-1,))
        total = contract(flat, flat, (0,), (0,))
        return total.reshape((1,) * array.ndim) if keepdims else total
    return sum_(array * array, axis=axes, keepdims=keepdims)


def _vector_norm(array: SymbolicArray, order: Any, axis: int, keepdims: bool) -> SymbolicArray:
    if order is None or order == 2:
        return root_of_squares(_square_sum(array, (axis,), keepdims))
    if order == np.inf:
        return max_(np.abs(array), axis=axis, keepdims=keepdims)
    if order == -np.inf:
        return min_(np.abs(array), axis=axis, keepdims=keepdims)
    if order == 0:
        return sum_((array != 0).astype(array.dtype), axis=axis, keepdims=keepdims)
    if order == 1:
        return sum_(np.abs(array), axis=axis, keepdims=keepdims)
    return _power_norm(array, float(order), axis, keepdims)


def _power_norm(array: SymbolicArray, order: float, axis: int, keepdims: bool) -> SymbolicArray:
    """``sum(abs(x) ** p) ** (1 / p)``; the root is taken of 1 where the sum is 0, so that its derivative there is 0."""
    total = sum_(np.abs(array) ** order, axis=axis, keepdims=keepdims)
    if order < 0:
        return as_symbolic(total ** (1 / order))
    is_zero = total == 0
    root = np.where(is_zero, np.ones((), dtype=array.dtype), total) ** (1 / order)
    return as_symbolic(np.where(is_zero, np.zeros((), dtype=array.dtype), root))


def _matrix_norm(array: SymbolicArray, order: Any, axes: tuple[int, int], keepdims: bool) -> SymbolicArray:
    row, column = axes
    if order is None or order == "fro":
        return root_of_squares(_square_sum(array, tuple(sorted(axes)), keepdims))
    if order in (1, -1, np.inf, -np.inf):
        summed, other = (row, column) if abs(order) == 1 else (column, row)
        sums = sum_(np.abs(array), axis=summed, keepdims=True)
        extremum = (max_ if order > 0 else min_)(sums, axis=other, keepdims=True)
        shape = kept_shape(array.shape, axes)
        return extremum if keepdims else extremum.reshape(tuple(n for k, n in enumerate(shape) if k not in axes))
    raise located(
        ArcValueError,
        f"np.linalg.norm: matrix norm {order!r} is not supported for traced arrays",
        code="ARC157",
        hint="supported for matrices: 'fro', 1, -1, np.inf, -np.inf (singular values are not available)",
    )


@implements(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> SymbolicArray:
    """Norm of a vector (1, 2, inf, -inf, 0, any p) or a matrix (fro, 1, -1, inf, -inf) along axes."""
    array = as_real(x)
    if axis is None and (ord is None or array.ndim in (1, 2)):
        if ord is None or (ord in ("f", "fro", "F") and array.ndim == 2) or (ord == 2 and array.ndim == 1):
            return root_of_squares(_square_sum(array, tuple(range(array.ndim)), keepdims))
        axes: tuple[int, ...] = tuple(range(array.ndim))
    else:
        axes = tuple(range(array.ndim)) if axis is None else _axes(axis, array.ndim)
    if len(axes) == 1:
        known = ord is None or (not isinstance(ord, str) and np.isscalar(ord))
        require(known, f"Invalid norm order {ord!r} for vectors", hint="give a number")
        order = None if ord is None else float(constant_array(ord, function="np.linalg.norm", argument="ord"))
        return _vector_norm(array, order, axes[0], keepdims)
    require(len(axes) == 2, "Improper number of dimensions to norm.", hint="give one axis or two with axis=")
    require(axes[0] != axes[1], "Duplicate axes given.")
    return _matrix_norm(array, "fro" if ord in ("f", "F") else ord, (axes[0], axes[1]), keepdims)


def _axes(axis: Any, ndim: int) -> tuple[int, ...]:
    given = axis if isinstance(axis, tuple) else (axis,)
    return tuple(one_axis(k, ndim) for k in given)


@implements(np.linalg.vector_norm)
def vector_norm(x: Any, /, *, axis: Any = None, keepdims: bool = False, ord: Any = 2) -> SymbolicArray:
    """Norm of all elements, or along axes, as of one vector."""
    array = as_real(x)
    axes = tuple(range(array.ndim)) if axis is None else _axes(axis, array.ndim)
    kept = tuple(k for k in range(array.ndim) if k not in axes)
    flat = array.transpose((*kept, *axes)).reshape((*(array.shape[k] for k in kept), -1))
    result = _vector_norm(flat, ord, len(kept), False)
    return result.reshape(kept_shape(array.shape, axes)) if keepdims else result


@implements(np.linalg.matrix_norm)
def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> SymbolicArray:
    """Norm of the matrices in the last two axes."""
    return norm(x, ord=ord, axis=(-2, -1), keepdims=keepdims)
