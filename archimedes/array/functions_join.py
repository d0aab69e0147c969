"""Functions that put arrays together: concatenate, stack, block, append, insert and their like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from archimedes.array.carrier import Positions
from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.keywords import constant_array, refuse_keywords
from archimedes.array.positions import joined
from archimedes.array.primitives import as_symbolic


def _join(
    name: str, function: Callable[[list[Positions]], Positions], arrays: Any, *, out: Any, dtype: Any, casting: Any
) -> SymbolicArray:
    refuse_keywords(name, out=out, casting=None if casting == "same_kind" else casting)
    result = joined(list(arrays), function)
    return result if dtype is None else result.astype(np.dtype(dtype))


@implements(np.concatenate)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> SymbolicArray:
    """Joined along an existing axis (``axis=None``: flattened first)."""
    return _join(
        "np.concatenate", lambda ps: np.concatenate(ps, axis=axis), arrays, out=out, dtype=dtype, casting=casting
    )


@implements(np.stack)
def stack(
    arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> SymbolicArray:
    """Joined along a new axis."""
    return _join("np.stack", lambda ps: np.stack(ps, axis=axis), arrays, out=out, dtype=dtype, casting=casting)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> SymbolicArray:
    """Joined row by row."""
    return _join("np.vstack", np.vstack, tup, out=None, dtype=dtype, casting=casting)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> SymbolicArray:
    """Joined column by column."""
    return _join("np.hstack", np.hstack, tup, out=None, dtype=dtype, casting=casting)


@implements(np.dstack)
def dstack(tup: Any) -> SymbolicArray:
    """Joined along the third axis."""
    return joined(list(tup), np.dstack)


@implements(np.column_stack)
def column_stack(tup: Any) -> SymbolicArray:
    """1-D arrays as columns of a matrix."""
    return joined(list(tup), np.column_stack)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> SymbolicArray:
    """Values joined at the end."""
    return joined([arr, values], lambda ps: np.append(ps[0], ps[1], axis))


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> SymbolicArray:
    """Values put in before constant indices; they take the type of the array, as in NumPy."""
    places = obj if isinstance(obj, (int, slice)) else constant_array(obj, function="np.insert", argument="obj")
    array = as_symbolic(arr)
    inserted = as_symbolic(values).astype(array.dtype)
    return joined([array, inserted], lambda ps: np.insert(ps[0], places, ps[1], axis))


@implements(np.block)
def block(arrays: Any) -> SymbolicArray:
    """A matrix of blocks, given as nested lists."""
    leaves: list[Any] = []

    def collect(nested: Any) -> Any:
        if isinstance(nested, list):
            return [collect(item) for item in nested]
        leaves.append(nested)
        return len(leaves) - 1

    def place(nested: Any, positions: list[Positions]) -> Any:
        return [place(item, positions) for item in nested] if isinstance(nested, list) else positions[nested]

    layout = collect(arrays)
    return joined(leaves, lambda positions: np.block(place(layout, positions)))
