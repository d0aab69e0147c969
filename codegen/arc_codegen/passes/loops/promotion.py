"""Elements that every run of a loop reads and writes are scalars while it runs: a filter's states, a scan's carries.

They are read before the loop and written behind it. (Cooper and Lu, Register Promotion in C Programs, PLDI 1997.)
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import map_leaves, map_statement, walk_statements, with_expressions
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    Fail,
    Find,
    For,
    If,
    Index,
    Literal,
    Load,
    LoopFunction,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import Access, Place, accesses, calls_functions, effects, filled_by
from arc_codegen.passes.loops.forwarding import element_name


def promote_elements(function: LoopFunction, *, most: int) -> LoopFunction:
    """The function with elements in scalars during loops.

    Parameters
    ----------
    function : LoopFunction
    most : int
        So many elements become scalars of one loop; where there are more, registers would not hold them.
    """
    if not most:
        return function
    promotion = _Promotion(FreshSymbols(function), {b.symbol: b for b in function.buffers}, most)
    return replace(function, body=promotion.body(function.body))


@dataclass(frozen=True, slots=True)
class _Promotion:
    fresh: FreshSymbols
    buffers: Mapping[Symbol, Buffer]
    most: int

    def body(self, body: Iterable[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        filled: dict[Place, Literal] = {}
        for statement in body:
            match statement:
                case For():
                    out.extend(self._loop(statement, filled))
                case If():
                    out.append(If(statement.condition, self.body(statement.then), self.body(statement.orelse)))
                case _:
                    out.append(statement)
            if filled:
                written = effects(statement).stored
                filled = {place: value for place, value in filled.items() if place[0] not in written}
            filled.update(filled_by(statement))
        return tuple(out)

    def _loop(self, loop: For, filled: Mapping[Place, Literal]) -> list[Stmt]:
        promoted = {
            (buffer, index): self.fresh.symbol(element_name(self.buffers[buffer], index))
            for buffer, index in self._places(loop)
        }
        if promoted:
            loop = replace(loop, body=tuple(_rewritten(inner, promoted) for inner in loop.body))
        before: list[Stmt] = []
        behind: list[Stmt] = []
        for place, symbol in promoted.items():
            dtype = self.buffers[place[0]].dtype
            before.append(Var(symbol, filled.get(place) or Load(*place, dtype)))
            behind.append(Store(*place, Ref(symbol, dtype)))
        return [*before, replace(loop, body=self.body(loop.body)), *behind]

    def _places(self, loop: For) -> list[Place]:
        """The elements that go from run to run at one place, if registers can hold them."""
        inner = {s.var for s in walk_statements((loop,)) if isinstance(s, For)}
        inner |= {s.symbol for s in walk_statements(loop.body) if isinstance(s, Find)}
        leaves_early = any(isinstance(s, (Fail, Call)) for s in walk_statements(loop.body))
        by_buffer: dict[Symbol, list[Access]] = {}
        for access in accesses(loop.body):
            by_buffer.setdefault(access.buffer, []).append(access)
        places: dict[Place, None] = {}
        for symbol, found in by_buffer.items():
            if self.buffers[symbol].kind not in ("work", "output") or not _fixed(found, inner):
                continue
            if leaves_early and self.buffers[symbol].kind == "output":
                continue
            stored = {access.index for access in found if access.stored}
            carried = _read_first(loop.body, symbol)
            places.update({(symbol, index): None for index in carried if index in stored})
        ordered = sorted(places, key=lambda place: (place[0].id, place[1].offset))
        most = self.most // 2 if calls_functions(loop) else self.most  # which keep half of the registers
        return ordered if len(ordered) <= most else []


def _read_first(body: Iterable[Stmt], buffer: Symbol) -> dict[Index, None]:
    """Elements that a run may read before it writes them; others have no value that would have to be kept."""
    written: set[Index] = set()
    first: dict[Index, None] = {}
    for statement in body:
        for access in accesses((statement,)):
            if access.buffer == buffer and not access.stored and access.index not in written:
                assert access.index is not None
                first[access.index] = None
        if isinstance(statement, Store) and statement.buffer == buffer:
            written.add(statement.index)
    return first


def _fixed(found: Iterable[Access], inner: set[Symbol]) -> bool:
    """Whether no access of a buffer moves with the loops, so that different indices are different elements."""
    around: set[frozenset[tuple[Symbol, int]]] = set()
    for access in found:
        if access.index is None or access.index.tables or any(symbol in inner for symbol, _ in access.index.terms):
            return False
        around.add(frozenset(access.index.terms))
    return len(around) == 1


def _rewritten(statement: Stmt, promoted: Mapping[Place, Symbol]) -> Stmt:
    def leaf(expression: Expr) -> Expr:
        target = promoted.get((expression.buffer, expression.index)) if isinstance(expression, Load) else None
        return expression if target is None else Ref(target, expression.dtype)

    def change(inner: Stmt) -> Stmt:
        inner = with_expressions(inner, lambda expression: map_leaves(expression, leaf))
        target = promoted.get((inner.buffer, inner.index)) if isinstance(inner, Store) else None
        return inner if target is None or not isinstance(inner, Store) else Set(target, inner.value)

    return map_statement(statement, change)


__all__ = ["promote_elements"]
