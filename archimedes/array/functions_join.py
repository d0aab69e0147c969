"""Functions that put arrays together: concatenate, stack, block, append, insert and their like."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.keywords import constant_array, refuse_keywords, require
from archimedes.array.positions import chained, joined
from archimedes.array.primitives import as_symbolic, concatenate_flat


def _refuse(name: str, out: Any, casting: Any) -> None:
    refuse_keywords(name, out=out, casting=None if casting == "same_kind" else casting)


def _typed(array: SymbolicArray, dtype: Any) -> SymbolicArray:
    return array if dtype is None else array.astype(np.dtype(dtype))


@implements(np.concatenate)
def concatenate(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> SymbolicArray:
    """Joined along an existing axis (``axis=None``: flattened first)."""
    _refuse("np.concatenate", out, casting)
    values = list(arrays)
    require(len(values) > 0, "need at least one array to concatenate")
    return _typed(concatenate_flat(values) if axis is None else chained(values, axis), dtype)


@implements(np.stack)
def stack(
    arrays: Any, axis: int = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> SymbolicArray:
    """Joined along a new axis."""
    _refuse("np.stack", out, casting)
    return _typed(joined(list(arrays), lambda positions: np.stack(positions, axis=axis)), dtype)


@implements(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> SymbolicArray:
    """Joined row by row."""
    _refuse("np.vstack", None, casting)
    return _typed(joined(list(tup), np.vstack), dtype)


@implements(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> SymbolicArray:
    """Joined column by column."""
    _refuse("np.hstack", None, casting)
    values = [_at_least(value, 1) for value in tup]
    return _typed(chained(values, 0 if np.ndim(values[0]) == 1 else 1), dtype)


@implements(np.dstack)
def dstack(tup: Any) -> SymbolicArray:
    """Joined along the third axis."""
    return chained([np.atleast_3d(value) for value in tup], 2)


@implements(np.column_stack)
def column_stack(tup: Any) -> SymbolicArray:
    """1-D arrays as columns of a matrix."""
    return chained([np.reshape(value, (-1, 1)) if np.ndim(value) < 2 else value for value in tup], 1)


@implements(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> SymbolicArray:
    """Values joined at the end."""
    return concatenate_flat([arr, values]) if axis is None else chained([arr, values], axis)


@implements(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> SymbolicArray:
    """Values put in before constant indices; they take the type of the array, as in NumPy."""
    places = obj if isinstance(obj, (int, slice)) else constant_array(obj, function="np.insert", argument="obj")
    array = as_symbolic(arr)
    inserted = as_symbolic(values).astype(array.dtype)
    return joined([array, inserted], lambda ps: np.insert(ps[0], places, ps[1], axis))


def _at_least(value: Any, ndim: int) -> Any:
    """With axes of length 1 before its own, up to a number of dimensions; constants stay constants."""
    missing = ndim - np.ndim(value)
    return np.reshape(value, (1,) * missing + np.shape(value)) if missing > 0 else value


def _depth(nested: Any) -> int:
    return 1 + max((_depth(item) for item in nested), default=0) if isinstance(nested, list) else 0


def _leaves(nested: Any) -> list[Any]:
    return [leaf for item in nested for leaf in _leaves(item)] if isinstance(nested, list) else [nested]


def _judged(nested: Any) -> Any:
    """The nest with arrays of the same shapes but no elements, for NumPy to judge."""
    return [_judged(item) for item in nested] if isinstance(nested, list) else np.broadcast_to(False, np.shape(nested))


@implements(np.block)
def block(arrays: Any) -> SymbolicArray:
    """A matrix of blocks, given as nested lists."""
    np.block(_judged(arrays))
    depth = _depth(arrays)
    ndim = max(depth, *(np.ndim(leaf) for leaf in _leaves(arrays)))

    def build(nested: Any, axis: int) -> Any:
        if isinstance(nested, list):
            return chained([build(item, axis + 1) for item in nested], axis)
        return _at_least(nested, ndim)

    return as_symbolic(build(arrays, -depth)).copy()
