"""Functions that only move elements: NumPy runs them on the flat positions, and the elements follow.

What comes out has NumPy's semantics because NumPy computed it: its argument checks, its error messages, its shapes.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_index

from archimedes.array.carrier import Positions
from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, concatenate_flat, gather, operand_of
from archimedes.array.promotion import common_type


def positions_of(x: SymbolicArray, *, start: int = 0) -> Positions:
    """Flat C-order position of every element, in the array's shape."""
    return np.arange(start, start + x.size, dtype=np.int64).reshape(x.shape)


def moved(x: Any, function: Callable[[Positions], Positions]) -> SymbolicArray:
    """A new array of the elements whose positions `function` returns; position -1 stands for zero."""
    array = as_symbolic(x)
    return gather(array, np.asarray(function(positions_of(array))))


def viewed(x: Any, function: Callable[[Positions], Positions]) -> SymbolicArray:
    """The elements whose positions `function` returns: a view where NumPy's function gives one, else a copy."""
    array = as_symbolic(x)
    positions = array.positions()
    chosen = function(positions)
    view = array.view_of(lambda _: chosen)
    return view if np.shares_memory(chosen, positions) or chosen.size < 2 else view.copy()


def joined_positions(arrays: Sequence[SymbolicArray]) -> list[Positions]:
    """Positions of every array's elements in the concatenation of all of them, flat."""
    positions: list[Positions] = []
    start = 0
    for array in arrays:
        positions.append(positions_of(array, start=start))
        start += array.size
    return positions


def joined(values: Sequence[Any], function: Callable[[list[Positions]], Positions]) -> SymbolicArray:
    """A new array of elements of several arrays, from the positions in their flat concatenation."""
    arrays = [as_symbolic(value) for value in values]
    chosen = function(joined_positions(arrays))
    return gather(concatenate_flat(values), np.asarray(chosen))


def chained(values: Sequence[Any], axis: int) -> SymbolicArray:
    """Arrays joined along an axis.

    Pieces that interleave are joined as the rows of a transpose where their lengths differ, because the positions
    of equal pieces are affine and those of unequal ones are not: they would become a table in the generated code.
    """
    parts = [as_symbolic(value) for value in values]
    # NumPy judges the shapes; a broadcast scalar has any shape and no elements in memory.
    shape = np.concatenate([np.broadcast_to(np.False_, part.shape) for part in parts], axis=axis).shape
    leading = math.prod(shape[: normalize_axis_index(axis, len(shape))])
    if leading <= 1 or len({part.size for part in parts}) == 1:
        return joined(values, lambda positions: np.concatenate(positions, axis=axis))
    dtype = common_type([operand_of(value, part) for value, part in zip(values, parts, strict=True)])
    pieces = [part.astype(dtype).reshape((leading, part.size // leading)).T for part in parts]
    return concatenate_flat(pieces).reshape((-1, leading)).T.copy().reshape(shape)
