"""Which positions an index of the loop IR can take: by intervals, or one by one where intervals are too coarse."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from arc_codegen.ir.loops import Index, Symbol

Ranges = Mapping[Symbol, tuple[int, int]]
"""First value and bound (exclusive) of each loop variable."""
Tables = Mapping[Symbol, NDArray[np.int64]]
"""Values of the constant integer buffers."""


def index_bounds(index: Index, ranges: Ranges, tables: Tables) -> tuple[int, int]:
    """Interval that holds every position of ``index`` (exact if each loop variable stands once in it).

    A table is read over the whole interval of its own index, which must lie within it.

    Raises
    ------
    IndexError
        If the index of a table may lie outside the table.

    Examples
    --------
    >>> i = Symbol(0, "i")
    >>> index_bounds(Index(5, ((i, -2),)), {i: (0, 3)}, {})
    (1, 5)
    """
    low = high = index.offset
    for var, coefficient in index.terms:
        start, stop = ranges[var]
        ends = (coefficient * start, coefficient * (stop - 1))
        low += min(ends)
        high += max(ends)
    for table, inner, coefficient in index.tables:
        values = tables[table]
        first, last = index_bounds(inner, ranges, tables)
        if first < 0 or last >= len(values):
            raise IndexError(f"positions {first} to {last} of a table of {len(values)} entries")
        reached = values[first : last + 1]
        ends = (coefficient * int(reached.min()), coefficient * int(reached.max()))
        low += min(ends)
        high += max(ends)
    return low, high


def index_variables(index: Index) -> tuple[Symbol, ...]:
    """Loop variables on which an index depends, each once, in the order of their first appearance."""
    found = dict.fromkeys(var for var, _ in index.terms)
    for _, inner, _ in index.tables:
        found.update(dict.fromkeys(index_variables(inner)))
    return tuple(found)


def index_count(index: Index, ranges: Ranges) -> int:
    """Number of points over which `index_positions` would enumerate."""
    return math.prod(ranges[var][1] - ranges[var][0] for var in index_variables(index))


def index_positions(index: Index, ranges: Ranges, tables: Tables) -> NDArray[np.int64]:
    """Every position that ``index`` takes, one for each value of the loop variables it depends on.

    Raises
    ------
    IndexError
        If the index of a table lies outside the table.

    Examples
    --------
    >>> i = Symbol(0, "i")
    >>> index_positions(Index(5, ((i, -2),)), {i: (0, 3)}, {})
    array([5, 3, 1])
    """
    variables = index_variables(index)
    grids = np.meshgrid(*(np.arange(*ranges[var], dtype=np.int64) for var in variables), indexing="ij", sparse=True)
    positions = _positions(index, dict(zip(variables, grids, strict=True)), tables)
    shape = tuple(ranges[var][1] - ranges[var][0] for var in variables)
    return np.broadcast_to(positions, shape).ravel()


def _positions(index: Index, grids: Mapping[Symbol, NDArray[np.int64]], tables: Tables) -> NDArray[np.int64]:
    positions = np.asarray(index.offset, np.int64)
    for var, coefficient in index.terms:
        positions = positions + coefficient * grids[var]
    for table, inner, coefficient in index.tables:
        at = _positions(inner, grids, tables)
        if at.size and (at.min() < 0 or at.max() >= len(tables[table])):
            raise IndexError(f"positions {at.min()} to {at.max()} of a table of {len(tables[table])} entries")
        positions = positions + coefficient * tables[table][at]
    return positions
