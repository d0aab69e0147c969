"""What nobody reads from memory is not written there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from arc_codegen.ir.loops import For, If, Index, LoopFunction, Stmt, Store, Symbol
from arc_codegen.passes.loops.effects import Effects, accesses, effects, filled_by


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
    vain: dict[Symbol, set[Index]] = {}  # what the statements behind will overwrite, unread
    bound: set[Symbol] = set()  # what these indices stand on
    for statement in reversed(body):
        if isinstance(statement, Store) and statement.index in vain.get(statement.buffer, ()):
            continue
        filled = filled_by(statement).keys() if vain else ()
        if filled and all(index in vain.get(buffer, ()) for buffer, index in filled):
            continue
        touched = effects(statement)
        if isinstance(statement, Store):
            # unless its own value reads what was there
            vain.setdefault(statement.buffer, set()).add(statement.index)
            bound.update(symbol for symbol, _ in statement.index.terms)
        if touched.calls:
            vain.clear()
        elif vain:
            for buffer in [buffer for buffer in touched.loaded if buffer in vain]:
                del vain[buffer]
            if not bound.isdisjoint(touched.written):
                vain = {buffer: _not_bound_anew(indices, touched) for buffer, indices in vain.items()}
                bound -= touched.written
        kept: Stmt = statement
        if isinstance(statement, For):
            kept = replace(statement, body=_without_overwritten(statement.body))
        elif isinstance(statement, If):
            kept = If(statement.condition, _without_overwritten(statement.then), _without_overwritten(statement.orelse))
        out.append(kept)
    return tuple(reversed(out))


def _not_bound_anew(indices: set[Index], touched: Effects) -> set[Index]:
    """Those that stand on nothing that a statement defines."""
    return {index for index in indices if all(symbol not in touched.written for symbol, _ in index.terms)}


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
