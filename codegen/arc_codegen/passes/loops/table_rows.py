"""Rows of a table that have elements in common lie over each other.

The seeds of a Jacobian's sweeps are the rows of an identity matrix: n^2 octets times four, of which each row is the one
before moved by an element. A row of n is read from 2n - 1 elements as well, from one place further in each run.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Buffer, Expr, For, If, Index, Load, LoopFunction, Stmt, Symbol
from arc_codegen.passes.loops.table_reads import fixed_buffers, loads

_LARGEST: Final = 4096
"""Elements of a table that is looked at."""

_SAVED: Final = 48
"""Elements that must be saved. GCC has pointers of its own into a table that it goes through element by element: 21
elements less of one that is read at 8 places took 36 octets more in all on a Cortex-M4F, and 13 instructions a run."""

Ranges = Mapping[Symbol, range]


def overlap_tables(function: LoopFunction) -> LoopFunction:
    """The function with those tables shorter whose rows can lie over each other."""
    fixed = fixed_buffers(function)
    tables = {
        buffer.symbol: buffer
        for buffer in function.buffers
        if buffer.kind == "const" and buffer.symbol not in fixed and buffer.size <= _LARGEST
    }
    if not tables:
        return function
    reads: dict[Symbol, list[_Read]] = {symbol: [] for symbol in tables}
    refused: set[Symbol] = set()
    for load, ranges in _reads(function.body, {}):
        if load.buffer not in tables:
            continue
        read = _read_of(load.index, ranges)
        if read is None:
            refused.add(load.buffer)
        else:
            reads[load.buffer].append(read)
    layouts = {}
    for symbol, found in reads.items():
        layout = _layout_of(tables[symbol], found) if symbol not in refused else None
        if layout is not None:
            layouts[symbol] = layout
    if not layouts:
        return function

    def leaf(expression: Expr) -> Expr:
        if not isinstance(expression, Load) or expression.buffer not in layouts:
            return expression
        return replace(expression, index=layouts[expression.buffer].moved(expression.index))

    body = tuple(
        map_statement(statement, lambda s: with_expressions(s, lambda expression: map_leaves(expression, leaf)))
        for statement in function.body
    )
    buffers = tuple(layouts[b.symbol].buffer if b.symbol in layouts else b for b in function.buffers)
    return replace(function, body=body, buffers=buffers)


@dataclass(frozen=True, slots=True)
class _Read:
    """A read of a run of rows: ``row`` is its coefficient and the variable's range, ``rest`` other positions in it."""

    row: int
    rows: range
    offset: int
    rest: tuple[int, ...]


def _reads(body: Sequence[Stmt], ranges: Ranges) -> Iterator[tuple[Load, Ranges]]:
    """All reads, with what the variables of the loops around run through."""
    for statement in body:
        yield from ((load, ranges) for load in loads(statement))
        if isinstance(statement, For):
            yield from _reads(statement.body, {**ranges, statement.var: range(statement.start, statement.stop)})
        elif isinstance(statement, If):
            yield from _reads(statement.then, ranges)
            yield from _reads(statement.orelse, ranges)


def _read_of(index: Index, ranges: Ranges) -> _Read | None:
    """The read as one of rows, the variable with the largest coefficient going from row to row."""
    if index.tables or any(symbol not in ranges or coefficient < 0 for symbol, coefficient in index.terms):
        return None
    terms = sorted(index.terms, key=lambda term: term[1])
    if not terms:
        return _Read(0, range(1), index.offset, (0,))
    *others, (variable, row) = terms
    parts = [[coefficient * k for k in ranges[symbol]] for symbol, coefficient in others]
    if math.prod(len(part) for part in parts) > _LARGEST:
        return None
    return _Read(row, ranges[variable], index.offset, tuple({sum(values) for values in itertools.product(*parts)}))


@dataclass(frozen=True, slots=True)
class _Layout:
    """Rows of ``row`` elements begin ``stride`` elements from each other, the first of them at ``first``."""

    row: int
    stride: int
    first: int
    buffer: Buffer

    def place(self, row: int, column: int) -> int:
        return self.first + self.stride * row + column

    def moved(self, index: Index) -> Index:
        terms = []
        for symbol, coefficient in index.terms:
            changed = self.stride if coefficient == self.row else coefficient
            if changed:
                terms.append((symbol, changed))
        return Index(self.place(*divmod(index.offset, self.row)), tuple(terms))


def _layout_of(buffer: Buffer, reads: Sequence[_Read]) -> _Layout | None:
    """The shortest layout in which every read finds its elements; None if there is none that is much shorter."""
    widths = {read.row for read in reads if read.row}
    if len(widths) != 1:
        return None
    (width,) = widths
    elements: set[int] = set()
    for read in reads:
        start = read.offset % width if read.row else read.offset
        if read.row and not all(0 <= start + k < width for k in read.rest):
            return None
        elements.update(read.offset + read.row * k + j for k in read.rows for j in read.rest)
    if width < 2 or not elements or min(elements) < 0:
        return None
    rows = max(elements) // width + 1
    for stride in sorted(range(1 - width, width), key=abs):
        size = abs(stride) * (rows - 1) + width
        if size > buffer.size - _SAVED:
            return None
        layout = _Layout(width, stride, max(-stride, 0) * (rows - 1), buffer)
        values = _values(layout, sorted(elements), buffer.values, size)
        if values is not None:
            return replace(layout, buffer=replace(buffer, size=size, shape=(size,), values=values))
    return None


def _values(
    layout: _Layout, elements: Sequence[int], values: Sequence[float | int | bool], size: int
) -> tuple[float | int | bool, ...] | None:
    """Elements in their places; None if two that differ, be it in a sign, would have the same."""
    found: dict[int, float | int | bool] = {}
    for element in elements:
        value = values[element]
        other = found.setdefault(layout.place(*divmod(element, layout.row)), value)
        if other != value or math.copysign(1.0, other) != math.copysign(1.0, value):
            return None
    nothing = type(values[0])(0)
    return tuple(found.get(place, nothing) for place in range(size))


__all__ = ["overlap_tables"]
