"""Elements that nobody reads are not computed."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import (
    Buffer,
    For,
    Index,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Set,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loopgen import lower_to_loops
from arc_codegen.passes.loops.substitute import Substitution
from arc_codegen.passes.loops.unread import drop_unread
from hypothesis import given
from hypothesis import strategies as st
from strategies.graph_programs import assert_bits_equal, programs

F64 = DType.F64
X, Y, W, V, T, K, J, S, R = (Symbol(k, name) for k, name in enumerate("xywvtijsr"))
SIZE = 12


@st.composite
def functions(draw: st.DrawFn) -> LoopFunction:
    """Loops over elements of two work arrays, which are added to, copied and read here and there."""

    def index(size: int, inside: bool) -> Index:
        if not inside:
            return Index(draw(st.integers(0, size - 1)))
        if draw(st.integers(0, 4)) == 0 and size == SIZE:
            return Index(0, (), ((T, Index(0, ((K, 1),)), 1),))
        step = draw(st.integers(0, 3))
        return Index(draw(st.integers(0, size - 1 - 3 * step)), ((K, step),) if step else ())

    def load(inside: bool) -> Load:
        buffer, size = draw(st.sampled_from([(X, SIZE), (W, SIZE), (V, SIZE)]))
        return Load(buffer, index(size, inside), F64)

    def store(inside: bool) -> Store:
        buffer = draw(st.sampled_from([W, V, W, V, Y]))
        place = index(4 if buffer is Y else SIZE, inside and buffer is not Y)
        value: Any = load(inside)
        if draw(st.booleans()):
            value = Op("add", (Load(buffer, place, F64), value), F64)
        return Store(buffer, place, value)

    body: list[Any] = [For(J, 0, SIZE, (Store(buffer, Index(0, ((J, 1),)), Literal(0.0, F64)),)) for buffer in (W, V)]
    body.append(For(J, 0, 4, (Store(Y, Index(0, ((J, 1),)), Literal(0.0, F64)),)))
    sums = 0
    for _ in range(draw(st.integers(1, 6))):
        if draw(st.booleans()):
            body.append(store(False))
            continue
        inner: list[Any] = [store(True) for _ in range(draw(st.integers(1, 3)))]
        if draw(st.booleans()):
            total = Symbol(100 + sums, "sum")
            sums += 1
            body.append(Var(total, Literal(0.0, F64)))
            inner.append(Set(total, Op("add", (Ref(total, F64), load(True)), F64)))
            body.append(For(K, 0, 4, tuple(inner)))
            body.append(Store(draw(st.sampled_from([W, V])), Index(draw(st.integers(0, SIZE - 1))), Ref(total, F64)))
        else:
            body.append(For(K, 0, 4, tuple(inner)))
    table = Buffer(
        T, DType.I32, 4, "const", (4,), tuple(draw(st.lists(st.integers(0, SIZE - 1), min_size=4, max_size=4)))
    )
    buffers = (
        Buffer(X, F64, SIZE, "input", (SIZE,)),
        Buffer(Y, F64, 4, "output", (4,)),
        Buffer(W, F64, SIZE, "work", (SIZE,)),
        Buffer(V, F64, SIZE, "work", (SIZE,)),
        table,
    )
    return LoopFunction("f", buffers, _renamed(body))


def _renamed(body: list[Any]) -> tuple[Any, ...]:
    """Each loop with a variable of its own, as the verifier wants it."""
    found: list[Any] = []
    for number, statement in enumerate(body):
        if isinstance(statement, For):
            new = Symbol(1000 + number, statement.var.hint)
            found += Substitution({statement.var: (new, 1, 0)}, {statement.var: new}).body((statement,))
        else:
            found.append(statement)
    return tuple(found)


@given(functions(), st.integers(0, 2**32 - 1))
def test_no_bit_of_a_result_changes(function: LoopFunction, seed: int) -> None:
    verify_loops(function)
    changed = drop_unread(function)
    verify_loops(changed)
    x = [np.random.default_rng(seed).normal(size=SIZE)]
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(function, x))


@given(programs(max_steps=12))
def test_random_programs_keep_their_bits(program: Any) -> None:
    graph, inputs = program
    without = lower_to_loops(graph, Options(), without=frozenset({"drop-unread"}))
    changed = drop_unread(without)
    verify_loops(changed)
    assert_bits_equal(interpret_loops(changed, inputs), interpret_loops(without, inputs))


def test_a_chain_that_ends_in_an_unread_element_goes() -> None:
    """w[5] is read by nobody but v[2], which is read by nobody; so the sum that it holds goes as well."""
    body = (
        Var(S, Literal(0.0, F64)),
        Var(R, Literal(0.0, F64)),
        For(
            K,
            0,
            SIZE,
            (
                Set(S, Op("add", (Ref(S, F64), Load(X, Index(0, ((K, 1),)), F64)), F64)),
                Set(R, Op("add", (Ref(R, F64), Load(X, Index(0, ((K, 1),)), F64)), F64)),
            ),
        ),
        Store(W, Index(5), Ref(S, F64)),
        Store(W, Index(6), Ref(R, F64)),
        Store(V, Index(2), Literal(0.0, F64)),
        Store(V, Index(2), Op("add", (Load(V, Index(2), F64), Load(W, Index(5), F64)), F64)),
        Store(Y, Index(0), Load(W, Index(6), F64)),
    )
    buffers = (
        Buffer(X, F64, SIZE, "input", (SIZE,)),
        Buffer(Y, F64, 1, "output", (1,)),
        Buffer(W, F64, SIZE, "work", (SIZE,)),
        Buffer(V, F64, SIZE, "work", (SIZE,)),
    )
    function = LoopFunction("f", buffers, body)
    verify_loops(function)
    changed = drop_unread(function)
    stored = [s for s in walk_statements(changed.body) if isinstance(s, Store)]
    assert [(s.buffer, s.index.offset) for s in stored] == [(W, 6), (Y, 0)]
    assert not any(isinstance(s, (Var, Set)) and s.symbol is S for s in walk_statements(changed.body))
