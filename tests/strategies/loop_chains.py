"""Random loop functions of the kind that passes over neighbouring loops are for: arrays made, read, summed, copied."""

from __future__ import annotations

from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
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
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from hypothesis import strategies as st
from strategies.graph_programs import Draw

F32 = DType.F32
RUNS = 4
"""Elements that a loop goes through, and of a slice of an array."""

_OPERATIONS = ["add", "mul", "sub", "div", "max", "exp"]


@st.composite
def loop_chains(draw: Draw) -> LoopFunction:
    """Several loops over slices of arrays, perhaps all of them in a loop."""
    return _Chain(draw).function()


class _Chain:
    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self.count = 0
        self.outer: Symbol | None = self.symbol("i") if draw(st.booleans()) else None
        self.x = Buffer(self.symbol("x"), F32, 8 * RUNS, "input", (8 * RUNS,))
        self.outputs = [Buffer(self.symbol(name), F32, 8 * RUNS, "output", (8 * RUNS,)) for name in "yz"]
        sizes = [draw(st.integers(1, 3)) * RUNS for _ in range(4)]
        self.works = [Buffer(self.symbol("w"), F32, size, "work", (size,)) for size in sizes]
        self.written: dict[Symbol, set[int]] = {work.symbol: set() for work in self.works}
        self.sums: list[Symbol] = []

    def symbol(self, hint: str) -> Symbol:
        self.count += 1
        return Symbol(self.count, hint)

    def function(self) -> LoopFunction:
        fill = [self._sweep(out, lambda at, out=out: Store(out.symbol, at, Literal(0.0, F32))) for out in self.outputs]
        body: list[Stmt] = []
        for _ in range(self.draw(st.integers(2, 8))):
            body.extend(self.draw(st.sampled_from([self._nest, self._nest, self._nest, self._sum, self._copy]))())
        if self.outer is not None:
            body = [For(self.outer, 0, 2, tuple(body))]
        made = LoopFunction("chain", (self.x, *self.outputs, *self.works), (*fill, *body))
        verify_loops(made)
        return made

    def _sweep(self, buffer: Buffer, store: object) -> For:
        variable = self.symbol("k")
        return For(variable, 0, buffer.size, (store(Index(0, ((variable, 1),))),))  # type: ignore[operator]

    def _element(self, variable: Symbol) -> Expr:
        """An element that there is: of the input, of an output, or of a slice that has been written."""
        places = [(self.x, k) for k in range(4)] + [(out, k) for out in self.outputs for k in range(4)]
        places += [(work, k) for work in self.works for k in sorted(self.written[work.symbol])] * 3
        buffer, part = self.draw(st.sampled_from(places))
        return Load(buffer.symbol, self._place(buffer, part, variable), F32)

    def _place(self, buffer: Buffer, part: int, variable: Symbol) -> Index:
        moves = self.outer is not None and buffer.kind != "work" and self.draw(st.booleans())
        outer = ((self.outer, 4 * RUNS),) if moves and self.outer is not None else ()
        return Index(part * RUNS, (*outer, (variable, 1)))

    def _value(self, variable: Symbol, scalars: list[Symbol]) -> Expr:
        def operand() -> Expr:
            if scalars and self.draw(st.booleans()):
                return Ref(self.draw(st.sampled_from(scalars)), F32)
            return self._element(variable)

        fn = self.draw(st.sampled_from(_OPERATIONS))
        return Op(fn, (operand(),) if fn == "exp" else (operand(), operand()), F32)

    def _nest(self) -> list[Stmt]:
        variable = self.symbol("j")
        scalars = list(self.sums)
        body: list[Stmt] = []
        made: list[tuple[Symbol, int]] = []
        for _ in range(self.draw(st.integers(1, 3))):
            value = self._value(variable, scalars)
            if self.draw(st.booleans()):
                scalars.append(self.symbol("t"))
                body.append(Let(scalars[-1], value))
                value = Ref(scalars[-1], F32)
            target = self.draw(st.sampled_from([*self.works, *self.works, *self.outputs]))
            part = self.draw(st.integers(0, min(4, target.size // RUNS) - 1))
            body.append(Store(target.symbol, self._place(target, part, variable), value))
            made.append((target.symbol, part))
        for symbol, part in made:
            self.written.get(symbol, set()).add(part)
        return [For(variable, 0, RUNS, tuple(body))]

    def _sum(self) -> list[Stmt]:
        variable, total = self.symbol("j"), self.symbol("s")
        step = Set(total, Op("add", (Ref(total, F32), self._element(variable)), F32))
        self.sums.append(total)
        return [Var(total, Literal(-0.0, F32)), For(variable, 0, RUNS, (step,))]

    def _copy(self) -> list[Stmt]:
        """All of a work array, to where it may be part of something."""
        whole = [work for work in self.works if len(self.written[work.symbol]) * RUNS == work.size]
        if not whole:
            return self._nest()
        source = self.draw(st.sampled_from(whole))
        target = self.draw(st.sampled_from([out for out in (*self.outputs, *self.works) if out.size >= source.size]))
        if target is source:
            return self._nest()
        variable = self.symbol("j")
        part = self.draw(st.integers(0, min(4 * RUNS, target.size) // RUNS - source.size // RUNS))
        place = self._place(target, part, variable)
        if target.symbol in self.written:
            self.written[target.symbol].update(range(part, part + source.size // RUNS))
        value = Load(source.symbol, Index(0, ((variable, 1),)), F32)
        return [For(variable, 0, source.size, (Store(target.symbol, place, value),))]
