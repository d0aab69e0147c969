"""Random parts of a loop function taken out into local functions."""

from __future__ import annotations

from dataclasses import replace

from arc_codegen.ir.expressions import defined_symbols
from arc_codegen.ir.loops import Find, For, Invoke, Let, LoopFunction, Stmt, Symbol, Var
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import effects
from arc_codegen.passes.loops.outline import Surroundings, can_be_local, outlined
from hypothesis import strategies as st
from strategies.graph_programs import Draw


@st.composite
def with_local_functions(draw: Draw, function: LoopFunction) -> LoopFunction:
    """The function with parts of its body, and of the body of a loop, in local functions; some call others."""
    for _ in range(draw(st.integers(1, 3))):
        loops = [k for k, statement in enumerate(function.body) if isinstance(statement, For)]
        inside = draw(st.sampled_from([None, *loops]))
        function = _outlined_part(draw, function, inside)
    return function


def _outlined_part(draw: Draw, function: LoopFunction, inside: int | None) -> LoopFunction:
    loop = None if inside is None else function.body[inside]
    body = loop.body if isinstance(loop, For) else function.body
    before = () if inside is None else function.body[:inside]
    runs = _outlinable(body)
    if not runs:
        return function
    low, high = draw(st.sampled_from(runs))
    start = draw(st.integers(low, high - 1))
    stop = draw(st.integers(start + 1, high))
    found = {s.symbol for s in body[start:stop] if isinstance(s, Find)}
    later = {symbol for statement in body[stop:] for symbol in effects(statement).read | effects(statement).written}
    if found & later:
        return function
    live = {symbol for s in body[start:stop] for symbol in defined_symbols(s) if isinstance(s, (Let, Var, Invoke))}
    around = Surroundings(
        {buffer.symbol: buffer for buffer in function.buffers},
        _ranges((*before, *body[:start]), loop),
        _variables((*before, *body[:start])),
        FreshSymbols(function),
    )
    local, call = outlined(body[start:stop], live & later, around, hint="part", doc="A part.")
    body = (*body[:start], *call, *body[stop:])
    if isinstance(loop, For) and inside is not None:
        body = (*function.body[:inside], replace(loop, body=body), *function.body[inside + 1 :])
    return replace(function, body=body, locals=(*function.locals, local))


def _outlinable(body: tuple[Stmt, ...]) -> list[tuple[int, int]]:
    """Where statements stand in a row that may be local."""
    runs, start = [], 0
    for position, statement in enumerate(body):
        if not can_be_local(statement):
            runs.append((start, position))
            start = position + 1
    return [(low, high) for low, high in [*runs, (start, len(body))] if low < high]


def _ranges(statements: tuple[Stmt, ...], loop: Stmt | None) -> dict[Symbol, tuple[int, int]]:
    ranges = {s.symbol: (0, s.size - 1) for s in statements if isinstance(s, Find)}
    return ranges | ({loop.var: (loop.start, loop.stop)} if isinstance(loop, For) else {})


def _variables(statements: tuple[Stmt, ...]) -> dict[Symbol, DType]:
    return {s.symbol: s.value.dtype for s in statements if isinstance(s, Var)}
