"""Functions that only look at an array in another way: reshape, transpose, flip, split, broadcast, ...

Where NumPy gives a view, the result is a view here too: writing through it changes the original.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archimedes.array.carrier import Positions
from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.keywords import constant_array, refuse_keywords, require
from archimedes.array.positions import moved, positions_of, viewed
from archimedes.array.primitives import as_symbolic


def _refuse_order(function: str, order: Any) -> None:
    refuse_keywords(function, order=None if order in ("C", None) else order)


@implements(np.reshape)
def reshape(a: Any, /, shape: Any, order: Any = "C", *, copy: Any = None) -> SymbolicArray:
    """The same elements in another shape, in C order (or Fortran order)."""
    require(order in ("C", "F"), f"np.reshape: order must be 'C' or 'F', got {order!r}")
    return as_symbolic(a).reshape(shape, order=order, copy=copy)


@implements(np.ravel)
def ravel(a: Any, order: Any = "C") -> SymbolicArray:
    """The elements in one dimension, in C order (or Fortran order)."""
    require(order in ("C", "F"), f"np.ravel: order must be 'C' or 'F', got {order!r}")
    return as_symbolic(a).ravel(order)


@implements(np.transpose)
def transpose(a: Any, axes: Any = None) -> SymbolicArray:
    """Axes in reverse, or in the given order."""
    return viewed(a, lambda p: np.transpose(p, axes))


@implements(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> SymbolicArray:
    """The last two axes exchanged."""
    return viewed(x, np.matrix_transpose)


@implements(np.swapaxes)
def swapaxes(a: Any, axis1: Any, axis2: Any) -> SymbolicArray:
    """Two axes exchanged."""
    return viewed(a, lambda p: np.swapaxes(p, axis1, axis2))


@implements(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> SymbolicArray:
    """Axes moved to other places, the others in their order."""
    return viewed(a, lambda p: np.moveaxis(p, source, destination))


@implements(np.rollaxis)
def rollaxis(a: Any, axis: Any, start: int = 0) -> SymbolicArray:
    """One axis moved before another."""
    return viewed(a, lambda p: np.rollaxis(p, axis, start))


@implements(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> SymbolicArray:
    """New axes of length 1."""
    return viewed(a, lambda p: np.expand_dims(p, axis))


@implements(np.squeeze)
def squeeze(a: Any, axis: Any = None) -> SymbolicArray:
    """Axes of length 1 removed."""
    return viewed(a, lambda p: np.squeeze(p, axis))


def _at_least(function: Callable[..., Any], arrays: tuple[Any, ...]) -> Any:
    results = tuple(viewed(array, function) for array in arrays)
    return results[0] if len(results) == 1 else results


@implements(np.atleast_1d)
def atleast_1d(*arys: Any) -> Any:
    """Arrays of at least one dimension."""
    return _at_least(np.atleast_1d, arys)


@implements(np.atleast_2d)
def atleast_2d(*arys: Any) -> Any:
    """Arrays of at least two dimensions."""
    return _at_least(np.atleast_2d, arys)


@implements(np.atleast_3d)
def atleast_3d(*arys: Any) -> Any:
    """Arrays of at least three dimensions."""
    return _at_least(np.atleast_3d, arys)


@implements(np.flip)
def flip(m: Any, axis: Any = None) -> SymbolicArray:
    """Elements in reverse along axes."""
    return viewed(m, lambda p: np.flip(p, axis))


@implements(np.fliplr)
def fliplr(m: Any) -> SymbolicArray:
    """Columns in reverse."""
    return viewed(m, np.fliplr)


@implements(np.flipud)
def flipud(m: Any) -> SymbolicArray:
    """Rows in reverse."""
    return viewed(m, np.flipud)


@implements(np.rot90)
def rot90(m: Any, k: int = 1, axes: Any = (0, 1)) -> SymbolicArray:
    """Turned by k quarter turns in the plane of two axes."""
    return viewed(m, lambda p: np.rot90(p, k, axes))


@implements(np.broadcast_to)
def broadcast_to(array: Any, shape: Any, subok: bool = False) -> SymbolicArray:
    """Broadcast to a shape; read-only in NumPy, so a copy here."""
    return moved(array, lambda p: np.broadcast_to(p, shape))


@implements(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[SymbolicArray, ...]:
    """Arrays broadcast against each other."""
    shape = np.broadcast_shapes(*(np.shape(arg) for arg in args))
    return tuple(broadcast_to(arg, shape) for arg in args)


@implements(np.diagonal)
def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> SymbolicArray:
    """Diagonal of two axes; read-only in NumPy, so a copy here."""
    return moved(a, lambda p: np.diagonal(p, offset, axis1, axis2))


@implements(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: int = 0) -> SymbolicArray:
    """Diagonal of the last two axes."""
    return diagonal(x, offset, -2, -1)


def _views(array: SymbolicArray, cut: Callable[[Positions], Sequence[Positions]]) -> list[SymbolicArray]:
    """The pieces that ``cut`` makes of an array."""

    def piece(k: int) -> SymbolicArray:
        return viewed(array, lambda positions: cut(positions)[k])

    return [piece(k) for k in range(len(cut(positions_of(array))))]


def _split(
    function: Callable[..., list[Positions]], name: str, ary: Any, indices_or_sections: Any, **axis: int
) -> list[SymbolicArray]:
    array = as_symbolic(ary)
    sections = indices_or_sections
    if not isinstance(sections, int):
        sections = constant_array(sections, function=name, argument="indices_or_sections")
        sections = int(sections) if sections.ndim == 0 else sections
    return _views(array, lambda positions: function(positions, sections, **axis))


@implements(np.split)
def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[SymbolicArray]:
    """Cut along an axis into equal sections, or at the given places."""
    return _split(np.split, "np.split", ary, indices_or_sections, axis=axis)


@implements(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[SymbolicArray]:
    """Cut along an axis into sections whose lengths differ by at most one, or at the given places."""
    return _split(np.array_split, "np.array_split", ary, indices_or_sections, axis=axis)


@implements(np.hsplit)
def hsplit(ary: Any, indices_or_sections: Any) -> list[SymbolicArray]:
    """Cut along the second axis (the first of a 1-D array)."""
    return _split(np.hsplit, "np.hsplit", ary, indices_or_sections)


@implements(np.vsplit)
def vsplit(ary: Any, indices_or_sections: Any) -> list[SymbolicArray]:
    """Cut along the first axis."""
    return _split(np.vsplit, "np.vsplit", ary, indices_or_sections)


@implements(np.dsplit)
def dsplit(ary: Any, indices_or_sections: Any) -> list[SymbolicArray]:
    """Cut along the third axis."""
    return _split(np.dsplit, "np.dsplit", ary, indices_or_sections)


@implements(np.unstack)
def unstack(x: Any, /, *, axis: int = 0) -> tuple[SymbolicArray, ...]:
    """The slices along an axis."""
    return tuple(_views(as_symbolic(x), lambda positions: np.unstack(positions, axis=axis)))


@implements(np.ndim)
def ndim(a: Any) -> int:
    """Number of dimensions."""
    return as_symbolic(a).ndim


@implements(np.shape)
def shape(a: Any) -> tuple[int, ...]:
    """Lengths of the dimensions."""
    return as_symbolic(a).shape


@implements(np.size)
def size(a: Any, axis: Any = None) -> int:
    """Number of elements, or along an axis."""
    array = as_symbolic(a)
    return int(np.size(positions_of(array), axis))
