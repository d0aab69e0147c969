"""Functions beyond NumPy's: erf, expit, logsumexp, for numbers and traced arrays alike."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.functions_reduce import max_, sum_
from archimedes.array.keywords import is_traced
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic, elementwise

_erf = np.vectorize(math.erf, otypes=[np.float64])


def _number_type(x: np.ndarray[Any, Any]) -> np.dtype[Any]:
    return x.dtype if x.dtype.kind == "f" else np.dtype(np.float64)


def erf(x: Any) -> Any:
    """Error function, element by element.

    Parameters
    ----------
    x : array_like or SymbolicArray, any shape

    Returns
    -------
    ndarray, NumPy scalar or SymbolicArray of the shape of ``x``

    Examples
    --------
    >>> float(erf(0.0))
    0.0
    """
    if is_traced(x):
        return elementwise("erf", as_symbolic(x))
    numbers = np.asarray(x)
    return _erf(numbers).astype(_number_type(numbers))[()]


def expit(x: Any) -> Any:
    """Logistic function ``1 / (1 + exp(-x))``, element by element, without overflow on either side.

    Parameters
    ----------
    x : array_like or SymbolicArray, any shape

    Returns
    -------
    ndarray, NumPy scalar or SymbolicArray of the shape of ``x``

    Examples
    --------
    >>> float(expit(0.0))
    0.5
    """
    value = as_real(x) if is_traced(x) else np.asarray(x, dtype=_number_type(np.asarray(x)))
    # exp(-abs(x)) by a choice: abs would have the derivative 0 at 0.
    negative = value < 0
    decay = np.exp(np.where(negative, value, -value))
    return np.where(negative, decay, 1.0) / (1.0 + decay)


def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False) -> Any:
    """``log(sum(b * exp(a)))`` over axes, without overflow.

    Parameters
    ----------
    a : array_like or SymbolicArray, any shape
    axis : int, tuple of int or None
        Axes to sum over; None: all.
    b : array_like or SymbolicArray, optional
        Weights, broadcast against ``a``.
    keepdims : bool
        Keep the summed axes with length 1.

    Returns
    -------
    ndarray, NumPy scalar or SymbolicArray

    Notes
    -----
    The shift is the largest element *rounded down*: a value with derivative 0, so that derivatives do not
    pass through the choice of the largest element, where it would only cancel.

    Examples
    --------
    >>> round(float(logsumexp([1000.0, 1000.0])), 6)
    1000.693147
    """
    if not (is_traced(a) or is_traced(b)):
        return _logsumexp_numbers(np.asarray(a, dtype=_number_type(np.asarray(a))), axis, b, keepdims)
    array = as_real(a)
    largest = max_(array, axis=axis, keepdims=True)
    shift = as_symbolic(np.where(np.isfinite(largest), np.floor(largest), 0.0))
    terms = np.exp(array - shift)
    if b is not None:
        terms = terms * b
    total = np.log(sum_(terms, axis=axis, keepdims=True)) + shift
    return total if keepdims else _dropped(as_symbolic(total), axis)


def _dropped(total: SymbolicArray, axis: Any) -> SymbolicArray:
    axes = None if axis is None else axis
    return total.reshape(()) if axes is None else as_symbolic(np.squeeze(total, axis=axes))


def _logsumexp_numbers(a: np.ndarray[Any, Any], axis: Any, b: Any, keepdims: bool) -> Any:
    largest = np.max(a, axis=axis, keepdims=True)
    shift = np.where(np.isfinite(largest), np.floor(largest), 0.0).astype(a.dtype)
    terms = np.exp(a - shift) if b is None else np.exp(a - shift) * b
    with np.errstate(divide="ignore"):
        total = np.log(np.sum(terms, axis=axis, keepdims=True)) + shift
    return total if keepdims else np.squeeze(total, axis=axis)[()]
