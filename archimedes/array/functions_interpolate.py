"""Functions of a table: interp and polyval."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from archimedes.array import primitives
from archimedes.array.core import SymbolicArray
from archimedes.array.function_table import implements
from archimedes.array.functions_reduce import sum_
from archimedes.array.keywords import constant_array, is_traced, require
from archimedes.array.operands import as_real
from archimedes.array.positions import moved
from archimedes.array.primitives import as_symbolic
from archimedes.array.tables import TablePlaces

SELECTED: Final = 8
"""Longest table all of whose segments are evaluated, without a search."""


@implements(np.interp)
def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: Any = None) -> SymbolicArray:
    """Piecewise linear interpolation in a table of ascending places; constant beyond the ends.

    At a place of the table the derivative is that of the segment to its right. Tables that are known while
    tracing, and others of more than 8 places, are searched.
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
    fixed = constant is not None and not is_traced(fp)
    return in_table(value, places, heights, left, right, fixed=fixed)


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


def in_table(
    value: SymbolicArray, places: SymbolicArray, heights: SymbolicArray, left: Any, right: Any, *, fixed: bool
) -> SymbolicArray:
    """The broken line through a table, with ``left`` and ``right`` beyond its ends; ``fixed``: all of it is known."""
    n = places.size
    first, last = heights[0], heights[n - 1]
    below = first if left is None else left
    above = last if right is None else right
    if fixed and n > 1:
        # In a known table slopes are finite: what is beyond the ends, or NaN, may go through a segment's arithmetic.
        segment = _searched(value, places, heights, fixed=True)
        beyond = last if right is None else primitives.where(value > places[n - 1], above, last)
        result = primitives.where(value < places[0], below, primitives.where(value >= places[n - 1], beyond, segment))
        return as_symbolic(result)
    inside = np.logical_and(value >= places[0], value < places[n - 1])
    ends = primitives.where(value < places[0], below, primitives.where(value > places[n - 1], above, last))
    result = ends
    if n > 1:
        # Outside the table the segments are evaluated at a harmless place: no infinity times zero in a derivative.
        harmless = as_symbolic(primitives.where(inside, value, places[0]))
        segment = (_searched if n > SELECTED else _selected)(harmless, places, heights, fixed=False)
        result = primitives.where(inside, segment, ends)
    return primitives.where(np.isnan(value), value, result)


def _slopes(places: SymbolicArray, heights: SymbolicArray) -> SymbolicArray:
    width = places[1:] - places[:-1]
    return as_symbolic((heights[1:] - heights[:-1]) / primitives.where(width == 0, 1.0, width))


def _selected(value: SymbolicArray, places: SymbolicArray, heights: SymbolicArray, *, fixed: bool) -> SymbolicArray:
    """All segments, of which one counts: quicker than a search in a short table."""
    column = value.reshape((*value.shape, 1))
    here = np.logical_and(column >= places[:-1], column < places[1:])
    segments = _slopes(places, heights) * (column - places[:-1]) + heights[:-1]
    return sum_(primitives.where(here, segments, 0.0), axis=-1)


def _searched(value: SymbolicArray, places: SymbolicArray, heights: SymbolicArray, *, fixed: bool) -> SymbolicArray:
    """The segment that counts; ``fixed``: the table is known, and the slopes of its segments become one too."""
    at = TablePlaces((value,), (places,))
    start, low = at.read(places), at.read(heights)
    if fixed:
        slope = at.read(_slopes(places, heights))
    else:
        width = at.read(places, (1,)) - start
        slope = as_symbolic((at.read(heights, (1,)) - low) / primitives.where(width == 0, 1.0, width))
    return as_symbolic(slope * (value - start) + low)


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
