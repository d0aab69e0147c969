"""Elements that a loop has filled or copied are not read back."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import Buffer, For, Index, Literal, Load, LoopFunction, Op, Store
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loops.known_elements import read_known_elements
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.element_programs import F64, SIZE, J, K, V, W, X, Y, functions
from strategies.graph_programs import programs


def _with(*body: Any) -> LoopFunction:
    buffers = (
        Buffer(X, F64, SIZE, "input", (SIZE,)),
        Buffer(Y, F64, 4, "output", (4,)),
        Buffer(W, F64, SIZE, "work", (SIZE,)),
        Buffer(V, F64, SIZE, "work", (SIZE,)),
    )
    return LoopFunction("f", buffers, body)


def _loads(function: LoopFunction) -> list[Any]:
    return [s.value for s in function.body if isinstance(s, Store)]


FILL = For(J, 0, SIZE, (Store(V, Index(0, ((J, 1),)), Literal(0.0, F64)),))
COPY = For(K, 0, 4, (Store(W, Index(1, ((K, 2),)), Load(V, Index(3, ((K, 1),)), F64)),))


@given(functions(), st.integers(0, 2**32 - 1))
def test_no_bit_of_a_result_changes(function: LoopFunction, seed: int) -> None:
    changed = read_known_elements(function)
    verify_loops(changed)
    x = [np.random.default_rng(seed).normal(size=SIZE)]
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(function, x))


@given(programs(max_steps=12))
def test_random_programs_keep_their_bits(program: Any) -> None:
    graph, inputs = program
    without = lower_to_loops(graph, Options(), without=frozenset({"read-known-elements"}))
    changed = read_known_elements(without)
    verify_loops(changed)
    assert_bits_equal(interpret_loops(changed, inputs), interpret_loops(without, inputs))


def test_a_copied_element_is_read_where_it_came_from() -> None:
    changed = read_known_elements(_with(COPY, Store(Y, Index(0), Load(W, Index(5), F64))))
    assert _loads(changed) == [Load(V, Index(5), F64)]


def test_a_place_between_the_copies_is_read_as_it_was() -> None:
    read = Store(Y, Index(0), Load(W, Index(4), F64))
    assert read_known_elements(_with(COPY, read)).body == (COPY, read)


def test_a_sum_begins_with_the_constant_and_goes_on_from_memory() -> None:
    more = Store(V, Index(2), Op("add", (Load(V, Index(2), F64), Load(X, Index(0), F64)), F64))
    first, second = _loads(read_known_elements(_with(FILL, more, more)))
    assert first.args[0] == Literal(0.0, F64)
    assert second == more.value


def test_a_source_that_has_changed_is_not_read_for_its_copy() -> None:
    change = Store(V, Index(5), Literal(1.0, F64))
    read = Store(Y, Index(0), Load(W, Index(5), F64))
    assert read_known_elements(_with(COPY, change, read)).body == (COPY, change, read)


def test_nothing_is_known_in_a_loop_that_changes_the_array() -> None:
    sums = For(K, 0, 4, (Store(V, Index(2), Op("add", (Load(V, Index(2), F64), Load(X, Index(0), F64)), F64)),))
    changed = read_known_elements(_with(FILL, sums))
    assert any(isinstance(s, Store) and s == sums.body[0] for s in walk_statements(changed.body))
