"""Tables that are read at one interval are pooled, and searches move pointers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph, Intervals
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import Find, LoopFunction
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loopgen import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.graph_programs import assert_bits_equal
from strategies.lookup_programs import gains

POINTS = 4


@st.composite
def lookups(draw: st.DrawFn) -> tuple[Graph, bool]:
    """Tables on one or two grids, read at one or two numbers; some at two grids at once, which no pointer can."""
    numbers = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    builder = GraphBuilder("lookups")
    places = [builder.input(f"place{k}", DType.F64, ()) for k in range(2)]
    sizes = draw(st.lists(st.integers(3, 9), min_size=1, max_size=2))
    grids = [builder.constant(np.cumsum(numbers.uniform(0.1, 1.0, size)) - 1.0) for size in sizes]
    results = []
    shared = False
    for k in range(draw(st.integers(1, 5))):
        which, place = draw(st.integers(0, len(sizes) - 1)), draw(st.sampled_from(places))
        if draw(st.integers(0, 5)) == 0:
            both = tuple(places[:1] + places[1:])
            table = builder.constant(numbers.uniform(-1.0, 1.0, sizes[0] * sizes[-1]))
            at = Intervals(places=both, grids=(grids[0], grids[-1]), strides=(sizes[-1], 1), offset=0)
            shared = True
        else:
            table = builder.constant(numbers.uniform(-1.0, 1.0, sizes[which] + draw(st.integers(0, 2))))
            at = Intervals(places=(place,), grids=(grids[which],), strides=(1,), offset=draw(st.integers(0, 1)))
        results.append((f"y{k}", builder.lookup(table, at)))
    return builder.finish(results), shared


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
