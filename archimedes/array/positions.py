"""Functions that only move elements: NumPy runs them on the flat positions, and the elements follow.

What comes out has NumPy's semantics because NumPy computed it: its argument checks, its error messages, its shapes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from archimedes.array.carrier import Positions
from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, concatenate_flat, gather


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
