"""Functions of a table: interp and polyval."""

from __future__ import annotations

from typing import Any

import numpy as np

from archimedes.array import primitives
from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import sum_
from archimedes.array.keywords import constant_array, is_traced, require
from archimedes.array.operands import as_real
from archimedes.array.positions import moved
from archimedes.array.primitives import as_symbolic


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> SymbolicArray:
    """Piecewise linear interpolation in a table of ascending places; constant beyond the ends.

    At a place of the table the derivative is that of the segment to its right. The cost of one value is
    proportional to the length of the table.
    """
    value, places, heights = as_real(x), as_symbolic(xp), as_symbolic(fp)
    require(places.ndim == 1 and heights.ndim == 1, "np.interp: Data points must be 1-D sequences")
    require(places.size > 0, "array of sample points is empty")
    require(
        places.size == heights.size,
        "fp and xp are not of the same length.",
        hint=f"np.interp got {heights.size} and {places.size} elements",
    )
    constant = None if is_traced(xp) else constant_array(xp, function="np.interp", argument="xp")
    if period is not None:
        value, constant, heights = _one_period(value, constant, heights, period)
        places, left, right = as_symbolic(constant), None, None
    require(
        constant is None or bool(np.all(constant[1:] >= constant[:-1])),
        "np.interp: xp is not in ascending order",
        hint="sort xp, and fp with it",
    )
    return _in_table(value, places, heights, left, right)


def _one_period(value: SymbolicArray, constant: Any, heights: SymbolicArray, period: Any) -> tuple[Any, Any, Any]:
    require(
        constant is not None,
        "np.interp: with period, xp must be known while tracing",
        code="ARC151",
        hint="make xp an ndarray or a static argument",
    )
    length = abs(float(constant_array(period, function="np.interp", argument="period")))
    require(length != 0, "period must be a non-zero value")
    wrapped = np.asarray(constant, dtype=np.float64) % length
    order = np.argsort(wrapped)
    places = wrapped[order]
    places = np.concatenate((places[-1:] - length, places, places[:1] + length))
    around = np.concatenate((order[-1:], order, order[:1]))
    return value % length, places, moved(heights, lambda p: p[around])


def _in_table(
    value: SymbolicArray, places: SymbolicArray, heights: SymbolicArray, left: Any, right: Any
) -> SymbolicArray:
    n = places.size
    first, last = heights[0], heights[n - 1]
    below = first if left is None else left
    above = last if right is None else right
    inside = np.logical_and(value >= places[0], value < places[n - 1])
    # Outside the table the segments are evaluated at a harmless place: no infinity times zero in a derivative.
    column = as_symbolic(primitives.where(inside, value, places[0])).reshape((*value.shape, 1))
    ends = primitives.where(value < places[0], below, primitives.where(value > places[n - 1], above, last))
    result = ends
    if n > 1:
        start, width = places[:-1], places[1:] - places[:-1]
        slope = (heights[1:] - heights[:-1]) / primitives.where(width == 0, 1.0, width)
        here = np.logical_and(column >= start, column < places[1:])
        segments = sum_(primitives.where(here, slope * (column - start) + heights[:-1], 0.0), axis=-1)
        result = primitives.where(inside, segments, ends)
    return primitives.where(np.isnan(value), value, result)


@implements(np.polyval)
def polyval(p: Any, x: Any) -> SymbolicArray:
    """Polynomial with coefficients from the highest power down, by Horner's rule."""
    coefficients, value = as_symbolic(p), as_symbolic(x)
    require(coefficients.ndim == 1, f"np.polyval: coefficients must be 1-D, got shape {coefficients.shape}")
    zero = as_symbolic(np.zeros(value.shape, dtype=value.dtype)).astype(value.dtype)
    if coefficients.size == 0:
        return zero
    result = coefficients[0] + zero
    for k in range(1, coefficients.size):
        result = result * value + coefficients[k]
    return as_symbolic(result)
