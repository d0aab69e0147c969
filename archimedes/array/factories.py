"""Arrays made inside a traced function: ``arc.zeros`` and its like.

While a function is traced they are writable traced arrays, so ``y = arc.zeros(3); y[0] = x[1]`` works. Outside of a
trace they are NumPy's own, so that the function still runs as plain NumPy. Reals take the trace's real type.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic, cast
from archimedes.array.trace_context import current_trace

__all__ = [
    "arange",
    "array",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "ones",
    "ones_like",
    "zeros",
    "zeros_like",
]


def _in_trace(values: Any, dtype: Any = None) -> Any:
    if current_trace() is None and not isinstance(values, SymbolicArray):
        return values
    result = as_symbolic(values)
    return result if dtype is None else cast(result, dtype)


def array(values: Any, dtype: Any = None, *, copy: bool = True, ndmin: int = 0) -> Any:
    """A writable array of numbers, traced scalars, arrays, and nested lists of them.

    Parameters
    ----------
    values : array_like
        May hold traced values anywhere.
    dtype : dtype, optional
        Element type; by default that of the values.
    copy : bool
        False returns a traced array as it is.
    ndmin : int
        Smallest rank of the result.

    Returns
    -------
    SymbolicArray or numpy.ndarray
        The latter outside of a trace, if nothing is traced.

    Examples
    --------
    >>> import archimedes as arc
    >>> arc.array([[1.0, 2.0], [3.0, 4.0]])
    array([[1., 2.],
           [3., 4.]])
    """
    if current_trace() is None:
        joined = values if isinstance(values, SymbolicArray) else _numbers_or_traced(values)
        if isinstance(joined, np.ndarray):
            return np.array(joined, dtype=dtype, ndmin=ndmin)
        values = joined
    result = as_symbolic(values)
    if dtype is not None:
        result = cast(result, dtype)
    result = result.copy() if copy and result is values else result
    return result.reshape((1,) * max(ndmin - result.ndim, 0) + result.shape)


def _numbers_or_traced(values: Any) -> Any:
    from archimedes.array.primitives import _holds_traced

    return as_symbolic(values) if _holds_traced(values) else np.asarray(values)


def zeros(shape: Any, dtype: Any = float) -> Any:
    """Writable zeros.

    Examples
    --------
    >>> import archimedes as arc
    >>> def shifted(x):
    ...     y = arc.zeros(3)
    ...     y[1:] = x[:-1]
    ...     return y
    """
    return _in_trace(np.zeros(shape, dtype), dtype)


def empty(shape: Any, dtype: Any = float) -> Any:
    """An array to be filled; holds zeros."""
    return zeros(shape, dtype)


def ones(shape: Any, dtype: Any = float) -> Any:
    """Writable ones."""
    return _in_trace(np.ones(shape, dtype), dtype)


def full(shape: Any, fill_value: Any, dtype: Any = None) -> Any:
    """A writable array of one value, which may be traced."""
    if isinstance(fill_value, SymbolicArray):
        filled = as_symbolic(np.broadcast_to(fill_value, shape)).copy()
        return filled if dtype is None else cast(filled, dtype)
    return _in_trace(np.full(shape, fill_value, dtype), dtype)


def eye(rows: int, columns: int | None = None, k: int = 0, dtype: Any = float) -> Any:
    """Ones on a diagonal, zeros elsewhere."""
    return _in_trace(np.eye(rows, columns, k, dtype), dtype)


def arange(*limits: Any, dtype: Any = None) -> Any:
    """Evenly spaced numbers: ``start, stop, step`` as in NumPy, all known."""
    return _in_trace(np.arange(*limits, dtype=dtype), dtype)


def linspace(start: Any, stop: Any, num: int = 50, *, endpoint: bool = True, dtype: Any = None) -> Any:
    """Evenly spaced numbers between two ends, which may be traced."""
    return _in_trace(np.linspace(start, stop, num, endpoint=endpoint, dtype=dtype), dtype)


def zeros_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Writable zeros of the shape and type of ``x``."""
    return _in_trace(np.zeros_like(x, dtype, shape=shape), dtype)


def ones_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """Writable ones of the shape and type of ``x``."""
    return _in_trace(np.ones_like(x, dtype, shape=shape), dtype)


def empty_like(x: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """An array to be filled, of the shape and type of ``x``; holds zeros."""
    return zeros_like(x, dtype, shape=shape)


def full_like(x: Any, fill_value: Any, dtype: Any = None, *, shape: Any = None) -> Any:
    """A writable array of one value, of the shape and type of ``x``."""
    if isinstance(fill_value, SymbolicArray) and not isinstance(x, SymbolicArray):
        wanted = np.asarray(x).dtype if dtype is None else dtype
        return full(np.shape(x) if shape is None else shape, fill_value, wanted)
    return _in_trace(np.full_like(x, fill_value, dtype, shape=shape), dtype)
