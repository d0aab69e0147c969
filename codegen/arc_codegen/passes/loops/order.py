"""Which statements of a body must come before which: by scalars, by elements of buffers, and by what may fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from arc_codegen.ir.expressions import leaves, own_expressions
from arc_codegen.ir.loops import Call, Fail, Find, For, If, Index, Invoke, Load, Ref, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import Effects

ANYWHERE = Index(-1)
"""Stands for an access that may be to any element."""


def predecessors(
    body: Sequence[Stmt], touched: Sequence[Effects], same_memory: Mapping[Symbol, Symbol]
) -> list[set[int]]:
    """For each statement, those that must come before it.

    Statements with others inside, calls and searches keep their order among themselves; nothing passes what may fail.
    Linear in the number of statements, as long as few of them may access any element of a buffer.

    Parameters
    ----------
    body : sequence of Stmt
    touched : sequence of Effects
        Those of the statements.
    same_memory : mapping of Symbol to Symbol
        Buffers that begin where others do in memory, with these.
    """
    order = _Order(same_memory)
    for position, (statement, effect) in enumerate(zip(body, touched, strict=True)):
        order.add(position, statement, effect)
    return order.before


@dataclass(slots=True)
class _History:
    """Who last wrote a scalar, an element or a buffer, and who has read it since."""

    writer: int = -1
    readers: list[int] = field(default_factory=list)

    def write(self, position: int, before: set[int]) -> None:
        self.read(position, before)
        before.update(self.readers)
        self.writer, self.readers = position, []

    def read(self, position: int, before: set[int]) -> None:
        if self.writer >= 0:
            before.add(self.writer)
        self.readers.append(position)


@dataclass(slots=True)
class _Memory:
    """A buffer: its elements, while all that touch it differ by constants; all of it together otherwise."""

    form: object = None
    elements: dict[int, _History] = field(default_factory=dict)
    whole: _History = field(default_factory=_History)


class _Order:
    def __init__(self, same_memory: Mapping[Symbol, Symbol]) -> None:
        self._same_memory = same_memory
        self.before: list[set[int]] = []
        self._scalars: dict[Symbol, _History] = {}
        self._memory: dict[Symbol, _Memory] = {}
        self._last_fixed = -1  # of those that keep their order
        self._barrier = -1

    def add(self, position: int, statement: Stmt, effect: Effects) -> None:
        before: set[int] = set()
        self.before.append(before)
        for symbol in effect.read:
            if symbol in self._scalars:
                self._scalars[symbol].read(position, before)
        for symbol in effect.written:
            self._scalars.setdefault(symbol, _History()).write(position, before)
        for buffer, index, stored in self._touches(statement, effect):
            self._touch(self._same_memory.get(buffer, buffer), index, stored, position, before)
        if isinstance(statement, (For, If, Call, Invoke, Find, Fail)):
            if self._last_fixed >= 0:
                before.add(self._last_fixed)
            self._last_fixed = position
        if isinstance(statement, (Call, Fail)) or effect.calls:
            before.update(range(self._barrier + 1, position))
            self._barrier = position
        if 0 <= self._barrier < position:
            before.add(self._barrier)
        before.discard(position)

    def _touch(self, buffer: Symbol, index: Index, stored: bool, position: int, before: set[int]) -> None:
        memory = self._memory.setdefault(buffer, _Memory())
        form = (index.terms, index.tables)
        known = index is not ANYWHERE and (memory.form is None or memory.form == form)
        if known and memory.whole.writer < 0 and not memory.whole.readers:
            memory.form = form
            history = memory.elements.setdefault(index.offset, _History())
        else:
            if memory.elements:  # from here on, elements are not told apart any more
                for element in memory.elements.values():
                    memory.whole.readers.extend(element.readers)
                    memory.whole.readers.extend([element.writer] if element.writer >= 0 else [])
                memory.elements.clear()
                memory.whole.write(position, before)
            history = memory.whole
        if stored:
            history.write(position, before)
        else:
            history.read(position, before)

    def _touches(self, statement: Stmt, effect: Effects) -> Iterator[tuple[Symbol, Index, bool]]:
        """Accesses of a statement: buffer, index, and whether it writes; reads first. Numbers may be in memory too."""
        numbers = self._same_memory.keys() & effect.read
        if isinstance(statement, (For, If, Call, Invoke, Find)):
            yield from ((buffer, ANYWHERE, False) for buffer in sorted(effect.loaded | numbers, key=_id))
            yield from ((buffer, ANYWHERE, True) for buffer in sorted(effect.stored, key=_id))
            return
        for expression in own_expressions(statement):
            for leaf in leaves(expression):
                if isinstance(leaf, Load):
                    yield leaf.buffer, leaf.index, False
                elif isinstance(leaf, Ref) and leaf.symbol in numbers:
                    yield leaf.symbol, Index(), False
        if isinstance(statement, Store):
            yield statement.buffer, statement.index, True


def _id(symbol: Symbol) -> int:
    return symbol.id
