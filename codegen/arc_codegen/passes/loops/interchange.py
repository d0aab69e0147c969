"""Sums over what an earlier loop has just made go into that loop: the sums then lie in memory, not what is summed.

``for i: w[i] = f(i)`` and ``for j: s = 0; for i: s += a[i, j] * w[i]; y[j] = s`` become two loops over i, the second
with ``y[j] += a[i, j] * w[i]`` for every j, which can be fused. Each sum keeps the order of its terms. (Loop
interchange and distribution: Allen and Kennedy, Optimizing Compilers for Modern Architectures, 2002, chapter 5.)
"""

from __future__ import annotations

import itertools
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.loops import (
    Expr,
    For,
    If,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import accesses, row_of
from arc_codegen.passes.loops.substitute import Substitution

_FEWEST_TERMS = 16
"""Of shorter sums, what is summed takes little memory."""


def interchange_sums(function: LoopFunction, *, most: int) -> LoopFunction:
    """The function with sums over the runs of an earlier loop made run by run.

    Parameters
    ----------
    function : LoopFunction
    most : int
        So many sums may be under way at a time; 0 leaves all as it is.
    """
    if not most:
        return function
    work = {buffer.symbol for buffer in function.buffers if buffer.kind == "work"}
    kept = {buffer.symbol for buffer in function.buffers if buffer.kind in ("work", "output")}
    body = _Interchange(work, kept, most, FreshSymbols(function)).body(function.body)
    return replace(function, body=body)


@dataclass(frozen=True, slots=True)
class _Sums:
    """A nest of sums: ``for outer: total = start; for run: total += term; place = total``."""

    outer: tuple[For, ...]
    start: Literal
    inner: For
    total: Set
    store: Store

    @property
    def runs(self) -> tuple[int, int]:
        """What the sums run over."""
        return self.inner.start, self.inner.stop

    @property
    def count(self) -> int:
        """How many sums there are."""
        return math.prod(loop.stop - loop.start for loop in self.outer)


@dataclass(frozen=True, slots=True)
class _Interchange:
    work: set[Symbol]
    kept: set[Symbol]
    most: int
    fresh: FreshSymbols

    def body(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        found = [_sums_of(statement) for statement in body]
        together = Counter[tuple[int, int]]()
        for statement in body:
            together.update(_running_sums(statement))
        for statement, sums in zip(body, found, strict=True):
            if sums is not None and together[sums.runs] <= self.most and self._pays(sums, out):
                out.extend(_run_by_run(sums, self.fresh))
            elif isinstance(statement, For):
                out.append(replace(statement, body=self.body(statement.body)))
            elif isinstance(statement, If):
                out.append(If(statement.condition, self.body(statement.then), self.body(statement.orelse)))
            else:
                out.append(statement)
        return tuple(out)

    def _pays(self, sums: _Sums, before: Iterable[Stmt]) -> bool:
        """Whether what is summed is made run by run in a loop before, and the sums take less memory."""
        if sums.store.buffer not in self.kept:
            return False
        inner = sums.inner
        if inner.stop - inner.start < _FEWEST_TERMS:
            return False
        read = {a.buffer: row_of(a, inner.var) for a in accesses((inner,)) if not a.stored and a.buffer in self.work}
        if sums.store.buffer in read or not _injective(sums):
            return False
        for loop in before:
            if not isinstance(loop, For) or (loop.start, loop.stop) != (inner.start, inner.stop):
                continue
            for made in accesses(loop.body):
                ours, theirs = read.get(made.buffer), row_of(made, loop.var)
                if made.stored and ours and theirs and ours.pitch == theirs.pitch != 0:
                    return True
        return False


def _running_sums(statement: Stmt, around: int = 1) -> Counter[tuple[int, int]]:
    """How many sums there are over which runs, those that are used at once and stay where they are included."""
    found = Counter[tuple[int, int]]()
    if isinstance(statement, For):
        found[statement.start, statement.stop] += around * sum(isinstance(inner, Set) for inner in statement.body)
        for inner in statement.body:
            found.update(_running_sums(inner, around * (statement.stop - statement.start)))
    return found


def _sums_of(statement: Stmt) -> _Sums | None:
    outer: list[For] = []
    body: tuple[Stmt, ...] = (statement,)
    while len(body) == 1 and isinstance(body[0], For):
        outer.append(body[0])
        body = body[0].body
    if not outer or len(body) != 3:
        return None
    match body:
        case (Var(total, Literal() as start), For() as inner, Store(_, _, Ref(stored)) as store) if total == stored:
            last = inner.body[-1]
            if not all(isinstance(s, Let) for s in inner.body[:-1]) or not isinstance(last, Set):
                return None
            fits = last.symbol == total and _reads_once(last.value, total) and not store.index.tables
            return _Sums(tuple(outer), start, inner, last, store) if fits else None
    return None


def _reads_once(value: Expr, total: Symbol) -> bool:
    """Whether a new total is the old one with something added."""
    if not isinstance(value, Op) or value.fn not in ("add", "fma"):
        return False
    old = value.args[0 if value.fn == "add" else 2]
    return isinstance(old, Ref) and old.symbol == total


def _injective(sums: _Sums) -> bool:
    """Whether every total has a place of its own."""
    terms = dict(sums.store.index.terms)
    if terms.keys() - {loop.var for loop in sums.outer}:
        return False
    runs = [[terms.get(loop.var, 0) * k for k in range(loop.start, loop.stop)] for loop in sums.outer]
    return len({sum(place) for place in itertools.product(*runs)}) == sums.count


def _run_by_run(sums: _Sums, fresh: FreshSymbols) -> list[Stmt]:
    place, dtype = sums.store.index, sums.store.value.dtype
    held = Load(sums.store.buffer, place, dtype)
    new = sums.total.value
    assert isinstance(new, Op)
    args = (held, *new.args[1:]) if new.fn == "add" else (*new.args[:2], held)
    added = replace(sums.store, value=replace(new, args=args))
    cleared = replace(sums.store, value=sums.start)
    variables = {loop.var: fresh.symbol(loop.var.hint) for loop in sums.outer}
    before = Substitution({old: (new, 1, 0) for old, new in variables.items()}, variables).statement(
        _around(sums.outer, (cleared,))
    )
    runs = replace(sums.inner, body=(_around(sums.outer, (*sums.inner.body[:-1], added)),))
    return [before, runs]


def _around(outer: Sequence[For], body: tuple[Stmt, ...]) -> Stmt:
    for loop in reversed(outer):
        body = (replace(loop, body=body),)
    return body[0]


__all__ = ["interchange_sums"]
