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
    Var,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loops.unread import drop_unread
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.element_programs import SIZE, K, R, S, V, W, X, Y, functions
from strategies.graph_programs import programs

F64 = DType.F64


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
