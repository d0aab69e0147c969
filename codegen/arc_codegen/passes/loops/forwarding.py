"""Elements that are read again stay in scalars.

A C compiler cannot do this where a store stands between two reads: for all it knows, the pointers overlap. Here they do
not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import leaves, map_leaves, own_expressions, walk_statements, with_expressions
from arc_codegen.ir.interface import Leaf
from arc_codegen.ir.interface import leaves as leaves_of
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    Find,
    For,
    If,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    Ref,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import Place, accesses, effects

_MOST_HELD = 24
"""So many elements are read before a loop for all its runs: no more than registers can hold."""


def forward_elements(function: LoopFunction) -> LoopFunction:
    """The function with elements of buffers in scalars where they are read again."""
    mutable = {s.symbol for s in walk_statements(function.body) if isinstance(s, Var)}
    forwarding = _Forwarding(FreshSymbols(function), _in_memory(function), mutable, _written(function))
    return replace(function, body=forwarding.body(function.body, {}, inside=False))


def _written(function: LoopFunction) -> set[Symbol]:
    return {access.buffer for access in accesses(function.body) if access.stored}


def _in_memory(function: LoopFunction) -> dict[Symbol, Buffer]:
    """Buffers whose elements take a load: no constants, of which compilers know all, and no parameters by value."""
    names: set[Symbol] = set()
    inputs = [buffer for buffer in function.buffers if buffer.kind == "input"]
    if function.interface is None:
        names = {buffer.symbol for buffer in inputs if buffer.shape == ()}
    else:
        given = [item for item in function.interface.arguments if item.direction != "out"]
        alone = [isinstance(item.type, Leaf) for item in given for _ in leaves_of(item.type)]
        names = {b.symbol for b, by_itself in zip(inputs, alone, strict=True) if by_itself and b.shape == ()}
    return {b.symbol: b for b in function.buffers if b.kind != "const" and b.symbol not in names}


@dataclass(slots=True)
class _Forwarding:
    fresh: FreshSymbols
    buffers: Mapping[Symbol, Buffer]
    mutable: set[Symbol]
    written: set[Symbol]

    def body(self, body: tuple[Stmt, ...], known: dict[Place, Expr], *, inside: bool) -> tuple[Stmt, ...]:
        """The statements, given what is in scalars before them; ``inside`` a loop, where it pays to hold more."""
        later = _last_reads(body)
        held = self._read_across_stores(body) if inside else frozenset()
        out: list[Stmt] = []
        for position, statement in enumerate(body):
            if isinstance(statement, For):
                out.extend(self._loop(statement, known, held))
                continue
            if held:
                for expression in own_expressions(statement):
                    self._hold(expression, held, known, out)
            changed = self._with_known(statement, known)
            if isinstance(changed, Store):
                place = (changed.buffer, changed.index)
                read_later = later.get(place, -1) > position
                if read_later and not self._lasts(changed.value):
                    changed = replace(changed, value=self._let(place, changed.value, out))
                _overwrite(known, place)
                if read_later:
                    known[place] = changed.value
            elif isinstance(changed, (If, Call, Invoke)):
                _forget(known, effects(changed).stored)
            out.append(changed)
        return tuple(out)

    def _with_known(self, statement: Stmt, known: dict[Place, Expr]) -> Stmt:
        statement = with_expressions(statement, lambda expression: _known(expression, known))
        if isinstance(statement, If):
            then = self.body(statement.then, dict(known), inside=False)
            return If(statement.condition, then, self.body(statement.orelse, dict(known), inside=False))
        return statement

    def _loop(self, loop: For, known: dict[Place, Expr], held: frozenset[Place]) -> list[Stmt]:
        touched = effects(loop)
        out: list[Stmt] = []
        _forget(known, touched.stored)
        if not touched.calls:
            for place in self._invariant_reads(loop, touched.stored, held):
                if place not in known:
                    known[place] = self._let(place, Load(*place, self.buffers[place[0]].dtype), out)
        inside = self.body(loop.body, dict(known), inside=True)
        return [*out, replace(loop, body=inside)]

    def _invariant_reads(self, loop: For, stored: set[Symbol], held: frozenset[Place]) -> list[Place]:
        """Elements that every run of a loop reads, and which its stores keep a compiler from reading once."""
        inner = {s.var for s in walk_statements((loop,)) if isinstance(s, For)}
        inner |= {s.symbol for s in walk_statements(loop.body) if isinstance(s, Find)}
        written = {self.buffers[symbol].dtype for symbol in stored if symbol in self.buffers}
        found: dict[Place, None] = {}
        for access in accesses(loop.body):
            index = access.index
            if access.stored or index is None or access.buffer in stored or access.buffer not in self.buffers:
                continue
            place = (access.buffer, index)
            if self.buffers[access.buffer].dtype not in written and place not in held:
                continue
            if not index.tables and inner.isdisjoint(symbol for symbol, _ in index.terms):
                found[place] = None
        return sorted(found, key=_order) if len(found) <= _MOST_HELD else []

    def _read_across_stores(self, body: Sequence[Stmt]) -> frozenset[Place]:
        """Elements that the statements read, and read again behind a store to another buffer of that type."""
        reads: dict[Place, list[int]] = {}
        stores: dict[DType, list[int]] = {}
        for position, statement in enumerate(body):
            for access in accesses((statement,)):
                buffer = self.buffers.get(access.buffer)
                if buffer is None:
                    continue
                if access.stored:
                    stores.setdefault(buffer.dtype, []).append(position)
                elif access.index is not None and not access.index.tables and not _bound(statement, access.index):
                    reads.setdefault((access.buffer, access.index), []).append(position)
        held = {
            place
            for place, at in reads.items()
            if any(min(at) <= k < max(at) for k in stores.get(self.buffers[place[0]].dtype, ()))
        }
        return frozenset(held) if len(held) <= _MOST_HELD else frozenset()

    def _hold(self, expression: Expr, held: frozenset[Place], known: dict[Place, Expr], out: list[Stmt]) -> None:
        for leaf in leaves(expression):
            if isinstance(leaf, Load) and (place := (leaf.buffer, leaf.index)) in held and place not in known:
                known[place] = self._let(place, leaf, out)

    def _let(self, place: Place, value: Expr, out: list[Stmt]) -> Ref:
        symbol = self.fresh.symbol(element_name(self.buffers[place[0]], place[1]))
        out.append(Let(symbol, value))
        return Ref(symbol, value.dtype)

    def _lasts(self, value: Expr) -> bool:
        """Whether an expression is as short as a name, and has the same value wherever it is read."""
        if isinstance(value, Load):
            return value.buffer not in self.written and not value.index.tables
        return isinstance(value, Literal) or (isinstance(value, Ref) and value.symbol not in self.mutable)


def _order(place: Place) -> tuple[int, int, tuple[tuple[int, int], ...]]:
    return place[0].id, place[1].offset, tuple((symbol.id, c) for symbol, c in place[1].terms)


def element_name(buffer: Buffer, index: Index) -> str:
    """``x_i`` for an element that moves with a loop, ``x3`` for the fourth; what has no name of the user's, ``t``."""
    hint = buffer.symbol.hint
    if hint in ("w", "work"):
        return "t"
    if index.terms:
        return "_".join([hint, *dict.fromkeys(symbol.hint for symbol, _ in index.terms)])
    return f"{hint}{index.offset}" if buffer.size > 1 else hint


def _bound(statement: Stmt, index: Index) -> bool:
    """Whether an index stands on variables that the statement itself brings."""
    own = {s.var for s in walk_statements((statement,)) if isinstance(s, For)}
    own |= {s.symbol for s in walk_statements((statement,)) if isinstance(s, Find)}
    return not own.isdisjoint(symbol for symbol, _ in index.terms)


def _last_reads(body: Sequence[Stmt]) -> dict[Place, int]:
    """For each place, the last statement that reads it."""
    last: dict[Place, int] = {}
    for position, statement in enumerate(body):
        for access in accesses((statement,)):
            if not access.stored and access.index is not None:
                last[access.buffer, access.index] = position
    return last


def _known(expression: Expr, known: Mapping[Place, Expr]) -> Expr:
    return map_leaves(
        expression, lambda leaf: known.get((leaf.buffer, leaf.index), leaf) if isinstance(leaf, Load) else leaf
    )


def _forget(known: dict[Place, Expr], buffers: set[Symbol]) -> None:
    for place in [place for place in known if place[0] in buffers]:
        del known[place]


def _overwrite(known: dict[Place, Expr], place: Place) -> None:
    """A store leaves what lies a constant distance away."""
    buffer, index = place
    for other in [other for other in known if other[0] == buffer]:
        apart = (other[1].terms, other[1].tables) == (index.terms, index.tables) and other[1].offset != index.offset
        if not apart:
            del known[other]
