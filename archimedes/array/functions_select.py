"""Choosing and rounding element by element: where, select, clip, round, nan_to_num, isclose, array_equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array import primitives
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import all_
from archimedes.array.keywords import UNSET, is_set, refuse_keywords, require
from archimedes.array.primitives import as_symbolic
from archimedes.errors import ArcTypeError


@implements(np.where)
def where(condition: Any, x: Any = UNSET, y: Any = UNSET, /) -> SymbolicArray:
    """``x`` where the condition is true, else ``y``. Derivatives take nothing from the side not chosen."""
    if x is UNSET and y is UNSET:
        raise located(
            ArcTypeError,
            "np.where with one argument has a shape that depends on values",
            code="ARC158",
            hint="use np.where(condition, x, y), or np.sum(condition) to count",
        )
    require(x is not UNSET and y is not UNSET, "either both or neither of x and y should be given")
    return primitives.where(condition, x, y)


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> SymbolicArray:
    """The choice of the first condition that is true, else the default."""
    require(
        len(condlist) == len(choicelist),
        "list of cases must be same length as list of conditions",
        hint=f"np.select got {len(condlist)} conditions and {len(choicelist)} choices",
    )
    require(len(condlist) > 0, "select with an empty condition list is not possible")
    conditions = [as_symbolic(condition) for condition in condlist]
    for k, condition in enumerate(conditions):
        if condition.dtype != np.bool_:
            # NumPy's own class and words.
            raise TypeError(f"invalid entry {k} in condlist: should be boolean ndarray")
    result = default
    for condition, choice in zip(reversed(conditions), reversed(choicelist), strict=True):
        result = primitives.where(condition, choice, result)
    return as_symbolic(result)


@implements(np.clip)
def clip(
    a: Any,
    a_min: Any = UNSET,
    a_max: Any = UNSET,
    out: Any = None,
    *,
    min: Any = UNSET,
    max: Any = UNSET,
    **kwargs: Any,
) -> SymbolicArray:
    """Limited to an interval; ``None`` leaves a side open."""
    refuse_keywords("np.clip", out=out, **kwargs)
    low = min if a_min is UNSET else a_min
    high = max if a_max is UNSET else a_max
    result = as_symbolic(a)
    if is_set(low):
        result = as_symbolic(np.maximum(result, low))
    if is_set(high):
        result = as_symbolic(np.minimum(result, high))
    return result if is_set(low) or is_set(high) else result.copy()


@implements(np.round, np.around)
def round_(a: Any, decimals: int = 0, out: Any = None) -> SymbolicArray:
    """Rounded to decimals, halves to even; the derivative is 0."""
    refuse_keywords("np.round", out=out)
    array = as_symbolic(a)
    if array.dtype.kind != "f":
        require(decimals >= 0, "np.round: negative decimals of integers are not supported", hint="convert with .astype")
        return array.copy()
    if decimals == 0:
        return as_symbolic(np.rint(array))
    scale = 10.0 ** abs(decimals)
    if decimals > 0:
        return as_symbolic(np.rint(array * scale) / scale)
    return as_symbolic(np.rint(array / scale) * scale)


@implements(np.fix)
def fix(x: Any, out: Any = None) -> SymbolicArray:
    """Rounded towards zero."""
    refuse_keywords("np.fix", out=out)
    array = as_symbolic(x)
    return as_symbolic(np.trunc(array)) if array.dtype.kind == "f" else array.copy()


@implements(np.isposinf)
def isposinf(x: Any, out: Any = None) -> SymbolicArray:
    """Whether elements are positive infinity."""
    refuse_keywords("np.isposinf", out=out)
    return as_symbolic(as_symbolic(x) == np.inf)


@implements(np.isneginf)
def isneginf(x: Any, out: Any = None) -> SymbolicArray:
    """Whether elements are negative infinity."""
    refuse_keywords("np.isneginf", out=out)
    return as_symbolic(as_symbolic(x) == -np.inf)


@implements(np.nan_to_num)
def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> SymbolicArray:
    """NaN and infinities replaced by numbers."""
    array = as_symbolic(x)
    if array.dtype.kind != "f":
        return array.copy()
    limits = np.finfo(array.dtype)
    high = limits.max if posinf is None else posinf
    low = limits.min if neginf is None else neginf
    finite = np.where(array == np.inf, high, np.where(array == -np.inf, low, array))
    return as_symbolic(np.where(np.isnan(array), nan, finite))


@implements(np.isclose)
def isclose(a: Any, b: Any, rtol: Any = 1.0e-5, atol: Any = 1.0e-8, equal_nan: bool = False) -> SymbolicArray:
    """Whether elements differ by at most ``atol + rtol * abs(b)``; infinities only from themselves."""
    left, right = as_symbolic(a), as_symbolic(b)
    near = np.abs(left - right) <= atol + rtol * np.abs(right)
    close = np.logical_or(np.logical_and(near, np.isfinite(right)), left == right)
    if equal_nan:
        close = np.logical_or(close, np.logical_and(np.isnan(left), np.isnan(right)))
    return as_symbolic(close)


@implements(np.allclose)
def allclose(a: Any, b: Any, rtol: Any = 1.0e-5, atol: Any = 1.0e-8, equal_nan: bool = False) -> SymbolicArray:
    """Whether all elements are close, as a traced boolean."""
    return all_(isclose(a, b, rtol, atol, equal_nan))


@implements(np.array_equal)
def array_equal(a1: Any, a2: Any, equal_nan: bool = False) -> SymbolicArray:
    """Whether shapes and all elements are equal, as a traced boolean."""
    left, right = as_symbolic(a1), as_symbolic(a2)
    if left.shape != right.shape:
        return as_symbolic(np.bool_(False))
    same = left == right
    if equal_nan:
        same = np.logical_or(same, np.logical_and(np.isnan(left), np.isnan(right)))
    return all_(same)


@implements(np.real)
def real(val: Any) -> SymbolicArray:
    """The array itself: traced arrays are real."""
    return as_symbolic(val)


@implements(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    """False: traced arrays are real."""
    return False


@implements(np.isrealobj)
def isrealobj(x: Any) -> bool:
    """True: traced arrays are real."""
    return True


@implements(np.copyto)
def copyto(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> None:
    """``dst[...] = src``."""
    refuse_keywords("np.copyto", where=None if where is True else where)
    require(isinstance(dst, SymbolicArray), "np.copyto: a NumPy array cannot hold traced values", hint="use arc.zeros")
    source = as_symbolic(src)
    if not np.can_cast(source.dtype, dst.dtype, casting=casting):
        # NumPy's own class and words.
        raise TypeError(
            f"Cannot cast array data from {source.dtype!r} to {dst.dtype!r} according to the rule {casting!r}"
        )
    dst[...] = source


@implements(np.imag)
def imag(val: Any) -> SymbolicArray:
    """Zeros: traced arrays are real."""
    array = as_symbolic(val)
    return as_symbolic(np.zeros(array.shape, dtype=array.dtype)).astype(array.dtype)
