"""States change at the end: a step computes the new state beside the old one, then writes it over it.

Every statement of the step sees the old state, and nothing is written before the step can no longer fail.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    For,
    If,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    Ref,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.state_buffers import state_buffers
from arc_codegen.passes.loopgen.substitution import rename_buffers
from arc_codegen.passes.loopgen.symbols import FreshSymbols


def commit_states(function: LoopFunction) -> LoopFunction:
    """The function with its "inout" outputs written by its last statements only.

    A number is held in a scalar until then, unless it has a name already; an array in a work array.
    """
    fresh = FreshSymbols(function)
    scalars: set[Symbol] = set()
    moved: dict[Symbol, Symbol] = {}
    works: list[Buffer] = []
    commits: list[Stmt] = []
    for current, state in state_buffers(function):
        successor = fresh.symbol(f"{current.symbol.hint}_next")
        moved[state.symbol] = successor
        if state.shape == () and _stores(function.body, state.symbol) == 1 and _at_top(function.body, state.symbol):
            scalars.add(successor)
            commits.append(Store(state.symbol, Index(), Ref(successor, state.dtype)))
        else:
            works.append(Buffer(successor, state.dtype, state.size, "work", state.shape))
            commits.append(_copy(state, successor, fresh))
    if not moved:
        return function
    lasting = _lasting(function)
    body: list[Stmt] = []
    known: dict[Symbol, Expr] = {}
    for statement in function.body:
        renamed = rename_buffers(statement, moved, scalars)
        if isinstance(renamed, Store) and renamed.buffer in scalars:
            # Who reads the new state reads the scalar; if nobody does, nothing of it is left in C.
            renamed = Let(renamed.buffer, renamed.value, renamed.origin)
            if _lasts(renamed.value, lasting):
                known[renamed.symbol] = renamed.value
        body.append(renamed)
    return replace(function, buffers=(*function.buffers, *works), body=(*body, *_with(commits, known)))


def _lasting(function: LoopFunction) -> frozenset[Symbol]:
    """What has the same value at the end of a function as before: scalars of its outermost level, and pure inputs."""
    states = {present.symbol for present, _ in state_buffers(function)}
    inputs = {buffer.symbol for buffer in function.buffers if buffer.kind == "input"}
    return frozenset(inputs - states) | {node.symbol for node in function.body if isinstance(node, Let)}


def _lasts(value: Expr, lasting: frozenset[Symbol]) -> bool:
    if isinstance(value, Load):
        return value.buffer in lasting and value.index == Index()
    return isinstance(value, Literal) or (isinstance(value, Ref) and value.symbol in lasting)


def _with(commits: Iterable[Stmt], known: Mapping[Symbol, Expr]) -> Iterator[Stmt]:
    """The commits, with what is known of the scalars in their place."""
    for commit in commits:
        if isinstance(commit, Store) and isinstance(commit.value, Ref):
            yield replace(commit, value=known.get(commit.value.symbol, commit.value))
        else:
            yield commit


def _stores(body: Iterable[Stmt], buffer: Symbol) -> int:
    """How many statements may write the buffer, or take a pointer to it."""
    count = 0
    for statement in body:
        if isinstance(statement, Store):
            count += statement.buffer == buffer
        elif isinstance(statement, Call):
            count += any(symbol == buffer for symbol, _ in statement.buffers)
        elif isinstance(statement, Invoke):
            count += any(symbol == buffer for symbol, _ in (*statement.reads, *statement.writes))
        elif isinstance(statement, For):
            count += _stores(statement.body, buffer)
        elif isinstance(statement, If):
            count += _stores((*statement.then, *statement.orelse), buffer)
    return count


def _at_top(body: Iterable[Stmt], buffer: Symbol) -> bool:
    return any(isinstance(statement, Store) and statement.buffer == buffer for statement in body)


def _copy(state: Buffer, successor: Symbol, fresh: FreshSymbols) -> Stmt:
    """Write the work array over the state."""
    if state.size == 1:
        return Store(state.symbol, Index(), Load(successor, Index(), state.dtype))
    variable = fresh.symbol("i")
    index = Index(0, ((variable, 1),))
    value: Expr = Load(successor, index, state.dtype)
    return For(variable, 0, state.size, (Store(state.symbol, index, value),))
