"""Reductions that leave NaN out: nansum, nanprod, nanmax, nanmin, nanmean, nanvar, nanstd."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import all_, max_, min_, prod, sum_
from archimedes.array.keywords import UNSET, refuse_keywords
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic
from archimedes.array.roots import root_of_squares


def _replaced(a: Any, neutral: float) -> SymbolicArray:
    array = as_symbolic(a)
    if array.dtype.kind != "f":
        return array
    return as_symbolic(np.where(np.isnan(array), np.full((), neutral), array))


@implements(np.nansum)
def nansum(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Sum over axes, NaN counting as 0."""
    refuse_keywords("np.nansum", out=out)
    return sum_(_replaced(a, 0.0), axis=axis, dtype=dtype, keepdims=keepdims)


@implements(np.nanprod)
def nanprod(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Product over axes, NaN counting as 1."""
    refuse_keywords("np.nanprod", out=out)
    return prod(_replaced(a, 1.0), axis=axis, dtype=dtype, keepdims=keepdims)


def _nan_if_all_are(a: Any, result: SymbolicArray, axis: Any, keepdims: Any) -> SymbolicArray:
    array = as_symbolic(a)
    if array.dtype.kind != "f":
        return result
    return as_symbolic(np.where(all_(np.isnan(array), axis=axis, keepdims=keepdims), np.nan, result))


@implements(np.nanmax)
def nanmax(a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Largest element over axes that is not NaN; NaN if all are."""
    refuse_keywords("np.nanmax", out=out)
    return _nan_if_all_are(a, max_(_replaced(a, -np.inf), axis=axis, keepdims=keepdims), axis, keepdims)


@implements(np.nanmin)
def nanmin(a: Any, axis: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Smallest element over axes that is not NaN; NaN if all are."""
    refuse_keywords("np.nanmin", out=out)
    return _nan_if_all_are(a, min_(_replaced(a, np.inf), axis=axis, keepdims=keepdims), axis, keepdims)


def _counts(a: SymbolicArray, axis: Any, keepdims: Any) -> SymbolicArray:
    return sum_(np.logical_not(np.isnan(a)), axis=axis, keepdims=keepdims).astype(a.dtype)


@implements(np.nanmean)
def nanmean(a: Any, axis: Any = None, dtype: Any = None, out: Any = None, keepdims: Any = UNSET) -> SymbolicArray:
    """Mean over axes of the elements that are not NaN."""
    refuse_keywords("np.nanmean", out=out, dtype=dtype)
    array = as_real(a)
    return as_symbolic(nansum(array, axis=axis, keepdims=keepdims) / _counts(array, axis, keepdims))


@implements(np.nanvar)
def nanvar(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = UNSET
) -> SymbolicArray:
    """Variance over axes of the elements that are not NaN; NaN where there are not more than ``ddof``."""
    refuse_keywords("np.nanvar", out=out, dtype=dtype)
    array = as_real(a)
    known = np.logical_not(np.isnan(array))
    centre = nanmean(array, axis=axis, keepdims=True)
    # The deviation of what is left out is taken at a known place, so that no NaN gets into a derivative.
    deviation = np.where(known, np.where(known, array, 0.0) - centre, 0.0)
    squares = sum_(deviation * deviation, axis=axis, keepdims=keepdims)
    freedom = _counts(array, axis, keepdims) - ddof
    return as_symbolic(np.where(freedom > 0, squares / np.where(freedom > 0, freedom, 1.0), np.nan))


@implements(np.nanstd)
def nanstd(
    a: Any, axis: Any = None, dtype: Any = None, out: Any = None, ddof: float = 0, keepdims: Any = UNSET
) -> SymbolicArray:
    """Standard deviation over axes of the elements that are not NaN."""
    refuse_keywords("np.nanstd", out=out, dtype=dtype)
    return root_of_squares(nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims))
