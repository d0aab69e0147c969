"""Reads and writes at positions that are found in the run: a search in a grid for each axis of the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from arc_codegen.ir.builder import constant_array
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.graph import Constant, Intervals, Lookup, Result, Spread, Value
from arc_codegen.ir.loops import Expr, Find, Index, Literal, Load, Op, Ref, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.forms import ZERO, Form

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.elements import ElementLowering

_EVEN = 0.25
"""Largest distance of an element of a grid from its place on an even one, in steps, for the interval to be computed.

The distance is that of what the run computes, which never falls where x rises: between two points of the grid it lies
between what it is at both, so that rounded down it is off by one at most.
"""

_BISECTED = 4
"""Up to this many elements, bisection takes no more than two comparisons."""


def read_table(nest: ElementLowering, node: Lookup, flat: Form) -> Expr:
    """The element of a table for the places at ``flat``."""
    table = home(nest, node.arg)
    return Load(table, _index(nest, node.at, flat), node.type.dtype)


def write_spread(nest: ElementLowering, node: Spread, symbol: Symbol) -> None:
    """Zeros, then one addition after the other."""
    dtype = node.type.dtype
    zero = Literal(0.0, dtype)
    nest.loops((node.type.size,), lambda axes: nest.body.append(Store(symbol, axes[0].index(), zero)), node.origin)

    def inside(axes: list[Form]) -> None:
        value = nest.read(node.arg, axes[0])
        index = _index(nest, node.at, axes[0])
        nest.body.append(Store(symbol, index, Op("add", (Load(symbol, index, dtype), value), dtype), node.origin))

    nest.loops((nest.nodes[node.arg].type.size,), inside, node.origin)


def _index(nest: ElementLowering, at: Intervals, flat: Form) -> Index:
    coefficients: dict[Symbol, int] = {}
    for place, grid, stride in zip(at.places, at.grids, at.strides, strict=True):
        found = _interval(nest, place, grid, flat)
        coefficients[found] = coefficients.get(found, 0) + stride
    return Index(at.offset, tuple((found, stride) for found, stride in coefficients.items() if stride))


def _interval(nest: ElementLowering, place: Value, grid: Value, flat: Form) -> Symbol:
    """The interval of a place, searched for once in each body."""
    if nest.nodes[place].type.size == 1:
        flat = ZERO
    key = ("interval", nest.plan.base[place], nest.plan.base[grid], flat)
    for memo in nest.memos:
        known = memo.get(key)
        if isinstance(known, Ref):
            return known.symbol
    value = nest.read(place, flat)
    symbol = nest.symbol("interval")
    source = nest.nodes[nest.plan.base[grid]]
    size = nest.nodes[grid].type.size
    grid_elements = constant_array(source).ravel() if isinstance(source, Constant) else np.zeros(0)
    # Of what does not ascend, the order of the comparisons would decide; NaN compares with nothing.
    written = 2 < grid_elements.size <= nest.cost.searched and bool((grid_elements[1:] >= grid_elements[:-1]).all())
    per_unit = even_steps(grid_elements) if grid_elements.size and not written else 0.0
    nest.body.append(Find(symbol, home(nest, grid), size, value, per_unit, nest.nodes[place].origin, written))
    nest.memos[-1][key] = Ref(symbol, DType.I32)
    return symbol


def home(nest: ElementLowering, value: Value) -> Symbol:
    """The buffer that holds a table."""
    base = nest.plan.base[value]
    source = nest.nodes[base]
    if isinstance(source, Constant):
        elements = constant_array(source).ravel()
        return nest.table(nest.hints.table(base), source.type.dtype, tuple(elements.tolist()))
    if base in nest.arguments:
        return _home_of_argument(nest, base)
    if base not in nest.home and isinstance(source, Result):  # a number that a loop carries
        return _copy(nest, base)
    if base not in nest.home:
        nest.stuck.add(base)
        return nest.symbol("table")
    return nest.home[base]


def _home_of_argument(nest: ElementLowering, base: Value) -> Symbol:
    """Where an input of a loop's body lies, if that is the beginning of a buffer; else a copy."""
    node = nest.nodes[base]
    if node.type.size > 1:
        place = nest.arguments[base].place()
        if place is None:  # the loop around has noted it
            return nest.symbol("table")
        if place[1] == ZERO:
            return place[0]
    return _copy(nest, base)


def _copy(nest: ElementLowering, base: Value) -> Symbol:
    node = nest.nodes[base]
    copy = nest.buffer("copy", node.type.dtype, node.type.size, "work", node.type.shape)
    nest.loops((node.type.size,), lambda axes: nest.body.append(Store(copy, axes[0].index(), nest.read(base, axes[0]))))
    return copy


def even_steps(grid: Array) -> float:
    """Reciprocal of the step of a grid, exact in its type, or 0.0 where the steps are not equal enough.

    Examples
    --------
    >>> even_steps(np.linspace(0.0, 2.0, 9))
    4.0
    >>> even_steps(np.array([0.0, 1.0, 3.0, 4.0, 5.0]))
    0.0
    """
    wide = grid.astype(np.float64)
    count = len(grid) - 1
    if count <= _BISECTED or not np.isfinite(wide).all() or not (grid[1:] > grid[:-1]).all():
        return 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        step = (wide[-1] - wide[0]) / count
        per_unit = float(np.dtype(grid.dtype).type(1.0 / step))
        even = np.isfinite(per_unit) and per_unit != 0.0
        guesses = (grid - grid[0]) * np.dtype(grid.dtype).type(per_unit)  # rounded as the run does
    return per_unit if even and np.abs(guesses - np.arange(count + 1)).max() <= _EVEN else 0.0
