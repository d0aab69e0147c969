"""What a statement reads and writes, and whether two statements may change places."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from arc_codegen.ir.expressions import fold_expression, leaves, own_expressions, walk_statements
from arc_codegen.ir.loops import (
    Call,
    Expr,
    Fail,
    Find,
    For,
    If,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.scalar import SCALAR_OPS

Ranges = Mapping[Symbol, tuple[int, int]]
"""First value and bound of the loop variables around a place."""


Place: TypeAlias = tuple[Symbol, Index]
"""An element: equal places are one element while no variable of the index changes."""

NO_VARIABLE = Symbol(-1, "")
"""In place of a loop variable: one that stands in no index."""


@dataclass(frozen=True, slots=True)
class Access:
    """A place where a buffer is read or written; ``index`` is None where it may be any element.

    ``ranges`` are those of the loops inside the statement that was asked about.
    """

    buffer: Symbol
    index: Index | None
    stored: bool
    ranges: Ranges


@dataclass(slots=True)
class Effects:
    """Buffers and outer scalars that a statement touches."""

    loaded: set[Symbol] = field(default_factory=set)
    stored: set[Symbol] = field(default_factory=set)
    read: set[Symbol] = field(default_factory=set)  # scalars, and indices that were found
    written: set[Symbol] = field(default_factory=set)  # scalars that it defines or sets
    calls: bool = False  # of kernels, or leaves the function

    def conflicts(self, other: Effects) -> bool:
        """Whether the order of the two statements can matter."""
        return (
            self.calls
            or other.calls
            or not self.stored.isdisjoint(other.stored)
            or not self.stored.isdisjoint(other.loaded)
            or not self.loaded.isdisjoint(other.stored)
            or not self.written.isdisjoint(other.written)
            or not self.written.isdisjoint(other.read)
            or not self.read.isdisjoint(other.written)
        )


def effects(statement: Stmt) -> Effects:
    """The effects of one statement, with everything in it."""
    found = Effects()
    pending: list[Stmt] = [statement]
    while pending:
        current = pending.pop()
        match current:
            case For():
                found.written.add(current.var)
                pending.extend(current.body)
            case If():
                _note_expression(current.condition, found)
                pending.extend((*current.then, *current.orelse))
            case Let() | Var() | Set():
                found.written.add(current.symbol)
                _note_expression(current.value, found)
            case Store():
                found.stored.add(current.buffer)
                _note_index(current.index, found)
                _note_expression(current.value, found)
            case Fail():
                _note_expression(current.value, found)
            case Find():
                found.written.add(current.symbol)
                found.loaded.add(current.grid)
                _note_expression(current.place, found)
            case Call():
                found.calls = True
                found.stored.update(symbol for symbol, _ in current.buffers)
            case Invoke():
                _note_invoke(current, found)
    return found


def _note_invoke(call: Invoke, found: Effects) -> None:
    """What is written may be read as well."""
    found.written.update(result.symbol for result in call.results)
    found.stored.update(symbol for symbol, _ in call.writes)
    for symbol, index in (*call.reads, *call.writes):
        found.loaded.add(symbol)
        _note_index(index, found)
    for index in call.indices:
        _note_index(index, found)
    for value in call.values:
        _note_expression(value, found)


def _note_index(index: Index, found: Effects) -> None:
    found.read.update(symbol for symbol, _ in index.terms)
    for table, inner, _ in index.tables:
        found.loaded.add(table)
        _note_index(inner, found)


def _note_expression(expression: Expr, found: Effects) -> None:
    for leaf in leaves(expression):
        if isinstance(leaf, Load):
            found.loaded.add(leaf.buffer)
            _note_index(leaf.index, found)
        elif isinstance(leaf, Ref):
            found.read.add(leaf.symbol)


def calls_functions(loop: For) -> bool:
    """Whether a run calls functions, over which few scalars stay in registers."""
    return any(
        fold_expression(expression, lambda node, operands: any(operands) or _is_called(node))
        for statement in walk_statements(loop.body)
        for expression in own_expressions(statement)
    )


def _is_called(node: Expr) -> bool:
    return isinstance(node, Op) and node.fn in SCALAR_OPS and not SCALAR_OPS[node.fn].exact


def filled_by(statement: Stmt) -> dict[Place, Literal]:
    """Elements to which a loop that does nothing else gives one constant."""
    match statement:
        case For(var, start, stop, (Store(buffer, Index(offset, ((symbol, 1),), ()), Literal() as value),)):
            if symbol == var:
                return {(buffer, Index(offset + k)): value for k in range(start, stop)}
    return {}


def accesses(body: Sequence[Stmt], ranges: Ranges | None = None) -> Iterator[Access]:
    """Every access of a buffer in the statements, in no particular order."""
    pending: list[tuple[Stmt, Ranges]] = [(statement, ranges or {}) for statement in body]
    while pending:
        statement, around = pending.pop()
        for expression in own_expressions(statement):
            for leaf in leaves(expression):
                if isinstance(leaf, Load):
                    yield Access(leaf.buffer, leaf.index, False, around)
        match statement:
            case For():
                inside = {**around, statement.var: (statement.start, statement.stop)}
                pending.extend((inner, inside) for inner in statement.body)
            case If():
                pending.extend((inner, around) for inner in (*statement.then, *statement.orelse))
            case Store():
                yield Access(statement.buffer, statement.index, True, around)
            case Find():
                yield Access(statement.grid, None, False, around)
            case Call():
                for symbol, _ in statement.buffers:
                    yield Access(symbol, None, True, around)
            case Invoke():
                for symbol, _ in (*statement.reads, *statement.writes):
                    yield Access(symbol, None, False, around)
                for symbol, _ in statement.writes:
                    yield Access(symbol, None, True, around)


@dataclass(frozen=True, slots=True)
class Row:
    """An index as ``pitch * variable + r``, with r from ``low`` to ``high``, and what outer loops add."""

    pitch: int
    low: int
    high: int
    around: frozenset[tuple[Symbol, int]]


def row_of(access: Access, variable: Symbol) -> Row | None:
    """The index of an access, seen from the loop over ``variable``; None where it is no linear form."""
    index = access.index
    if index is None or index.tables:
        return None
    pitch = 0
    low = high = index.offset
    around = []
    for symbol, coefficient in index.terms:
        if symbol == variable:
            pitch = coefficient
        elif symbol in access.ranges:
            start, stop = access.ranges[symbol]
            ends = (coefficient * start, coefficient * (stop - 1))
            low, high = low + min(ends), high + max(ends)
        else:
            around.append((symbol, coefficient))
    return Row(pitch, low, high, frozenset(around))


def never_meet(first: Access, loop: For | None, second: Access, other: For | None) -> bool:
    """Whether no run of ``loop`` touches by ``first`` what any run of ``other`` touches by ``second``.

    The loops are those around the accesses; None where there is none, or the run is one and the same.
    """
    ours = row_of(first, loop.var if loop is not None else NO_VARIABLE)
    theirs = row_of(second, other.var if other is not None else NO_VARIABLE)
    if ours is None or theirs is None or ours.around != theirs.around:
        return False
    (our_low, our_high), (their_low, their_high) = _reach(ours, loop), _reach(theirs, other)
    return our_high < their_low or their_high < our_low


def _reach(row: Row, loop: For | None) -> tuple[int, int]:
    """Lowest and highest position in all runs."""
    if loop is None:
        return row.low, row.high
    ends = row.pitch * loop.start, row.pitch * (loop.stop - 1)
    return row.low + min(ends), row.high + max(ends)


def apart(first: Access, second: Access, variable: Symbol) -> bool:
    """Whether two accesses meet in one and the same run of the loop over ``variable`` only."""
    ours, theirs = row_of(first, variable), row_of(second, variable)
    if ours is None or theirs is None or ours.pitch != theirs.pitch or ours.around != theirs.around:
        return False
    return max(ours.high - theirs.low, theirs.high - ours.low) < abs(ours.pitch)
