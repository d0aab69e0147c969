"""Straight-line code that is longer than C compilers take well becomes a row of local functions.

What a C compiler does to one function takes time that grows faster than the function (GCC 12 -O2 for Cortex-M4F: 1.9 s
for 12,500 operations, 146 s for 100,000), so long bodies are cut into parts, each a static function. Cuts are made
where few scalars are alive. A scalar that crosses a cut waits in a work array, in a place that is free again once the
last part has read it. What is as easily read again, elements of inputs and literals, does not wait.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arc_codegen.ir.loops import Buffer, Find, For, If, LocalFunction, LoopFunction, Stmt, Symbol, Var
from arc_codegen.ir.state_buffers import state_buffers
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.crossings import Crossings
from arc_codegen.passes.loops.cuts import cut
from arc_codegen.passes.loops.lives import find_lives
from arc_codegen.passes.loops.outline import Surroundings, outlined
from arc_codegen.passes.loops.statement_size import shortened, weight

_LEAST = 16
"""Statements of fewer operations are not worth a function; they stay between those that cannot be in one."""


def split_functions(function: LoopFunction, *, longest: int, part: int) -> LoopFunction:
    """The function with long bodies cut into parts.

    Parameters
    ----------
    function : LoopFunction
    longest : int
        A function of up to this many operations, loads and stores stays in one piece.
    part : int
        About so many of them make a part.
    """
    if sum(map(weight, function.body)) <= longest:
        return function
    buffers = {buffer.symbol: buffer for buffer in function.buffers}
    present = {state.symbol for state, _ in state_buffers(function)}
    unwritten = frozenset(s for s, b in buffers.items() if b.kind in ("input", "const") and s not in present)
    splitting = _Splitting(function.name, buffers, unwritten, FreshSymbols(function), longest, part)
    body = splitting.body(function.body, {}, {})
    return replace(
        function, body=body, buffers=tuple(splitting.buffers.values()), locals=(*function.locals, *splitting.parts)
    )


@dataclass(slots=True)
class _Splitting:
    """Cuts the bodies of one function, inner ones first."""

    name: str
    buffers: dict[Symbol, Buffer]
    unwritten: frozenset[Symbol]
    fresh: FreshSymbols
    longest: int
    part: int
    parts: list[LocalFunction] = field(default_factory=list)

    def body(
        self, body: tuple[Stmt, ...], ranges: Mapping[Symbol, tuple[int, int]], variables: Mapping[Symbol, DType]
    ) -> tuple[Stmt, ...]:
        """The statements of a body, cut; ``ranges`` and ``variables``: indices and mutable scalars around it."""
        if sum(map(weight, body)) <= self.longest:
            return body
        body = self._inner_bodies(body, ranges, variables)
        if sum(map(weight, body)) <= self.longest:
            return body
        body = tuple(piece for statement in body for piece in shortened(statement, self.part // 4, self.fresh))
        lives = find_lives(body, self.unwritten)
        pieces = cut(body, lives, self.part)
        crossings = Crossings(body, pieces, lives, self.fresh)
        self.buffers |= {buffer.symbol: buffer for buffer in crossings.arrays}
        around = Surroundings(self.buffers, ranges, variables, self.fresh)
        out: list[Stmt] = []
        for piece in pieces:
            size = sum(map(weight, body[piece.start : piece.stop]))
            if not piece.local or size < _LEAST:
                out.extend(crossings.in_place(piece))
                continue
            statements = crossings.apart(piece)
            number = len(self.parts) + 1
            local, call = outlined(statements, (), around, hint=f"part{number}", doc=f"Part {number} of {self.name}.")
            self.parts.append(local)
            out.extend(call)
        return tuple(out)

    def _inner_bodies(
        self, body: tuple[Stmt, ...], ranges: Mapping[Symbol, tuple[int, int]], variables: Mapping[Symbol, DType]
    ) -> tuple[Stmt, ...]:
        inside, mutable = dict(ranges), dict(variables)
        out: list[Stmt] = []
        for statement in body:
            match statement:
                case For():
                    around = {**inside, statement.var: (statement.start, statement.stop)}
                    statement = replace(statement, body=self.body(statement.body, around, mutable))  # noqa: PLW2901 - its parts changed
                case If():
                    sides = [self.body(side, inside, mutable) for side in (statement.then, statement.orelse)]
                    statement = If(statement.condition, *sides)  # noqa: PLW2901 - its parts changed
                case Find():
                    inside[statement.symbol] = (0, statement.size - 1)
                case Var():
                    mutable[statement.symbol] = statement.value.dtype
            out.append(statement)
        return tuple(out)
