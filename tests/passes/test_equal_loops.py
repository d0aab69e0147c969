"""Equal loops become functions: the bits stay, and what may overlap stays where it is."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.generate import emit_loops
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    LoopModule,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.repeats import outline_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from sweeps import examples

F32 = DType.F32
X, Y, Z, W, N, T, K = (Symbol(k, hint) for k, hint in enumerate(["x", "y", "z", "w", "n", "t", "k"]))
SIZE = 96
BUFFERS = (
    Buffer(X, F32, SIZE, "input", (SIZE,)),
    Buffer(N, F32, 1, "input", ()),
    Buffer(Y, F32, SIZE, "output", (SIZE,)),
    Buffer(Z, F32, SIZE, "output", (SIZE,)),
    Buffer(W, F32, SIZE, "work", (SIZE,)),
)
ALWAYS = {"octets": -(10**6), "share": 1e9}


def function(*body: Stmt) -> LoopFunction:
    cleared = For(K, 0, SIZE, tuple(Store(b, Index(0, ((K, 1),)), Literal(0.5, F32)) for b in (Y, Z, W)))
    made = LoopFunction("f", BUFFERS, (cleared, Let(T, Load(N, Index(), F32)), *body))
    verify_loops(made)
    return made


def op(fn: str, *args: Expr) -> Op:
    return Op(fn, args, F32)


def calls(made: LoopFunction) -> list[Invoke]:
    return [statement for statement in walk_statements(made.body) if isinstance(statement, Invoke)]


def check(before: LoopFunction, after: LoopFunction) -> None:
    verify_loops(after)
    numbers = np.random.default_rng(0)
    inputs = [numbers.normal(size=SIZE).astype(np.float32), np.float32(0.75)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))
    emit_loops(LoopModule("f", (after,)), Options())


class Sums:
    """Loops ``for i: s = c; for j: s += a[p i + q j + r] * b[j + u]; d[i + v] = s * e``."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 100

    def symbol(self, hint: str) -> Symbol:
        self.count += 1
        return Symbol(self.count, hint)

    def loop(self, runs: int, terms: int, strides: tuple[int, int], outer: Symbol | None) -> For:
        i, j, s = self.symbol("i"), self.symbol("j"), self.symbol("s")
        moving = ((outer, self.draw(st.integers(0, 2))),) if outer is not None else ()

        def at(buffer: Symbol, *own: tuple[Symbol, int]) -> tuple[Symbol, Index]:
            index = Index(self.draw(st.integers(4, 40)), (*own, *(term for term in moving if term[1])))
            return buffer, index

        def load(*own: tuple[Symbol, int]) -> Load:
            return Load(*at(self.draw(st.sampled_from([X, Y, Z, W])), *own), F32)

        start = Literal(self.draw(st.sampled_from([-0.0, 0.0, 1.0])), F32)
        product = op("mul", load((i, strides[0]), (j, strides[1])), load((j, 1)))
        scale = self.draw(st.sampled_from([Literal(2.0, F32), Literal(0.25, F32), Ref(T, F32), Load(N, Index(), F32)]))
        body = (
            Var(s, start),
            For(j, 0, terms, (Set(s, op("add", Ref(s, F32), product)),)),
            Store(*at(self.draw(st.sampled_from([Y, Z, W])), (i, 1)), op("mul", Ref(s, F32), scale)),
        )
        return For(i, 0, runs, body)


@st.composite
def sums(draw: Any) -> LoopFunction:
    program = Sums(draw)
    runs, terms = draw(st.integers(2, 4)), draw(st.integers(2, 4))
    strides = draw(st.sampled_from([(4, 1), (1, 4), (2, 1), (3, -1)]))
    body: list[Stmt] = [program.loop(runs, terms, strides, None) for _ in range(draw(st.integers(2, 5)))]
    if draw(st.booleans()):
        outer = program.symbol("k")
        inside = [program.loop(runs, terms, strides, outer) for _ in range(draw(st.integers(1, 3)))]
        body.append(For(outer, 0, 3, tuple(inside)))
    return function(*body)


@settings(max_examples=examples(150))
@given(sums())
def test_functions_keep_the_bits(before: LoopFunction) -> None:
    after = outline_loops(before, **ALWAYS)  # type: ignore[arg-type]
    check(before, after)


def scaled(number: int, source: Symbol, target: Symbol, first: int, factor: float) -> For:
    i = Symbol(1000 + number, "i")
    load = Load(source, Index(first, ((i, 1),)), F32)
    return For(i, 0, 8, (Store(target, Index(first, ((i, 1),)), op("mul", load, Literal(factor, F32))),))


def test_arrays_constants_and_places_are_given() -> None:
    before = function(
        scaled(0, X, Y, 0, 2.0), scaled(1, Y, Z, 8, 3.0), scaled(2, X, W, 4, 2.0), scaled(3, W, Y, 4, 2.0)
    )
    after = outline_loops(before, **ALWAYS)  # type: ignore[arg-type]
    check(before, after)
    (local,) = after.locals
    assert len(calls(after)) == 4
    assert [buffer.size for buffer in local.buffers] == [8, 8]
    assert [call.values for call in calls(after)] == [(Literal(c, F32),) for c in (2.0, 3.0, 2.0, 2.0)]
    assert [call.reads[0] for call in calls(after)][1] == (Y, Index(8))


def test_what_is_written_may_not_overlap_with_what_else_is_given() -> None:
    i, j = Symbol(2000, "i"), Symbol(2001, "j")
    shifted = For(i, 0, 8, (Store(Y, Index(1, ((i, 1),)), op("neg", Load(Y, Index(0, ((i, 1),)), F32))),))
    other = For(j, 0, 8, (Store(Z, Index(1, ((j, 1),)), op("neg", Load(X, Index(0, ((j, 1),)), F32))),))
    before = function(shifted, other)
    assert outline_loops(before, **ALWAYS) is before  # type: ignore[arg-type]


def test_in_place_is_one_array() -> None:
    before = function(scaled(0, Y, Y, 0, 2.0), scaled(1, Z, Z, 3, 2.0))
    after = outline_loops(before, **ALWAYS)  # type: ignore[arg-type]
    check(before, after)
    assert [len(call.reads) + len(call.writes) for call in calls(after)] == [1, 1]


def test_little_is_left_alone() -> None:
    before = function(scaled(0, X, Y, 0, 2.0), scaled(1, X, Z, 0, 2.0))
    assert outline_loops(before, octets=40, share=1.0) is before
    assert outline_loops(before, octets=-100, share=0.01) is before
