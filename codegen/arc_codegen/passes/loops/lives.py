"""How long the scalars of a body live, and who reads them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from arc_codegen.ir.loops import Expr, Find, Invoke, Let, Literal, Load, Stmt, Symbol, Var
from arc_codegen.ir.types import DType
from arc_codegen.passes.loops.effects import effects


@dataclass(slots=True)
class Life:
    """A scalar of a body: when it has its last value, who reads it, and what may be read in its place."""

    first: int
    dtype: DType
    ready: int
    reads: list[int] = field(default_factory=list)
    again: Expr | None = None
    """A literal or an element that nobody writes: as good as the scalar, wherever it is read."""
    is_index: bool = False


@dataclass(slots=True)
class Lives:
    """The lives of all scalars that the statements of a body define, and what each statement reads of them."""

    of: dict[Symbol, Life]
    reads: list[list[Symbol]]

    def held_together(self, count: int) -> list[bool]:
        """For each place between statements, whether these must not be parted: a mutable scalar changes still, or an
        interval, which no function can return, is read later.
        """
        changes = [0] * (count + 2)
        for life in self.of.values():
            last = max(life.reads, default=life.first) if life.is_index else life.ready
            if last > life.first:
                changes[life.first + 1] += 1
                changes[last + 1] -= 1
        return [total > 0 for total in _totals(changes)][: count + 1]

    def crossing(self, count: int) -> list[int]:
        """For each place between statements, how many scalars would have to wait."""
        changes = [0] * (count + 2)
        for life in self.of.values():
            if life.reads and life.again is None and life.reads[-1] > life.ready:
                changes[life.ready + 1] += 1
                changes[life.reads[-1] + 1] -= 1
        return list(_totals(changes))[: count + 1]


def _totals(changes: Sequence[int]) -> Iterator[int]:
    total = 0
    for change in changes:
        total += change
        yield total


def find_lives(body: Sequence[Stmt], unwritten: frozenset[Symbol]) -> Lives:
    """The lives of the scalars of a body; ``unwritten`` are buffers that nobody writes."""
    lives: dict[Symbol, Life] = {}
    reads: list[list[Symbol]] = []
    for position, statement in enumerate(body):
        touched = effects(statement)
        read = sorted((s for s in touched.read if s in lives), key=lambda symbol: symbol.id)
        reads.append(read)
        for symbol in read:
            lives[symbol].reads.append(position)
        for symbol in touched.written:
            if symbol in lives:
                lives[symbol].ready = position
        match statement:
            case Let(symbol, value):
                lives[symbol] = Life(position, value.dtype, position, again=_again(value, unwritten))
            case Var(symbol, value):
                lives[symbol] = Life(position, value.dtype, position)
            case Invoke(results=results):
                lives.update({r.symbol: Life(position, r.dtype, position) for r in results})
            case Find(symbol):
                lives[symbol] = Life(position, DType.I32, position, is_index=True)
    return Lives(lives, reads)


def _again(value: Expr, unwritten: frozenset[Symbol]) -> Expr | None:
    fixed = isinstance(value, Load) and value.buffer in unwritten and not value.index.terms and not value.index.tables
    return value if fixed or isinstance(value, Literal) else None
