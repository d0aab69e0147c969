"""Products: dot, vdot, inner, outer, tensordot, kron, cross, convolve, correlate. All are matrix products inside."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import sum_
from archimedes.array.functions_shape import moveaxis
from archimedes.array.keywords import one_axis, refuse_keywords, require
from archimedes.array.positions import moved
from archimedes.array.primitives import as_symbolic, matmul2
from archimedes.array.ufunc_table import UFUNCS


@implements(np.dot)
def dot(a: Any, b: Any, out: Any = None) -> SymbolicArray:
    """Sum of products over the last axis of ``a`` and the second-last (or only) axis of ``b``."""
    refuse_keywords("np.dot", out=out)
    left, right = as_symbolic(a), as_symbolic(b)
    if left.ndim == 0 or right.ndim == 0:
        return as_symbolic(left * right)
    axis = max(right.ndim - 2, 0)
    require(
        left.shape[-1] == right.shape[axis],
        f"shapes {left.shape} and {right.shape} not aligned: {left.shape[-1]} (dim {left.ndim - 1}) != "
        f"{right.shape[axis]} (dim {axis})",
        hint="the last axis of the first operand must be as long as the second-last of the second",
    )
    return contract(left, right, (left.ndim - 1,), (axis,))


@implements(np.matmul, np.linalg.matmul)
def matmul(a: Any, b: Any) -> SymbolicArray:
    """Matrix product; a 1-D operand is a row (left) or a column (right); stacks of matrices broadcast.

    Two stacks become a broadcast product and a sum; a stack and one matrix are one product.
    """
    left, right = as_symbolic(a), as_symbolic(b)
    require(
        left.ndim > 0 and right.ndim > 0,
        "np.matmul: a scalar operand is not allowed",
        hint="use * to multiply by a scalar",
    )
    inner_axis = max(right.ndim - 2, 0)
    require(
        left.shape[-1] == right.shape[inner_axis],
        f"np.matmul: shapes {left.shape} and {right.shape} do not fit: {left.shape[-1]} columns on the left, "
        f"{right.shape[inner_axis]} rows on the right",
        hint="the last axis of the left operand must be as long as the second-last of the right",
    )
    if right.ndim <= 2:
        return contract(left, right, (left.ndim - 1,), (inner_axis,))
    if left.ndim <= 2:
        product = contract(left, right, (left.ndim - 1,), (inner_axis,))
        return product if left.ndim == 1 else moveaxis(product, 0, -2).copy()
    batch = np.broadcast_shapes(left.shape[:-2], right.shape[:-2])
    rows, common, columns = *left.shape[-2:], right.shape[-1]
    left = left.reshape((*left.shape[:-2], rows, 1, common))
    right = right.swapaxes(-1, -2).reshape((*right.shape[:-2], 1, columns, common))
    products = left * right
    return sum_(products, axis=-1, dtype=products.dtype).reshape((*batch, rows, columns))


def contract(a: SymbolicArray, b: SymbolicArray, a_axes: tuple[int, ...], b_axes: tuple[int, ...]) -> SymbolicArray:
    """Sum of products over pairs of axes, as one product of two matrices; the other axes stay, those of a first."""
    a_free = tuple(k for k in range(a.ndim) if k not in a_axes)
    b_free = tuple(k for k in range(b.ndim) if k not in b_axes)
    a_shape = tuple(a.shape[k] for k in a_free)
    b_shape = tuple(b.shape[k] for k in b_free)
    common = math.prod(a.shape[k] for k in a_axes)
    left = a.transpose((*a_free, *a_axes)).reshape((math.prod(a_shape), common))
    right = b.transpose((*b_axes, *b_free)).reshape((common, math.prod(b_shape)))
    return matmul2(left, right).reshape((*a_shape, *b_shape))


@implements(np.vdot)
def vdot(a: Any, b: Any, /) -> SymbolicArray:
    """Sum of products of all elements, both operands flattened."""
    left, right = as_symbolic(a).reshape((-1,)), as_symbolic(b).reshape((-1,))
    require(left.size == right.size, f"np.vdot: operands have {left.size} and {right.size} elements")
    return contract(left, right, (0,), (0,))


@implements(np.linalg.vecdot)
def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> SymbolicArray:
    """Sum of products along one axis, the others broadcast."""
    products = moveaxis(x1, axis, -1) * moveaxis(x2, axis, -1)
    return sum_(products, axis=-1, dtype=products.dtype)


def matvec(x1: Any, x2: Any, /) -> SymbolicArray:
    """Stacks of matrices times stacks of vectors."""
    return matmul(x1, as_symbolic(x2)[..., np.newaxis])[..., 0]


def vecmat(x1: Any, x2: Any, /) -> SymbolicArray:
    """Stacks of vectors times stacks of matrices."""
    return matmul(as_symbolic(x1)[..., np.newaxis, :], x2)[..., 0, :]


# Ufuncs in NumPy; by name, for some of them are younger than the oldest NumPy that is supported.
UFUNCS.update(vecdot=vecdot, matvec=matvec, vecmat=vecmat)


@implements(np.inner)
def inner(a: Any, b: Any, /) -> SymbolicArray:
    """Sum of products over the last axes."""
    left, right = as_symbolic(a), as_symbolic(b)
    if left.ndim == 0 or right.ndim == 0:
        return as_symbolic(left * right)
    require(
        left.shape[-1] == right.shape[-1],
        f"shapes {left.shape} and {right.shape} not aligned: {left.shape[-1]} (dim {left.ndim - 1}) != "
        f"{right.shape[-1]} (dim {right.ndim - 1})",
        hint="the last axes must be equally long",
    )
    return contract(left, right, (left.ndim - 1,), (right.ndim - 1,))


@implements(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> SymbolicArray:
    """All products of an element of ``a`` with one of ``b``, both flattened."""
    refuse_keywords("np.outer", out=out)
    return as_symbolic(as_symbolic(a).reshape((-1, 1)) * as_symbolic(b).reshape((1, -1)))


@implements(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> SymbolicArray:
    """All products of an element of one vector with one of another."""
    left, right = as_symbolic(x1), as_symbolic(x2)
    require(left.ndim == 1 and right.ndim == 1, "np.linalg.outer: both operands must be one-dimensional")
    return outer(left, right)


@implements(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> SymbolicArray:
    """Sum of products over pairs of axes; a number n means the last n of one and the first n of the other."""
    left, right = as_symbolic(a), as_symbolic(b)
    if np.ndim(axes) == 0 and not isinstance(axes, (list, tuple)):
        count = int(axes)
        require(
            count <= min(left.ndim, right.ndim), f"np.tensordot: {count} axes of shapes {left.shape}, {right.shape}"
        )
        a_axes, b_axes = tuple(range(left.ndim - count, left.ndim)), tuple(range(count))
    else:
        first, second = axes
        a_axes, b_axes = normalize_axis_tuple(first, left.ndim), normalize_axis_tuple(second, right.ndim)
    require(
        [left.shape[k] for k in a_axes] == [right.shape[k] for k in b_axes],
        f"np.tensordot: shape-mismatch for sum: axes {a_axes} of {left.shape}, axes {b_axes} of {right.shape}",
    )
    return contract(left, right, a_axes, b_axes)


@implements(np.kron)
def kron(a: Any, b: Any) -> SymbolicArray:
    """Kronecker product: every element of ``a`` times the whole of ``b``, as blocks."""
    left, right = as_symbolic(a), as_symbolic(b)
    ndim = max(left.ndim, right.ndim)
    a_shape = (1,) * (ndim - left.ndim) + left.shape
    b_shape = (1,) * (ndim - right.ndim) + right.shape
    product: SymbolicArray = left.reshape(
        tuple(n for pair in zip(a_shape, (1,) * ndim, strict=True) for n in pair)
    ) * right.reshape(tuple(n for pair in zip((1,) * ndim, b_shape, strict=True) for n in pair))
    return product.reshape(tuple(m * n for m, n in zip(a_shape, b_shape, strict=True)))


@implements(np.cross)
def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: Any = None) -> SymbolicArray:
    """Vector product of vectors of three elements (of two: the third component is zero)."""
    if axis is not None:
        axisa = axisb = axisc = axis
    left = moveaxis(a, axisa, -1)
    right = moveaxis(b, axisb, -1)
    lengths = (left.shape[-1], right.shape[-1])
    require(
        set(lengths) <= {2, 3},
        "incompatible dimensions for cross product\n(dimension must be 2 or 3)",
        hint="the vectors must have 3 elements along the given axis",
    )
    if lengths == (2, 2):
        return as_symbolic(left[..., 0] * right[..., 1] - left[..., 1] * right[..., 0])
    a0, a1, a2 = _three(left)
    b0, b1, b2 = _three(right)
    product = as_symbolic(np.stack([a1 * b2 - a2 * b1, a2 * b0 - a0 * b2, a0 * b1 - a1 * b0], axis=-1))
    return moveaxis(product, -1, one_axis(axisc, product.ndim))


def _three(x: SymbolicArray) -> tuple[Any, Any, Any]:
    """Components of vectors in the last axis; the third of two is zero."""
    third = x[..., 2] if x.shape[-1] == 3 else as_symbolic(np.zeros(x.shape[:-1])).astype(x.dtype)
    return x[..., 0], x[..., 1], third


@implements(np.linalg.cross)
def linalg_cross(x1: Any, x2: Any, /, *, axis: int = -1) -> SymbolicArray:
    """Vector product of vectors of three elements."""
    left, right = as_symbolic(x1), as_symbolic(x2)
    require(
        left.shape[axis] == 3 and right.shape[axis] == 3,
        f"Both input arrays must be (arrays of) 3-dimensional vectors, but they are {left.shape[axis]} and "
        f"{right.shape[axis]} dimensional instead.",
    )
    return cross(left, right, axis=axis)


def _windows(long: SymbolicArray, short: SymbolicArray, mode: str, function: str) -> SymbolicArray:
    """``sum_j long[i + j] * short[j]`` for every place ``i`` that the mode names, as one matrix-vector product."""
    n, m = long.size, short.size
    require(mode in ("full", "same", "valid"), f"{function}: mode must be 'full', 'same' or 'valid', got {mode!r}")
    before = {"full": m - 1, "same": m // 2, "valid": 0}[mode]
    count = {"full": n + m - 1, "same": n, "valid": n - m + 1}[mode]
    after = count + m - 1 - n - before
    padded = moved(long, lambda p: np.pad(p, (before, after), constant_values=-1)) if before + after else long
    rows = moved(padded, lambda p: np.lib.stride_tricks.sliding_window_view(p, m))
    return contract(rows, short, (1,), (0,))


def _signals(a: Any, v: Any, function: str) -> tuple[SymbolicArray, SymbolicArray]:
    first, second = as_symbolic(a), as_symbolic(v)
    signals = first.reshape((1,)) if first.ndim == 0 else first, second.reshape((1,)) if second.ndim == 0 else second
    require(all(s.ndim == 1 for s in signals), f"{function}: object too deep for desired array", hint="give 1-D arrays")
    require(signals[0].size > 0, "a cannot be empty" if function == "np.convolve" else f"{function}: a is empty")
    require(signals[1].size > 0, "v cannot be empty" if function == "np.convolve" else f"{function}: v is empty")
    return signals


@implements(np.convolve)
def convolve(a: Any, v: Any, mode: str = "full") -> SymbolicArray:
    """Linear convolution of two vectors.

    Borders are multiplied as zeros, so an infinity in one operand gives NaN where NumPy would leave it out.
    """
    long, short = _signals(a, v, "np.convolve")
    if short.size > long.size:
        long, short = short, long
    return _windows(long, moved(short, np.flip), mode, "np.convolve")


@implements(np.correlate)
def correlate(a: Any, v: Any, mode: str = "valid") -> SymbolicArray:
    """Cross-correlation of two vectors, ``c[k] = sum_n a[n + k] * v[n]``."""
    long, short = _signals(a, v, "np.correlate")
    if short.size <= long.size:
        return _windows(long, short, mode, "np.correlate")
    return moved(_windows(short, long, mode, "np.correlate"), np.flip)
