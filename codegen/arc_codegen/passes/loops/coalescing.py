"""Arrays that are computed only to be copied are computed where the copy goes.

A concatenation is such a copy for each of its parts that something else reads as well, and so are rows that are put
together. What Chaitin does to registers that are copied (Register allocation and spilling via graph coloring, 1982) is
done to arrays here: where the lives of source and target do not interfere, they are one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Buffer, Expr, For, If, Index, Literal, Load, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import NO_VARIABLE, Access, accesses, apart, effects, never_meet, row_of


def coalesce_copies(function: LoopFunction) -> LoopFunction:
    """The function without the copies, and without the arrays that were copied."""
    works = {buffer.symbol: buffer for buffer in function.buffers if buffer.kind == "work"}
    changeable = {buffer.symbol for buffer in function.buffers if buffer.kind in ("work", "output")}
    if not works:
        return function
    pass_over = _Coalescing(works, changeable, function.body)
    body = pass_over.body(function.body)
    if not pass_over.gone:
        return function
    buffers = tuple(buffer for buffer in function.buffers if buffer.symbol not in pass_over.gone)
    return replace(function, buffers=buffers, body=body)


@dataclass(frozen=True, slots=True)
class _Copy:
    """``target[start + pitch * k] = source[k]`` for all elements of ``source``."""

    source: Symbol
    target: Symbol
    start: Index
    pitch: int
    size: int

    def place(self, index: Index) -> Index:
        """Where the element of the source lies in the target."""
        terms = dict(self.start.terms)
        for symbol, coefficient in index.terms:
            terms[symbol] = terms.get(symbol, 0) + self.pitch * coefficient
        tables = tuple((table, inner, self.pitch * coefficient) for table, inner, coefficient in index.tables)
        offset = self.start.offset + self.pitch * index.offset
        return Index(offset, tuple((s, c) for s, c in terms.items() if c), tables)

    def meets(self, access: Access) -> bool:
        """Whether an access may touch the elements that are copied to."""
        if self._between(access):
            return False
        row = row_of(access, NO_VARIABLE)
        if row is None or row.around != frozenset(self.start.terms):
            return True
        return row.high >= self.start.offset and row.low <= self.start.offset + self.pitch * (self.size - 1)

    def _between(self, access: Access) -> bool:
        """Whether an access goes to elements that lie between those that are copied to."""
        if access.index is None or access.index.tables:
            return False
        step = self.pitch
        there = dict(self.start.terms)
        for symbol, coefficient in access.index.terms:
            step = math.gcd(step, coefficient - there.pop(symbol, 0))
        step = math.gcd(step, *there.values())
        return (access.index.offset - self.start.offset) % step != 0


class _Coalescing:
    def __init__(self, works: dict[Symbol, Buffer], changeable: set[Symbol], body: Sequence[Stmt]) -> None:
        self.works = works
        self.changeable = changeable
        self.gone: set[Symbol] = set()
        self._accesses: dict[Symbol, int] = {}  # in the whole function
        for access in accesses(body):
            self._accesses[access.buffer] = self._accesses.get(access.buffer, 0) + 1

    def body(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """The statements without copies of arrays that they alone use."""
        if any(self._copy(statement) is not None for statement in body):
            body = self._without_copies(_Body(body))
        return tuple(self._inside(statement) for statement in body)

    def _without_copies(self, body: _Body) -> tuple[Stmt, ...]:
        position = 0
        while position < len(body.statements):
            copy = self._copy(body.statements[position])
            if copy is not None and self._possible(body, position, copy):
                first = min(body.touching[copy.source])
                body.clear_before(first, position, copy)
                body.rename(position, copy)
                self._accesses[copy.target] += self._accesses.pop(copy.source) - 2
                self.gone.add(copy.source)
            position += 1
        return tuple(statement for k, statement in enumerate(body.statements) if k not in body.dropped)

    def _inside(self, statement: Stmt) -> Stmt:
        match statement:
            case For():
                inner = self.body(statement.body)
                return statement if inner == statement.body else replace(statement, body=inner)
            case If():
                return If(statement.condition, self.body(statement.then), self.body(statement.orelse))
        return statement

    def _copy(self, statement: Stmt) -> _Copy | None:
        extents: dict[Symbol, int] = {}
        while isinstance(statement, For) and len(statement.body) == 1 and statement.start == 0:
            extents[statement.var] = statement.stop
            statement = statement.body[0]
        if not extents or not isinstance(statement, Store) or not isinstance(statement.value, Load):
            return None
        source = self.works.get(statement.value.buffer)
        if source is None or statement.buffer == source.symbol or statement.buffer not in self.changeable:
            return None
        read, written = statement.value.index, statement.index
        if read.tables or written.tables or read.offset or read.terms != _flat(extents, source.size):
            return None
        there = dict(written.terms)
        last = read.terms[-1][0]
        pitch = there.get(last, 0)
        if pitch < 1 or any(there.pop(symbol, 0) != pitch * coefficient for symbol, coefficient in read.terms):
            return None
        start = Index(written.offset, tuple(there.items()))
        return _Copy(source.symbol, statement.buffer, start, pitch, source.size)

    def _possible(self, body: _Body, position: int, copy: _Copy) -> bool:
        own = [(k, access) for k in body.touching[copy.source] for access in body.of(k, copy.source)]
        if len(own) != self._accesses[copy.source] or any(access.index is None for _, access in own):
            return False
        if any(symbol in body.defined for symbol, _ in copy.start.terms):
            return False
        stores = [k for k, access in own if access.stored]
        if not stores or max(stores) >= position:
            return False
        first, last = min(stores), max(k for k, _ in own)
        between = {k for k in body.touching[copy.target] if first <= k <= last and k != position}
        between -= body.early_clears(first, position, copy.target)
        meeting = [(k, access) for k in between for access in body.of(k, copy.target) if copy.meets(access)]
        if any(access.stored or access.index is None for _, access in meeting):
            return False
        read = any(k < position for k, _ in meeting)
        return not (read and _reads_overwritten(body.statements[first:position], copy))


class _Body:
    """Statements, and which of them touch which buffer."""

    def __init__(self, body: Sequence[Stmt]) -> None:
        self.statements = list(body)
        self.dropped: set[int] = set()
        self.defined = {symbol for statement in body for symbol in effects(statement).written}
        self.touching: dict[Symbol, set[int]] = {}
        for k, statement in enumerate(body):
            for access in accesses((statement,)):
                self.touching.setdefault(access.buffer, set()).add(k)

    def of(self, position: int, buffer: Symbol) -> list[Access]:
        """Accesses of a buffer in one statement."""
        return [access for access in accesses((self.statements[position],)) if access.buffer == buffer]

    def early_clears(self, first: int, position: int, buffer: Symbol) -> set[int]:
        """Nests that clear the buffer, between these statements, and could do so before ``first``.

        Nothing may touch what they clear before they do.
        """
        touching = sorted(k for k in self.touching[buffer] if first <= k < position)
        found: set[int] = set()
        for k in touching:
            if not _clears(self.statements[k], buffer):
                break
            found.add(k)
        return found

    def clear_before(self, first: int, position: int, copy: _Copy) -> None:
        """Move those of these nests that meet the copy before ``first``."""
        early = self.early_clears(first, position, copy.target)
        moved = [k for k in sorted(early) if any(copy.meets(access) for access in self.of(k, copy.target))]
        if not moved:
            return
        before = [self.statements[k] for k in moved]
        others = [statement for k, statement in enumerate(self.statements[first:position], first) if k not in moved]
        order = [*range(first), *moved, *(k for k in range(first, position) if k not in moved)]
        self.statements[first:position] = [*before, *others]
        new = {old: place for place, old in enumerate(order)}
        self.dropped = {new.get(k, k) for k in self.dropped}
        self.touching = {symbol: {new.get(k, k) for k in places} for symbol, places in self.touching.items()}

    def rename(self, position: int, copy: _Copy) -> None:
        """Without the copy at a position; its source is where it goes."""
        self.dropped.add(position)
        moved = self.touching.pop(copy.source) - {position}
        for k in moved:
            self.statements[k] = _renamed(self.statements[k], copy)
        self.touching[copy.target].discard(position)
        self.touching[copy.target] |= moved


def _clears(statement: Stmt, buffer: Symbol) -> bool:
    """Whether a statement does nothing but store a number to elements of the buffer."""
    while isinstance(statement, For) and len(statement.body) == 1:
        (statement,) = statement.body
    return isinstance(statement, Store) and statement.buffer == buffer and isinstance(statement.value, Literal)


def _reads_overwritten(body: Sequence[Stmt], copy: _Copy) -> bool:
    """Whether an element of the target may be read behind the store of the source that would then be in its place."""
    stored: list[Access] = []
    for statement in body:
        found = list(accesses((statement,)))
        reads = [access for access in found if access.buffer == copy.target]
        own = [
            replace(access, index=copy.place(access.index))
            for access in found
            if access.buffer == copy.source and access.stored and access.index is not None
        ]
        if any(not never_meet(read, None, store, None) for read in reads for store in stored):
            return True
        stored += own
        match statement:
            case For():
                for read in reads:
                    for store in own:
                        if not never_meet(read, statement, store, statement) and not apart(read, store, statement.var):
                            return True
                if reads and own and _reads_overwritten(statement.body, copy):
                    return True
            case If():
                if any(_reads_overwritten(branch, copy) for branch in (statement.then, statement.orelse)):
                    return True
    return False


def _flat(extents: dict[Symbol, int], size: int) -> tuple[tuple[Symbol, int], ...] | None:
    """The terms of an index that goes through all elements in order."""
    shape = tuple(extents.values())
    if math.prod(shape) != size:
        return None
    return tuple(zip(extents, contiguous_strides(shape), strict=True))


def _renamed(statement: Stmt, copy: _Copy) -> Stmt:
    def leaf(expression: Expr) -> Expr:
        if isinstance(expression, Load) and expression.buffer == copy.source:
            return replace(expression, buffer=copy.target, index=copy.place(expression.index))
        return expression

    def change(inner: Stmt) -> Stmt:
        inner = with_expressions(inner, lambda expression: map_leaves(expression, leaf))
        if isinstance(inner, Store) and inner.buffer == copy.source:
            return replace(inner, buffer=copy.target, index=copy.place(inner.index))
        return inner

    return map_statement(statement, change)


__all__ = ["coalesce_copies"]
