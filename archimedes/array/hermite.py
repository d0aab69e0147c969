"""Piecewise cubics: slopes at the points of a table, and the polynomial between two of them.

Everything works on ndarrays and on traced arrays alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def parabola_slopes(grid: Any, values: Any) -> Any:
    """Slopes along the first axis of the parabolas through three neighbouring points each.

    At even steps these are the central differences of Catmull and Rom; at both ends the slope is that of the first, or
    last, parabola.

    Examples
    --------
    >>> parabola_slopes(np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0, 9.0]))
    array([0., 2., 6.])
    """
    width, secant = _secants(grid, values)
    if len(width) == 1:
        return np.concatenate((secant, secant))
    before, after = width[:-1], width[1:]
    inner = (secant[:-1] * after + secant[1:] * before) / (before + after)
    first = secant[:1] + (secant[:1] - secant[1:2]) * (width[:1] / (width[:1] + width[1:2]))
    last = secant[-1:] + (secant[-1:] - secant[-2:-1]) * (width[-1:] / (width[-1:] + width[-2:-1]))
    return np.concatenate((first, inner, last))


def monotone_slopes(grid: Any, values: Any) -> Any:
    """Slopes with which the cubics rise where the table rises and fall where it falls (Fritsch and Butland, 1984).

    Examples
    --------
    >>> monotone_slopes(np.arange(4.0), np.array([0.0, 1.0, 1.0, 2.0]))
    array([1.5, 0. , 0. , 1.5])
    """
    width, secant = _secants(grid, values)
    if len(width) == 1:
        return np.concatenate((secant, secant))
    before, after = width[:-1], width[1:]
    low, high = 2 * after + before, after + 2 * before
    turns = np.sign(secant[:-1]) * np.sign(secant[1:]) <= 0
    divisors = (np.where(turns, 1.0, secant[:-1]), np.where(turns, 1.0, secant[1:]))
    mean = (low + high) / (low / divisors[0] + high / divisors[1])
    inner = np.where(turns, 0.0, mean)
    first = _end_slope(width[:1], width[1:2], secant[:1], secant[1:2])
    last = _end_slope(width[-1:], width[-2:-1], secant[-1:], secant[-2:-1])
    return np.concatenate((first, inner, last))


def _secants(grid: Any, values: Any) -> tuple[Any, Any]:
    width = (grid[1:] - grid[:-1]).reshape((-1,) + (1,) * (values.ndim - 1))
    return width, (values[1:] - values[:-1]) / width


def _end_slope(width: Any, next_width: Any, secant: Any, next_secant: Any) -> Any:
    """Slope of the parabola at the end, kept from overshooting."""
    slope = ((2 * width + next_width) * secant - width * next_secant) / (width + next_width)
    against = np.sign(slope) * np.sign(secant) <= 0
    steep = np.logical_and(np.sign(secant) * np.sign(next_secant) <= 0, np.abs(slope) > 3.0 * np.abs(secant))
    return np.where(against, 0.0, np.where(steep, 3.0 * secant, slope))


def power_coefficients(low: Any, high: Any, slope: Any, next_slope: Any, width: Any) -> tuple[Any, Any]:
    """Coefficients of the square and the cube of the distance from the lower end of an interval.

    Examples
    --------
    >>> power_coefficients(0.0, 8.0, 0.0, 12.0, 2.0)
    (0.0, 1.0)
    """
    secant = (high - low) / width
    return (
        (3.0 * secant - 2.0 * slope - next_slope) / width,
        (slope + next_slope - 2.0 * secant) / (width * width),
    )
