"""Outputs serve as work arrays until they are written: the header of every module says that they may.

A work array moves into an output of its type when nothing of it is read any more once the output has its first
element; or, where the last loop that reads the one is the first that writes the other, when every element is read for
the last time before the same element is written. States, which are inputs as well, are left alone.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import leaves, own_expressions, walk_statements
from arc_codegen.ir.loops import Buffer, Call, Find, For, If, Index, Invoke, Load, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loopgen.substitution import rename_buffers
from arc_codegen.passes.loops.effects import effects

Life = tuple[int, int]
"""First and last statement at the top of a function that touches an array."""


def work_in_outputs(function: LoopFunction) -> LoopFunction:
    """The function with fewer work arrays."""
    works = [buffer for buffer in function.buffers if buffer.kind == "work"]
    hosts = [buffer for buffer in _pure_outputs(function) if buffer.size > 1]
    if not works or not hosts:
        return function
    lives = _lives(function.body, {buffer.symbol for buffer in (*works, *hosts)})
    taken: dict[Symbol, list[Life]] = {host.symbol: [] for host in hosts}
    moved: dict[Symbol, Symbol] = {}
    for work in sorted(works, key=lambda buffer: (-buffer.size, buffer.symbol.id)):
        if work.symbol not in lives:
            continue
        for host in sorted(hosts, key=lambda buffer: (buffer.size, buffer.symbol.id)):
            life = lives[work.symbol]
            fits = host.dtype is work.dtype and host.size >= work.size
            free = all(life[1] < first or last < life[0] for first, last in taken[host.symbol])
            if fits and free and _ends_before(function.body, work.symbol, life, host.symbol, lives.get(host.symbol)):
                taken[host.symbol].append(life)
                moved[work.symbol] = host.symbol
                break
    if not moved:
        return function
    body = tuple(rename_buffers(statement, moved) for statement in function.body)
    return replace(function, body=body, buffers=tuple(b for b in function.buffers if b.symbol not in moved))


def _pure_outputs(function: LoopFunction) -> list[Buffer]:
    outputs = [buffer for buffer in function.buffers if buffer.kind == "output"]
    if function.interface is None:
        return outputs
    directions = function.interface.output_directions()
    return [buffer for buffer, direction in zip(outputs, directions, strict=True) if direction == "out"]


def _lives(body: Sequence[Stmt], symbols: set[Symbol]) -> dict[Symbol, Life]:
    found: dict[Symbol, Life] = {}
    for time, statement in enumerate(body):
        touched = effects(statement)
        for symbol in (touched.loaded | touched.stored) & symbols:
            found[symbol] = (found.get(symbol, (time, time))[0], time)
    return found


def _ends_before(body: Sequence[Stmt], work: Symbol, life: Life, host: Symbol, hosted: Life | None) -> bool:
    if hosted is None or life[1] < hosted[0]:
        return True
    return life[1] == hosted[0] and life[0] < life[1] and _hands_over(body[life[1]], work, host)


@dataclass(frozen=True, slots=True)
class _Touch:
    """An access, in the order of the text; ``loops`` are the loops around it, from outside."""

    index: Index
    loops: tuple[For, ...]
    stored: bool


def _hands_over(statement: Stmt, work: Symbol, host: Symbol) -> bool:
    """Whether a statement reads every element of ``work`` for the last time before it writes that of ``host``."""
    if any(isinstance(inner, (Call, Invoke, Find, If)) for inner in walk_statements((statement,))):
        return False
    touches = list(_touches(statement, (), {work, host}))
    if any(symbol == work and touch.stored for symbol, touch in touches):
        return False
    if any(symbol == host and not touch.stored for symbol, touch in touches):
        return False
    for position, (symbol, store) in enumerate(touches):
        if symbol != host:
            continue
        for other, (kind, load) in enumerate(touches):
            if kind == work and not _apart(load.index, store.index) and not _before(load, store, other < position):
                return False
    return True


def _touches(statement: Stmt, loops: tuple[For, ...], symbols: set[Symbol]) -> Iterator[tuple[Symbol, _Touch]]:
    for expression in own_expressions(statement):
        for leaf in leaves(expression):
            if isinstance(leaf, Load) and leaf.buffer in symbols:
                yield leaf.buffer, _Touch(leaf.index, loops, False)
    if isinstance(statement, Store) and statement.buffer in symbols:
        yield statement.buffer, _Touch(statement.index, loops, True)
    if isinstance(statement, For):
        for inner in statement.body:
            yield from _touches(inner, (*loops, statement), symbols)


def _apart(one: Index, other: Index) -> bool:
    """Whether two indices never meet, whatever runs of the loops they are taken from."""
    if one.tables or other.tables:
        return False
    step = math.gcd(*(coefficient for _, coefficient in (*one.terms, *other.terms)))
    distance = one.offset - other.offset
    return distance != 0 and (step == 0 or distance % step != 0)


def _before(load: _Touch, store: _Touch, earlier: bool) -> bool:
    """Whether an element is read only in the run that writes it, and there before."""
    if not earlier or load.index != store.index or load.index.tables:
        return False
    variables = {symbol for symbol, _ in store.index.terms}
    if {loop.var for loop in store.loops} != variables or load.loops[: len(store.loops)] != store.loops:
        return False
    return _injective(store.index, {loop.var: loop for loop in store.loops})


def _injective(index: Index, loops: Mapping[Symbol, For]) -> bool:
    """Whether each run of the loops has an element of its own."""
    reach = 0
    for symbol, coefficient in sorted(index.terms, key=lambda term: abs(term[1])):
        if abs(coefficient) <= reach:
            return False
        reach += abs(coefficient) * (loops[symbol].stop - loops[symbol].start - 1)
    return True


__all__ = ["work_in_outputs"]
