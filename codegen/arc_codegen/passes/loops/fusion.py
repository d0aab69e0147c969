"""Loops over one range, whose runs do not wait for each other, become one loop.

Run i of the second loop may follow run i of the first where no later run of the first touches what run i of the second
does. Positions are compared as linear forms: ``c * i + r`` in both, r from an interval; the difference of what r can be
decides (the "distance" of Allen and Kennedy, Optimizing Compilers for Modern Architectures, 2002, chapter 2).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import For, If, LoopFunction, Set, Stmt, Symbol
from arc_codegen.passes.loops.effects import Access, Effects, accesses, calls_functions, effects, row_of
from arc_codegen.passes.loops.substitute import Substitution

_REACH = 64
"""So many statements are looked past for a loop to fuse with."""

_MANY = 1 << 16

_LARGEST = 24
"""A body of more statements than this takes no other loop in: its scalars would not stay in registers."""

_SUMS = 16
"""Loops that make sums go together as long as there are no more sums than this: registers hold them."""

_LARGEST_SUMS = 320
"""Statements of such a loop: what its sums have in common is computed once."""

_LARGEST_CHAIN = 96
"""The same where one loop reads what the other writes: scalars on the stack are no worse than arrays there."""


def fuse_loops(function: LoopFunction, *, sums: int = _MANY) -> LoopFunction:
    """The function with loops fused that go over the same elements.

    Parameters
    ----------
    function : LoopFunction
    sums : int, optional
        A loop that adds to more elements than this stays apart from one that calls functions: there they would be in
        memory, alone they may stay in registers.
    """
    body = _fused(function.body, sums)
    return function if body is function.body else replace(function, body=body)


def _fused(body: tuple[Stmt, ...], sums: int) -> tuple[Stmt, ...]:
    merged = _merge_neighbours(body, sums)
    changed = merged is not body
    inside: list[Stmt] = []
    for statement in merged:
        inner: Stmt = statement
        if isinstance(statement, For):
            fused = _fused(statement.body, sums)
            inner = statement if fused is statement.body else replace(statement, body=fused)
        elif isinstance(statement, If):
            then, orelse = _fused(statement.then, sums), _fused(statement.orelse, sums)
            if then is not statement.then or orelse is not statement.orelse:
                inner = If(statement.condition, then, orelse)
        changed |= inner is not statement
        inside.append(inner)
    return tuple(inside) if changed else body


def _merge_neighbours(body: tuple[Stmt, ...], sums: int) -> tuple[Stmt, ...]:
    if sum(isinstance(statement, For) for statement in body) < 2:
        return body
    statements = list(body)
    touched: list[Effects | None] = [None] * len(statements)
    changed = False
    first = 0
    while first < len(statements):
        second = _partner(statements, touched, first, sums)
        if second is None:
            first += 1
            continue
        _merge(statements, touched, first, second)
        changed = True
    return tuple(statements) if changed else body


def _effects(statements: Sequence[Stmt], touched: list[Effects | None], position: int) -> Effects:
    known = touched[position]
    if known is None:
        known = touched[position] = effects(statements[position])
    return known


def _partner(statements: Sequence[Stmt], touched: list[Effects | None], first: int, sums: int) -> int | None:
    """The next loop that can be moved to the one at ``first`` and fused with it."""
    loop = statements[first]
    if not isinstance(loop, For) or _size(loop.body) > _LARGEST_SUMS:
        return None
    apart = calls_functions(loop)
    for second in range(first + 1, min(first + 1 + _REACH, len(statements))):
        other = statements[second]
        if (
            isinstance(other, For)
            and (other.start, other.stop) == (loop.start, loop.stop)
            and _size(loop.body) + _size(other.body) <= _most(loop, other)
            and _same_shape(loop, other)
            and not (apart and _sums(other) > sums)
            and _fusible(loop, other)
            and _split(statements, touched, first, second) is not None
        ):
            return second
        if _effects(statements, touched, second).calls:
            return None
    return None


def _sums(loop: For) -> int:
    """Elements that every run of a loop adds to."""
    total = 0
    for access in accesses(loop.body):
        if access.stored and access.index is not None and loop.var not in dict(access.index.terms):
            ends = [access.ranges[symbol] for symbol, _ in access.index.terms if symbol in access.ranges]
            total += math.prod(stop - start for start, stop in ends)
    return total


def _most(first: For, second: For) -> int:
    """So many statements may be in one loop."""
    ours, theirs = _running(first), _running(second)
    if ours and theirs and len(ours) + len(theirs) <= _SUMS and not (calls_functions(first) or calls_functions(second)):
        return _LARGEST_SUMS
    if effects(first).stored.isdisjoint(effects(second).loaded):
        return _LARGEST
    inside = (inner for inner in first.body if isinstance(inner, For))
    return _LARGEST_CHAIN + sum(_size(inner.body) for inner in inside)  # whose scalars are gone where the other begins


def _running(loop: For) -> set[Symbol]:
    """Sums that a loop makes."""
    return {statement.symbol for statement in walk_statements(loop.body) if isinstance(statement, Set)}


def _size(body: Sequence[Stmt]) -> int:
    return sum(1 + _size(s.body) if isinstance(s, For) else 1 for s in body)


def _same_shape(first: For, second: For) -> bool:
    """Whether one loop saves more than counting: both go over the same elements of something."""
    runs = first.stop - first.start
    theirs = [(access.buffer, row_of(access, second.var)) for access in accesses(second.body)]
    for access in accesses(first.body):
        row = row_of(access, first.var)
        if row is None or not row.pitch:
            continue
        reach = abs(row.pitch) * (runs - 1)
        for buffer, other in theirs:
            if buffer != access.buffer or other is None or other.pitch != row.pitch:
                continue
            if max(other.low - row.high, row.low - other.high) <= reach:
                return True
    return False


def _split(
    statements: Sequence[Stmt], touched: list[Effects | None], first: int, second: int
) -> tuple[list[int], list[int]] | None:
    """What stands between two loops: what can go before the first, and what must stay behind it."""
    before: list[int] = []
    behind = [first]
    wanted = _effects(statements, touched, second)
    for position in range(first + 1, second):
        own = _effects(statements, touched, position)
        if any(own.conflicts(_effects(statements, touched, other)) for other in behind):
            if own.conflicts(wanted):
                return None
            behind.append(position)
        else:
            before.append(position)
    return before, behind[1:]


def _merge(statements: list[Stmt], touched: list[Effects | None], first: int, second: int) -> None:
    split = _split(statements, touched, first, second)
    assert split is not None
    before, behind = split
    loop, other = statements[first], statements[second]
    assert isinstance(loop, For)
    assert isinstance(other, For)
    fused = replace(loop, body=(*loop.body, *_with_variable(other, loop.var)), origin=loop.origin or other.origin)
    statements[first : second + 1] = [*(statements[k] for k in before), fused, *(statements[k] for k in behind)]
    touched[first : second + 1] = [*(touched[k] for k in before), None, *(touched[k] for k in behind)]


def _with_variable(loop: For, variable: Symbol) -> tuple[Stmt, ...]:
    return Substitution(variables={loop.var: (variable, 1, 0)}).body(loop.body)


def _fusible(first: For, second: For) -> bool:
    """Whether run i of ``second`` may come before runs i+1, i+2, ... of ``first``."""
    ours, theirs = effects(first), effects(second)
    if ours.calls or theirs.calls:
        return False
    if ours.written & (theirs.read | theirs.written) or theirs.written & ours.read:
        return False
    shared = (ours.stored & (theirs.stored | theirs.loaded)) | (theirs.stored & ours.loaded)
    if not shared:
        return True
    nested = any(isinstance(inner, For) for inner in (*first.body, *second.body))
    before = [a for a in accesses(first.body) if a.buffer in shared]
    after = [a for a in accesses(second.body) if a.buffer in shared]
    return all(
        _in_step(a, first, b, second, same_run=nested)
        for a in before
        for b in after
        if a.buffer == b.buffer and (a.stored or b.stored)
    )


def _in_step(early: Access, first: For, late: Access, second: For, *, same_run: bool) -> bool:
    """Whether what ``late`` touches in run i, ``early`` touches in no run after i.

    With ``same_run`` in no run before i either: runs that do not wait for each other may go together in the end, which
    saves more around inner loops than fusion does.
    """
    ours, theirs = row_of(early, first.var), row_of(late, second.var)
    if ours is None or theirs is None or ours.pitch != theirs.pitch or ours.pitch == 0 or ours.around != theirs.around:
        return False
    if same_run:
        return max(theirs.high - ours.low, ours.high - theirs.low) < abs(ours.pitch)
    # c * (later run) + r == c * i + s takes s - r = c * d, with d from 1 to the number of the last run
    furthest = first.stop - first.start - 1
    if ours.pitch > 0:
        return theirs.high - ours.low < ours.pitch or theirs.low - ours.high > ours.pitch * furthest
    return theirs.low - ours.high > ours.pitch or theirs.high - ours.low < ours.pitch * furthest
