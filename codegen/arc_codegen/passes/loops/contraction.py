"""Work arrays of which each run of a loop has a part of its own need no more than one such part.

What a run writes, no other run reads; the same place serves them all. (Array contraction: Sarkar and Gao, Optimization
of Array Accesses by Collective Loop Transformations, ICS 1991.)
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Expr, For, Index, Load, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import accesses, effects, row_of


def contract_arrays(function: LoopFunction) -> LoopFunction:
    """The function with work arrays that hold what one run of a loop at the top needs."""
    work = {buffer.symbol: buffer for buffer in function.buffers if buffer.kind == "work"}
    users: dict[Symbol, list[int]] = {}
    for position, statement in enumerate(function.body):
        touched = effects(statement)
        for symbol in (touched.loaded | touched.stored) & work.keys():
            users.setdefault(symbol, []).append(position)
    body = list(function.body)
    sizes: dict[Symbol, int] = {}
    for symbol, positions in users.items():
        loop = body[positions[0]]
        if len(positions) > 1 or not isinstance(loop, For):
            continue
        part = _part(loop, symbol)
        if part is None or part.size >= work[symbol].size:
            continue
        body[positions[0]] = _moved(loop, symbol, part)
        sizes[symbol] = part.size
    if not sizes:
        return function
    buffers = [
        replace(buffer, size=sizes[buffer.symbol], shape=(sizes[buffer.symbol],)) if buffer.symbol in sizes else buffer
        for buffer in function.buffers
    ]
    return replace(function, buffers=tuple(buffers), body=tuple(body))


@dataclass(frozen=True, slots=True)
class _Part:
    """What one run touches: ``pitch * run + low`` and the ``size - 1`` elements behind it."""

    pitch: int
    low: int
    size: int


def _part(loop: For, symbol: Symbol) -> _Part | None:
    """The part of an array that belongs to one run of a loop, None if runs share elements."""
    rows = [row_of(access, loop.var) for access in accesses(loop.body) if access.buffer == symbol]
    known = [row for row in rows if row is not None and not row.around]
    if len(known) < len(rows) or not known[0].pitch or any(row.pitch != known[0].pitch for row in known):
        return None
    low, high = min(row.low for row in known), max(row.high for row in known)
    return _Part(known[0].pitch, low, high - low + 1) if high - low < abs(known[0].pitch) else None


def _moved(loop: For, symbol: Symbol, part: _Part) -> Stmt:
    def index(old: Index) -> Index:
        terms = tuple(term for term in old.terms if term[0] != loop.var)
        return Index(old.offset - part.low, terms, old.tables)

    def leaf(expression: Expr) -> Expr:
        if isinstance(expression, Load) and expression.buffer == symbol:
            return replace(expression, index=index(expression.index))
        return expression

    def change(statement: Stmt) -> Stmt:
        changed = with_expressions(statement, lambda expression: map_leaves(expression, leaf))
        if isinstance(changed, Store) and changed.buffer == symbol:
            changed = replace(changed, index=index(changed.index))
        return changed

    return map_statement(loop, change)


__all__ = ["contract_arrays"]
