"""What nobody reads from memory is not written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from arc_codegen.ir.loops import For, If, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import Effects, Place, accesses, effects, filled_by


def drop_stores(function: LoopFunction) -> LoopFunction:
    """The function without stores that are in vain, and without work arrays that have no others."""
    return _without_unread(replace(function, body=_without_overwritten(function.body)))


def _without_unread(function: LoopFunction) -> LoopFunction:
    """The function without work arrays that are only written; what was stored there may have read others."""
    while True:
        read = {access.buffer for access in accesses(function.body) if not access.stored or access.index is None}
        dead = {buffer.symbol for buffer in function.buffers if buffer.kind == "work"} - read
        if not dead:
            return function
        body = _without_stores(function.body, dead)
        buffers = tuple(buffer for buffer in function.buffers if buffer.symbol not in dead)
        function = replace(function, buffers=buffers, body=body)


def _without_overwritten(body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    """The statements without stores to elements that a later one overwrites before anybody reads them."""
    out: list[Stmt] = []
    vain: set[Place] = set()  # what the statements behind will overwrite, unread
    for statement in reversed(body):
        if isinstance(statement, Store) and (statement.buffer, statement.index) in vain:
            continue
        filled = filled_by(statement).keys() if vain else ()
        if filled and vain.issuperset(filled):
            continue
        touched = effects(statement)
        if touched.calls:
            vain.clear()
        elif vain:
            vain = {place for place in vain if place[0] not in touched.loaded and not _bound_anew(place, touched)}
        kept: Stmt = statement
        if isinstance(statement, For):
            kept = replace(statement, body=_without_overwritten(statement.body))
        elif isinstance(statement, If):
            kept = If(statement.condition, _without_overwritten(statement.then), _without_overwritten(statement.orelse))
        elif isinstance(statement, Store):
            vain.add((statement.buffer, statement.index))
        out.append(kept)
    return tuple(reversed(out))


def _bound_anew(place: Place, touched: Effects) -> bool:
    """Whether a statement defines what the index of a place stands on."""
    return any(symbol in touched.written for symbol, _ in place[1].terms)


def _without_stores(body: Iterable[Stmt], dead: set[Symbol]) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for statement in body:
        match statement:
            case Store() if statement.buffer in dead:
                continue
            case For():
                inner = _without_stores(statement.body, dead)
                if inner:
                    out.append(replace(statement, body=inner))
            case If():
                then, orelse = _without_stores(statement.then, dead), _without_stores(statement.orelse, dead)
                if then or orelse:
                    out.append(If(statement.condition, then, orelse))
            case _:
                out.append(statement)
    return tuple(out)
