"""Tables that are read at one interval are pooled, and searches move pointers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import Find, LoopFunction
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.lookup_programs import gains
from strategies.shared_lookups import lookups

POINTS = 4


def pointers(function: LoopFunction) -> list[bool]:
    return [s.pointer for s in walk_statements(function.body) if isinstance(s, Find) and s.written]


@given(lookups(), st.lists(st.floats(-2.0, 8.0) | st.just(float("nan")), min_size=2, max_size=2))
def test_pools_change_no_bit(program: tuple[Graph, bool], places: list[float]) -> None:
    graph, shared = program
    arrays = [np.array(place) for place in places]
    options = Options(optimize="speed")
    pooled = lower_to_loops(graph, options)
    apart = lower_to_loops(graph, options, without=frozenset({"pool-tables"}))
    verify_loops(pooled)
    assert not any(pointers(apart))
    if not shared:
        assert any(pointers(pooled)), "the pass does something"
    expected = interpret(graph, arrays)
    assert_bits_equal(interpret_loops(pooled, arrays), expected)
    assert_bits_equal(interpret_loops(apart, arrays), expected)


def test_a_pool_ends_where_offsets_do() -> None:
    functions: list[Any] = [lower_to_loops(gains(count), Options(optimize="speed")) for count in (20, 21)]
    assert [pointers(function) for function in functions] == [[True], [False]]


@pytest.mark.parametrize("goal", ["size", "balanced", "speed"])
def test_all_goals_read_the_same(goal: Any) -> None:
    graph = gains(2)
    place = [np.array(4.25, np.float32)]
    assert_bits_equal(interpret_loops(lower_to_loops(graph, Options(optimize=goal)), place), interpret(graph, place))
