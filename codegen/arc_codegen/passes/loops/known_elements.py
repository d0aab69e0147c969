"""Elements that a loop has filled or copied are not read back, where they are read one by one behind it.

A sum of scattered parts begins with zeros in all its places; parts are brought together in one array. Where the reads
are written out, each of them has the constant, or the element that was copied, in place of the load, and often nobody
reads the array any more.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import map_leaves, with_expressions
from arc_codegen.ir.loops import Call, Expr, For, If, Index, Invoke, Literal, Load, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import effects


def read_known_elements(function: LoopFunction) -> LoopFunction:
    """The function without loads of elements that a loop before them has filled with constants or copied."""
    return replace(function, body=_block(function.body, _Known()))


@dataclass(slots=True)
class _Known:
    """What the elements of buffers are: those stores of loops that nothing has touched since, with their loops."""

    fillings: dict[Symbol, tuple[For, tuple[Store, ...]]] = field(default_factory=dict)
    changed: set[tuple[Symbol, int]] = field(default_factory=set)  # elements that are others since

    def copy(self) -> _Known:
        return _Known(dict(self.fillings), set(self.changed))

    def value(self, leaf: Expr) -> Expr:
        """The constant or the copied element in place of a load at a constant index, if it is known."""
        if not isinstance(leaf, Load) or leaf.index.terms or leaf.index.tables:
            return leaf
        if leaf.buffer not in self.fillings or (leaf.buffer, leaf.index.offset) in self.changed:
            return leaf
        loop, stores = self.fillings[leaf.buffer]
        found = [(store, run) for store in stores if (run := _run(store.index, leaf.index.offset, loop)) is not None]
        if len(found) != 1:
            return leaf
        ((store, run),) = found
        value = store.value
        if isinstance(value, Load):
            moved = value.index.offset + sum(coefficient for _, coefficient in value.index.terms) * run
            if (value.buffer, moved) in self.changed:
                return leaf
            value = replace(value, index=Index(moved))
        return value if value.dtype == leaf.dtype else leaf

    def note(self, statement: Stmt) -> None:
        """A statement has run."""
        if isinstance(statement, Store) and not statement.index.terms and not statement.index.tables:
            self.changed.add((statement.buffer, statement.index.offset))
            return
        stored = effects(statement).stored
        if stored:
            self._forget(stored)
        self._learn(statement)

    def _learn(self, statement: Stmt) -> None:
        """Take in a loop that only fills and copies, from buffers that it does not write."""
        if not isinstance(statement, For):
            return
        stores = [inner for inner in statement.body if isinstance(inner, Store)]
        filled = {store.buffer for store in stores}
        if len(stores) < len(statement.body) or not all(_plain(store, statement.var, filled) for store in stores):
            return
        touched = filled | {source for store in stores if (source := _source(store)) is not None}
        if any(buffer in touched for buffer, _ in self.changed):  # before the loop, which is no change behind it
            self._forget(touched)
            self.changed = {place for place in self.changed if place[0] not in touched}
        for buffer in filled:
            self.fillings[buffer] = (statement, tuple(store for store in stores if store.buffer == buffer))

    def _forget(self, buffers: set[Symbol]) -> None:
        """Know nothing any more of these buffers, nor of what was copied from them."""
        self.fillings = {
            buffer: (loop, stores)
            for buffer, (loop, stores) in self.fillings.items()
            if buffer not in buffers and all(_source(store) not in buffers for store in stores)
        }


def _block(body: Sequence[Stmt], known: _Known) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for statement in body:
        match statement:
            case For():
                inner = known.copy()
                inner.note(replace(statement, body=(statement,)))  # runs before this one have stored
                changed: Stmt = replace(statement, body=_block(statement.body, inner))
            case If():
                condition = map_leaves(statement.condition, known.value)
                then, orelse = _block(statement.then, known.copy()), _block(statement.orelse, known.copy())
                changed = If(condition, then, orelse)
            case Call() | Invoke():
                changed = statement
            case _:
                changed = with_expressions(statement, lambda expression: map_leaves(expression, known.value))
        known.note(changed)
        out.append(changed)
    return tuple(out)


def _source(store: Store) -> Symbol | None:
    return store.value.buffer if isinstance(store.value, Load) else None


def _plain(store: Store, variable: Symbol, filled: set[Symbol]) -> bool:
    """Whether a store gives a constant, or an element that stays, to one that moves with its loop alone."""
    indices = [store.index]
    if isinstance(store.value, Load):
        indices.append(store.value.index)
        if store.value.buffer in filled:
            return False
    elif not isinstance(store.value, Literal):
        return False
    moving = all(not index.tables and all(symbol == variable for symbol, _ in index.terms) for index in indices)
    return moving and len(store.index.terms) == 1


def _run(index: Index, offset: int, loop: For) -> int | None:
    """The run of a loop in which an index is this offset."""
    ((_, coefficient),) = index.terms
    run, rest = divmod(offset - index.offset, coefficient)
    return run if rest == 0 and loop.start <= run < loop.stop else None


__all__ = ["read_known_elements"]
