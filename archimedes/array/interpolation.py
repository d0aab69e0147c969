"""Interpolation in tables on one or several grids: `interp` and `interpn`, for numbers and traced arrays alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import numpy as np
from arc_codegen.ir.kernels import find

from archimedes.array.errors import located
from archimedes.array.functions_interpolate import in_table
from archimedes.array.hermite import monotone_slopes, parabola_slopes, power_coefficients
from archimedes.array.keywords import is_traced
from archimedes.array.operands import as_real
from archimedes.array.tables import TablePlaces
from archimedes.errors import ArcValueError

_SLOPES: Final[dict[str, Callable[[Any, Any], Any]]] = {"cubic": parabola_slopes, "pchip": monotone_slopes}
_OUTSIDE: Final = ("clamp", "extrapolate")
_MOST_AXES: Final = {"linear": 6, "cubic": 3}


class Reader(Protocol):
    """Reads tables at the intervals of some places."""

    def read(self, table: Any, corner: Sequence[int] = ()) -> Any:
        """Elements at the lower ends of the intervals, or 0 or 1 steps further along each axis."""


@dataclass(frozen=True, slots=True)
class _NumberPlaces:
    """`TablePlaces` of numbers."""

    intervals: tuple[Any, ...]

    def read(self, table: Any, corner: Sequence[int] = ()) -> Any:
        steps = tuple(corner) or (0,) * len(self.intervals)
        return table[tuple(k + step for k, step in zip(self.intervals, steps, strict=True))]


def interp(x: Any, grid: Any, values: Any, *, method: str = "linear", outside: str = "clamp") -> Any:
    """Value of a function given by a table on an ascending grid.

    Parameters
    ----------
    x : array_like or SymbolicArray, any shape
        Where; NaN gives NaN.
    grid : array_like or SymbolicArray, (n,)
        Strictly ascending, at least two points. A grid that is known while tracing is checked.
    values : array_like or SymbolicArray, (n,)
        The function at the points of the grid. Tables that are known while tracing become constants of the C code;
        others stay parameters, with a derivative.
    method : {"linear", "cubic", "pchip"}
        "linear": a broken line. "cubic": cubics whose slope at a point is that of the parabola through it and its two
        neighbours (at even steps the splines of Catmull and Rom); the slope is continuous, quadratics are exact.
        "pchip": cubics that neither overshoot nor turn between the points (Fritsch and Butland).
    outside : {"clamp", "extrapolate"}
        Beyond the grid: the first and the last value, or the polynomial of the first and the last interval.

    Returns
    -------
    ndarray, NumPy scalar or SymbolicArray
        Of the shape of ``x``. At a point of the grid the derivative is that of the interval to its right.

    Raises
    ------
    ArcValueError
        The grid is not ascending, too short, or does not fit the values (ARC170); another method (ARC171).

    See Also
    --------
    interpn : tables with several axes.
    numpy.interp : the same as ``method="linear"``.

    References
    ----------
    E. Catmull, R. Rom, A class of local interpolating splines, 1974. F. N. Fritsch, J. Butland, A method for
    constructing local monotone piecewise cubic interpolants, SIAM J. Sci. Stat. Comput. 5, 1984.

    Examples
    --------
    >>> grid, values = [0.0, 1.0, 2.0, 4.0], [0.0, 1.0, 4.0, 16.0]
    >>> float(interp(1.5, grid, values)), float(interp(1.5, grid, values, method="cubic"))
    (2.5, 2.25)
    >>> float(interp(5.0, grid, values)), float(interp(5.0, grid, values, outside="extrapolate"))
    (16.0, 22.0)
    """
    _check_choice("interp", method, ("linear", *_SLOPES), outside)
    grids = _checked_grids("interp", (grid,), values)
    traced = is_traced(x) or is_traced(grid) or is_traced(values)
    place, axis, table = _real(x, traced), _real(grids[0], traced), _real(values, traced)
    if method == "linear" and outside == "clamp" and traced:
        return in_table(place, axis, table, None, None, fixed=not (is_traced(grid) or is_traced(values)))
    inside = np.logical_and(place >= axis[0], place < axis[-1])
    harmless = place if outside == "extrapolate" else np.where(inside, place, axis[0])
    at = _reader((harmless,), (axis,))
    # Tables are computed in float64, once, where they are known.
    known = not (is_traced(grid) or is_traced(values))
    source = (np.asarray(grid, np.float64), np.asarray(values, np.float64)) if known else (axis, table)
    result = _piece(at, harmless, axis, table, source, method, known=known)
    if outside == "clamp":
        result = np.where(inside, result, np.where(place < axis[0], table[0], table[-1]))
        result = np.where(np.isnan(place), place, result)
    return result if traced else np.asarray(result, place.dtype)[()]


def _piece(at: Reader, place: Any, axis: Any, table: Any, source: tuple[Any, Any], method: str, *, known: bool) -> Any:
    """The polynomial of the interval that each place is in."""
    grid, values = source
    start, low = at.read(axis), at.read(table)
    distance = place - start
    if known:
        width, jump = grid[1:] - grid[:-1], values[1:] - values[:-1]
        if method == "linear":
            return low + distance * at.read(_real_like(jump / width, axis))
        slopes = _SLOPES[method](grid, values)
        square, cube = power_coefficients(values[:-1], values[1:], slopes[:-1], slopes[1:], width)
        coefficients = [at.read(_real_like(c, axis)) for c in (slopes[:-1], square, cube)]
    else:
        width, high = at.read(axis, (1,)) - start, at.read(table, (1,))
        if method == "linear":
            return low + distance * ((high - low) / width)
        slopes = _SLOPES[method](axis, table)
        slope, next_slope = at.read(slopes), at.read(slopes, (1,))
        coefficients = [slope, *power_coefficients(low, high, slope, next_slope, width)]
    slope, square, cube = coefficients
    return low + distance * (slope + distance * (square + distance * cube))


def interpn(points: Any, grids: Any, values: Any, *, method: str = "linear", outside: str = "clamp") -> Any:
    """Value of a function of several variables given by a table on ascending grids.

    Parameters
    ----------
    points : sequence of d array_like, or array_like of shape (..., d)
        Where: one array for each axis (they broadcast against each other), or an array whose last axis has the
        coordinates.
    grids : sequence of d array_like, (n_k,) each
        Strictly ascending, at least two points each.
    values : array_like or SymbolicArray, (n_0, ..., n_{d-1})
        The function at the points of the grids.
    method : {"linear", "cubic"}
        Multilinear; or products of the cubics of `interp`, with continuous slopes.
    outside : {"clamp", "extrapolate"}
        Beyond a grid: the nearest point of it is taken, or the polynomial of its first or last interval.

    Returns
    -------
    ndarray, NumPy scalar or SymbolicArray
        Of the common shape of the coordinates.

    Raises
    ------
    ArcValueError
        A grid is not ascending, too short, or does not fit the values (ARC170); another method, or too many axes
        (ARC171).

    Notes
    -----
    A value takes ``2**d`` reads, with "cubic" ``4**d``; "cubic" keeps ``2**d`` tables.

    Examples
    --------
    >>> grids = [0.0, 1.0, 2.0], [0.0, 10.0]
    >>> values = [[0.0, 10.0], [1.0, 11.0], [2.0, 12.0]]
    >>> float(interpn((0.5, 5.0), grids, values))
    5.5
    >>> interpn([[0.5, 5.0], [3.0, 0.0]], grids, values, method="cubic")
    array([5.5, 2. ])
    """
    _check_choice("interpn", method, tuple(_MOST_AXES), outside)
    checked = _checked_grids("interpn", grids, values)
    if len(checked) > _MOST_AXES[method]:
        message = f"interpn: {len(checked)} axes, at most {_MOST_AXES[method]} with method={method!r}"
        raise located(ArcValueError, message, code="ARC171", hint="interpolate in fewer variables at once")
    traced = any(map(is_traced, (points, *checked, values)))
    coordinates = _coordinates(points, len(checked), traced)
    axes = tuple(_real(grid, traced) for grid in checked)
    if outside == "clamp":
        coordinates = tuple(
            np.where(x < g[0], g[0], np.where(x > g[-1], g[-1], x)) for x, g in zip(coordinates, axes, strict=True)
        )
    at = _reader(coordinates, axes)
    known = not (is_traced(values) or any(map(is_traced, checked)))
    table = np.asarray(values, np.float64) if known else _real(values, traced)
    sources = [np.asarray(grid, np.float64) for grid in checked] if known else list(axes)
    result = (_multilinear if method == "linear" else _tensor_cubic)(at, coordinates, axes, sources, table)
    return result if traced else np.asarray(result, coordinates[0].dtype)[()]


def _parts(at: Reader, coordinates: Sequence[Any], axes: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    """For each axis which part of its interval lies below the place, and the width of the interval."""
    count = len(axes)
    parts, widths = [], []
    for k, (x, grid) in enumerate(zip(coordinates, axes, strict=True)):
        along = _along(at, k, count)
        start = along.read(grid)
        widths.append(along.read(grid, (1,)) - start)
        parts.append((x - start) / widths[-1])
    return parts, widths


def _multilinear(at: Reader, coordinates: Any, axes: Any, _sources: Any, table: Any) -> Any:
    parts, _ = _parts(at, coordinates, axes)
    values = _real_like(table, axes[0])

    def inner(corner: tuple[int, ...]) -> Any:
        if len(corner) == len(axes):
            return at.read(values, corner)
        low = inner((*corner, 0))
        return low + parts[len(corner)] * (inner((*corner, 1)) - low)

    return inner(())


def _tensor_cubic(at: Reader, coordinates: Any, axes: Any, sources: Any, table: Any) -> Any:
    """Hermite's cubic along each axis, of the values and of the slopes along the others."""
    parts, widths = _parts(at, coordinates, axes)
    tables: dict[tuple[int, ...], Any] = {(): table}
    for k, grid in enumerate(sources):
        for known in list(tables):
            turned = np.moveaxis(tables[known], k, 0)
            tables[*known, k] = np.moveaxis(parabola_slopes(grid, turned), 0, k)
    ready = {sloped: _real_like(values, axes[0]) for sloped, values in tables.items()}
    weights = []
    for part, width in zip(parts, widths, strict=True):
        rest = 1.0 - part
        weights.append((part * part * (3.0 - 2.0 * part), width * (part * rest * rest), width * (part * part * rest)))

    def inner(corner: tuple[int, ...], sloped: tuple[int, ...]) -> Any:
        axis = len(corner)
        if axis == len(axes):
            return at.read(ready[sloped], corner)
        step, first, second = weights[axis]
        low, high = (inner((*corner, end), sloped) for end in (0, 1))
        slope, next_slope = (inner((*corner, end), (*sloped, axis)) for end in (0, 1))
        return low + step * (high - low) + (first * slope - second * next_slope)

    return inner((), ())


def _along(at: Reader, axis: int, count: int) -> Reader:
    """The reader for tables with one axis, the given one of several."""
    if isinstance(at, TablePlaces):
        return at if count == 1 else TablePlaces((at.places[axis],), (at.grids[axis],))
    assert isinstance(at, _NumberPlaces)
    return _NumberPlaces((at.intervals[axis],))


def _reader(coordinates: tuple[Any, ...], axes: tuple[Any, ...]) -> Reader:
    if is_traced(coordinates) or is_traced(axes):
        return TablePlaces(tuple(map(as_real, coordinates)), axes)
    return _NumberPlaces(tuple(find(grid, np.asarray(x)) for x, grid in zip(coordinates, axes, strict=True)))


def _real(value: Any, traced: bool) -> Any:
    if traced:
        return as_real(value)
    array = np.asarray(value)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def _real_like(table: Any, axis: Any) -> Any:
    """A table as an operand beside the grid: traced where that is, of its type where both are numbers."""
    if is_traced(axis):
        return as_real(table)
    return np.asarray(table, axis.dtype)


def _coordinates(points: Any, count: int, traced: bool) -> tuple[Any, ...]:
    if isinstance(points, (tuple, list)) and len(points) == count and not _is_list_of_points(points, count):
        arrays = [_real(x, traced) for x in points]
        shape = np.broadcast_shapes(*(x.shape for x in arrays))
        return tuple(_real(np.broadcast_to(x, shape), traced) for x in arrays)
    array = _real(points, traced)
    if array.ndim == 0 or array.shape[-1] != count:
        message = f"interpn: points of shape {array.shape} for {count} grids"
        hint = f"pass a tuple of {count} arrays, or an array whose last axis has {count} elements"
        raise located(ArcValueError, message, code="ARC170", hint=hint)
    return tuple(array[..., k] for k in range(count))


def _is_list_of_points(points: Any, count: int) -> bool:
    """Whether a list holds points rather than coordinates: a tuple always holds coordinates."""
    return isinstance(points, list) and all(np.ndim(point) >= 1 and np.shape(point)[-1] == count for point in points)


def _check_choice(function: str, method: Any, methods: tuple[str, ...], outside: Any) -> None:
    for name, got, known in (("method", method, methods), ("outside", outside, _OUTSIDE)):
        if got not in known:
            choices = " or ".join(map(repr, known))
            message = f"{function}: {name}={got!r} is not known"
            raise located(ArcValueError, message, code="ARC171", hint=f"use {choices}")


def _checked_grids(function: str, grids: Any, values: Any) -> tuple[Any, ...]:
    """The grids, of which those that are known ascend, and all fit the table."""
    checked = []
    for number, grid in enumerate(grids):
        name = "the grid" if len(grids) == 1 else f"grid {number}"
        shape = np.shape(grid)
        if len(shape) != 1 or shape[0] < 2:
            message = f"{function}: {name} has shape {shape}; a grid has one axis and at least two points"
            raise located(ArcValueError, message, code="ARC170", hint="pass the points as a sequence")
        if not is_traced(grid):
            known = np.asarray(grid, np.float64)
            rising = np.diff(known) > 0
            if not rising.all() or not np.isfinite(known).all():
                where = int(np.argmin(rising & np.isfinite(known[1:])))
                message = f"{function}: {name} does not ascend: {known[where]} is followed by {known[where + 1]}"
                raise located(ArcValueError, message, code="ARC170", hint="sort it, and the values with it")
            checked.append(np.asarray(grid))
        else:
            checked.append(grid)
    wanted = tuple(np.shape(grid)[0] for grid in checked)
    if np.shape(values) != wanted:
        message = f"{function}: values of shape {np.shape(values)} on grids of {wanted} points"
        raise located(ArcValueError, message, code="ARC170", hint="one value for each point of the grids")
    return tuple(checked)
