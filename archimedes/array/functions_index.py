"""Functions that copy elements to new places: roll, tile, repeat, take, diag, tril, pad, meshgrid, ..."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import sum_
from archimedes.array.keywords import constant_array, is_traced, refuse_keywords, require
from archimedes.array.positions import chained, moved, positions_of
from archimedes.array.primitives import as_symbolic, concatenate_flat, gather
from archimedes.errors import ArcTypeError


@implements(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> SymbolicArray:
    """Elements moved cyclically along axes."""
    steps = constant_array(shift, function="np.roll", argument="shift")
    array = as_symbolic(a)
    if axis is None:
        require(steps.size == 1, "np.roll: several shifts need as many axes", hint="give axis=")
        return _rolled(array.reshape((-1,)), int(steps.reshape(())), 0).reshape(array.shape)
    axes = normalize_axis_tuple(axis, array.ndim, allow_duplicate=True)
    for step, place in np.broadcast(steps, np.asarray(axes)):
        array = _rolled(array, int(step), int(place))
    return array.copy()


def _rolled(array: SymbolicArray, step: int, axis: int) -> SymbolicArray:
    n = array.shape[axis]
    if n == 0 or step % n == 0:
        return array
    before = (slice(None),) * axis
    return chained([array[(*before, slice(n - step % n, None))], array[(*before, slice(None, n - step % n))]], axis)


@implements(np.tile)
def tile(A: Any, reps: Any) -> SymbolicArray:
    """The array repeated block by block."""
    return moved(A, lambda p: np.tile(p, reps))


@implements(np.repeat)
def repeat(a: Any, repeats: Any, axis: Any = None) -> SymbolicArray:
    """Each element repeated."""
    counts = constant_array(repeats, function="np.repeat", argument="repeats")
    return moved(a, lambda p: np.repeat(p, counts, axis))


@implements(np.take)
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> SymbolicArray:
    """Elements at constant indices along an axis."""
    refuse_keywords("np.take", out=out)
    chosen = constant_array(indices, function="np.take", argument="indices")
    return moved(a, lambda p: np.take(p, chosen, axis, mode=mode))


@implements(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> SymbolicArray:
    """Elements at constant indices, one row of indices per slice."""
    chosen = constant_array(indices, function="np.take_along_axis", argument="indices")
    return moved(arr, lambda p: np.take_along_axis(p, chosen, axis))


@implements(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> SymbolicArray:
    """The array without the elements at constant indices."""
    removed: Any = obj if isinstance(obj, slice) else constant_array(obj, function="np.delete", argument="obj")
    removed = int(removed) if isinstance(removed, np.ndarray) and removed.ndim == 0 else removed
    return moved(arr, lambda p: np.delete(p, removed, axis))


@implements(np.diag)
def diag(v: Any, k: int = 0) -> SymbolicArray:
    """Diagonal of a matrix, or the matrix with the given diagonal."""
    return moved(v, lambda p: np.diag(p + 1, k) - 1)


@implements(np.diagflat)
def diagflat(v: Any, k: int = 0) -> SymbolicArray:
    """The matrix with the elements on a diagonal."""
    return moved(v, lambda p: np.diagflat(p + 1, k) - 1)


@implements(np.fill_diagonal)
def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Assign to the main diagonal, in place."""
    refuse_keywords("np.fill_diagonal", wrap=wrap)
    array = as_symbolic(a)
    require(array.ndim >= 2, "array must be at least 2-d")
    require(array.ndim == 2 or len(set(array.shape)) == 1, "All dimensions of input must be of equal length")
    places = (np.arange(min(array.shape)),) * array.ndim
    array[places] = moved(val, lambda p: np.resize(p, places[0].size))


@implements(np.tril)
def tril(m: Any, k: int = 0) -> SymbolicArray:
    """Zeros above diagonal number k."""
    return moved(m, lambda p: np.tril(p + 1, k) - 1)


@implements(np.triu)
def triu(m: Any, k: int = 0) -> SymbolicArray:
    """Zeros below diagonal number k."""
    return moved(m, lambda p: np.triu(p + 1, k) - 1)


@implements(np.trace)
def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: Any = None) -> SymbolicArray:
    """Sum along a diagonal of two axes."""
    refuse_keywords("np.trace", out=out)
    return sum_(moved(a, lambda p: np.diagonal(p, offset, axis1, axis2)), axis=-1, dtype=dtype)


@implements(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> SymbolicArray:
    """Sum along a diagonal of the last two axes."""
    return trace(x, offset, -2, -1, dtype)


@implements(np.meshgrid)
def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: Any = "xy") -> tuple[SymbolicArray, ...]:
    """Coordinate arrays of a grid from coordinate vectors."""
    arrays = [as_symbolic(x) for x in xi]
    grids = np.meshgrid(*(positions_of(array) for array in arrays), sparse=sparse, indexing=indexing)
    return tuple(gather(array, grid) for array, grid in zip(arrays, grids, strict=True))


_PAD_MODES = ("edge", "reflect", "symmetric", "wrap")


@implements(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> SymbolicArray:
    """Padded by constants or by elements: modes constant, edge, reflect, symmetric, wrap."""
    x = as_symbolic(array)
    if mode == "constant":
        return _pad_constant(x, pad_width, **kwargs)
    if mode not in _PAD_MODES:
        raise located(
            ArcTypeError,
            f"np.pad: mode {mode!r} is not supported for traced arrays",
            code="ARC154",
            hint=f"supported modes: constant, {', '.join(_PAD_MODES)}; otherwise np.concatenate a border of your own",
        )
    refuse_keywords("np.pad", reflect_type=None if kwargs.get("reflect_type") == "even" else kwargs.get("reflect_type"))
    np.pad(np.zeros((1,) * x.ndim), pad_width, mode)  # NumPy judges the widths
    for axis, (before, after) in enumerate(_widths(pad_width, x.ndim)):
        places = np.pad(np.arange(x.shape[axis]), (before, after), mode, **kwargs)
        parts = [take(x, places[:before], axis), x, take(x, places[places.size - after :], axis)]
        x = chained([part for part in parts if part.shape[axis]], axis) if before + after else x
    return x.copy()


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    """Elements before and after each axis, in all of NumPy's ways to write them."""
    if isinstance(pad_width, dict):
        return [_two(pad_width.get(k, pad_width.get(k - ndim, 0))) for k in range(ndim)]
    return [(int(before), int(after)) for before, after in np.broadcast_to(pad_width, (ndim, 2))]


def _two(width: Any) -> tuple[int, int]:
    before, after = np.broadcast_to(width, (2,))
    return int(before), int(after)


def _pad_constant(x: SymbolicArray, pad_width: Any, *, constant_values: Any = 0) -> SymbolicArray:
    if is_traced(constant_values):
        borders = as_symbolic(constant_values)
        flat = concatenate_flat([x, borders.astype(x.dtype)])
        return gather(flat, np.pad(positions_of(x), pad_width, constant_values=positions_of(borders, start=x.size)))
    if not np.any(constant_values):
        return moved(x, lambda p: np.pad(p, pad_width, constant_values=-1))
    background = np.pad(np.zeros(x.shape, x.dtype), pad_width, constant_values=constant_values)
    padded = as_symbolic(background).astype(x.dtype)
    padded[tuple(slice(w[0], w[0] + n) for w, n in zip(_widths(pad_width, x.ndim), x.shape, strict=True))] = x
    return padded
