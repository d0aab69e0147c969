"""New arrays made like a traced one: zeros_like and its family, linspace, copy, astype, and ``like=``."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_shape import moveaxis
from archimedes.array.keywords import constant_array, refuse_keywords
from archimedes.array.primitives import as_symbolic


def _filled(name: str, a: Any, value: Any, dtype: Any, order: Any, shape: Any, device: Any) -> SymbolicArray:
    refuse_keywords(name, device=None if device == "cpu" else device)
    array = as_symbolic(a)
    shape = array.shape if shape is None else shape
    element = as_symbolic(value).astype(array.dtype if dtype is None else np.dtype(dtype))
    filled = as_symbolic(np.broadcast_to(element, shape)).copy()
    filled._storage.in_c_order = array.in_c_order
    return filled


@implements(np.zeros_like)
def zeros_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> SymbolicArray:
    """Zeros of an array's shape and type."""
    return _filled("np.zeros_like", a, 0, dtype, order, shape, device)


@implements(np.empty_like)
def empty_like(
    prototype: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> SymbolicArray:
    """An array to be filled, of an array's shape and type; holds zeros."""
    return _filled("np.empty_like", prototype, 0, dtype, order, shape, device)


@implements(np.ones_like)
def ones_like(
    a: Any, dtype: Any = None, order: Any = "K", subok: bool = True, shape: Any = None, *, device: Any = None
) -> SymbolicArray:
    """Ones of an array's shape and type."""
    return _filled("np.ones_like", a, 1, dtype, order, shape, device)


@implements(np.full_like)
def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: Any = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> SymbolicArray:
    """An array's shape and type, filled with a value."""
    return _filled("np.full_like", a, fill_value, dtype, order, shape, device)


@implements(np.copy)
def copy(a: Any, order: Any = "K", subok: bool = False) -> SymbolicArray:
    """A copy that shares nothing with the original."""
    return as_symbolic(a).copy_as_laid_out()


@implements(np.astype)
def astype(x: Any, dtype: Any, /, *, copy: bool = True, device: Any = None) -> SymbolicArray:
    """Converted to an element type."""
    refuse_keywords("np.astype", device=None if device == "cpu" else device)
    return as_symbolic(x).astype(np.dtype(dtype))


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """Type to which NumPy promotes the operands."""
    return np.result_type(*(a.dtype if isinstance(a, SymbolicArray) else a for a in arrays_and_dtypes))


@implements(np.linspace)
def linspace(
    start: Any,
    stop: Any,
    num: Any = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Evenly spaced numbers between two ends; the last one is the end itself."""
    refuse_keywords("np.linspace", device=None if device == "cpu" else device)
    count = int(constant_array(num, function="np.linspace", argument="num"))
    if count < 0:
        # NumPy's own class and words.
        raise ValueError(f"Number of samples, {count}, must be non-negative.")
    first, last = as_symbolic(start) * 1.0, as_symbolic(stop) * 1.0
    delta = last - first
    intervals = count - 1 if endpoint else count
    step = delta / intervals if intervals > 0 else delta * np.nan
    index = np.arange(count, dtype=np.float64).reshape((-1,) + (1,) * delta.ndim)
    result = as_symbolic(index * (step if intervals > 0 else delta) + first)
    if endpoint and count > 1:
        end = as_symbolic(np.broadcast_to(last, delta.shape)).reshape((1, *delta.shape))
        result = as_symbolic(np.concatenate([result[:-1], end]))
    if axis != 0:
        result = moveaxis(result, 0, axis).copy()
    if dtype is not None:
        wanted = np.dtype(dtype)
        result = as_symbolic(np.floor(result) if wanted.kind in "iu" else result).astype(wanted)
    return (result, step) if retstep else result


@implements(np.array)
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: bool = False,
    ndmin: int = 0,
    ndmax: int = 0,
) -> SymbolicArray:
    """``np.array(values, like=x)``: an array of numbers, traced scalars and nested lists of them."""
    result = as_symbolic(object)
    result = result.astype(np.dtype(dtype)) if dtype is not None else result.copy_as_laid_out()
    return result.reshape((1,) * max(ndmin - result.ndim, 0) + result.shape)


@implements(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None) -> SymbolicArray:
    """``np.ascontiguousarray(x)``: the array itself where it lies in C order, else a copy."""
    result = as_symbolic(a)
    return (result if dtype is None else result.astype(np.dtype(dtype), copy=False)).contiguous()


@implements(np.asarray, np.asanyarray)
def asarray(a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None) -> SymbolicArray:
    """``np.asarray(values, like=x)``: without a copy if it is a traced array already."""
    refuse_keywords("np.asarray", device=None if device == "cpu" else device)
    result = as_symbolic(a)
    if dtype is not None and np.dtype(dtype) != result.dtype:
        return result.astype(np.dtype(dtype))
    return result.copy() if copy else result


def _new(value: Any, dtype: Any) -> SymbolicArray:
    return as_symbolic(value).astype(np.dtype(dtype)) if dtype is not None else as_symbolic(value)


@implements(np.zeros)
def zeros(shape: Any, dtype: Any = float, order: Any = "C", **keywords: Any) -> SymbolicArray:
    """``np.zeros(shape, like=x)``: writable zeros."""
    refuse_keywords("np.zeros", **keywords)
    return _new(np.zeros(shape), dtype)


@implements(np.empty)
def empty(shape: Any, dtype: Any = float, order: Any = "C", **keywords: Any) -> SymbolicArray:
    """``np.empty(shape, like=x)``: an array to be filled; holds zeros."""
    refuse_keywords("np.empty", **keywords)
    return _new(np.zeros(shape), dtype)


@implements(np.ones)
def ones(shape: Any, dtype: Any = None, order: Any = "C", **keywords: Any) -> SymbolicArray:
    """``np.ones(shape, like=x)``: writable ones."""
    refuse_keywords("np.ones", **keywords)
    return _new(np.ones(shape), dtype)


@implements(np.full)
def full(shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", **keywords: Any) -> SymbolicArray:
    """``np.full(shape, value, like=x)``: filled with a number or a traced value."""
    refuse_keywords("np.full", **keywords)
    return _new(np.broadcast_to(as_symbolic(fill_value), shape), dtype).copy()


@implements(np.eye)
def eye(N: int, M: Any = None, k: int = 0, dtype: Any = float, order: Any = "C", **keywords: Any) -> SymbolicArray:
    """``np.eye(n, like=x)``: ones on a diagonal."""
    refuse_keywords("np.eye", **keywords)
    return _new(np.eye(N, M, k), dtype)


@implements(np.identity)
def identity(n: int, dtype: Any = None) -> SymbolicArray:
    """``np.identity(n, like=x)``: the unit matrix."""
    return _new(np.eye(n), dtype)


@implements(np.tri)
def tri(N: int, M: Any = None, k: int = 0, dtype: Any = float) -> SymbolicArray:
    """``np.tri(n, like=x)``: ones on and below a diagonal."""
    return _new(np.tri(N, M, k), dtype)


@implements(np.arange)
def arange(*args: Any, dtype: Any = None, **keywords: Any) -> SymbolicArray:
    """``np.arange(n, like=x)``: evenly spaced known numbers."""
    refuse_keywords("np.arange", **keywords)
    bounds: list[Any] = [constant_array(arg, function="np.arange", argument="a bound") for arg in args]
    return _new(np.arange(*(bound[()] for bound in bounds)), dtype)
