"""Searches in small known tables are comparisons in the C code, and find what the runtime's search does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import c_harness
import numpy as np
import pytest
from arc_codegen.c.searches import halvings
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Intervals, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.kernels import find
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import searches
from arc_codegen.passes.pipeline import optimise
from hypothesis import given
from hypothesis import strategies as st
from strategies.lookup_programs import gains

GRIDS = [
    np.array([0.0, 0.0, 1.0, 1.0, 1.0, 2.0]),
    np.array([-np.inf, -1.0, -0.0, 0.0, 3.0, np.inf]),
    *(np.cumsum(np.random.default_rng(n).uniform(0.1, 1.0, n)) for n in (2, 3, 4, 5, 8, 12, 17, 18, 64, 65, 66)),
]


def places(grid: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    beside = [grid, np.nextafter(grid, np.inf), np.nextafter(grid, -np.inf)]
    return np.concatenate([*beside, [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300]])


@given(st.lists(st.floats(allow_nan=False), min_size=2, max_size=70), st.floats())
def test_steps_lead_to_the_interval(elements: list[float], place: float) -> None:
    grid = np.sort(elements)
    interval = 0
    for step in halvings(grid.size):
        interval += step if grid[interval + step] <= place else 0
    assert interval == find(grid, np.array(place))


def test_as_many_comparisons_as_doublings() -> None:
    assert [len(list(halvings(size))) for size in (2, 3, 4, 5, 6, 9, 10, 17, 18)] == [0, 1, 2, 2, 3, 3, 4, 4, 5]


def lookups(grid: np.ndarray[Any, Any]) -> Graph:
    builder = GraphBuilder("lookups")
    place = builder.input("place", DType.F64, places(grid).shape)
    table = builder.constant(np.arange(grid.size) ** 2.0)
    at = Intervals(places=(place,), grids=(builder.constant(grid),), strides=(1,), offset=0)
    return builder.finish([("y", builder.lookup(table, at))])


@pytest.mark.parametrize("goal", sorted(BY_GOAL))
@pytest.mark.parametrize("number", range(len(GRIDS)))
def test_c_reads_what_the_interpreter_does(tmp_path: Path, goal: str, number: int) -> None:
    grid = GRIDS[number]
    graph = lookups(grid)
    options = Options(optimize=goal)  # type: ignore[arg-type]
    generated = generate(Module("lookups", (graph,)), options)
    cost, alone = BY_GOAL[goal], searches(optimise(graph, options)) == 1  # few places are searched for one by one
    written = 2 < grid.size <= (cost.searched_once if alone else cost.searched)
    assert ("arc_find" in generated.source) != written
    c_harness.warning_free(generated, tmp_path / "plain", compilers=("gcc",))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, "gcc", "-O2"))
    (got,) = library.call("lookups", [places(grid)])
    (expected,) = interpret(graph, [places(grid)])
    c_harness.assert_same_bits(got, expected, goal)


def test_what_does_not_ascend_is_left_to_the_runtime() -> None:
    graph = lookups(np.array([5.0, 1.0, 3.0, 2.0, 4.0]))
    assert "arc_find" in generate(Module("lookups", (graph,)), Options(optimize="speed")).source


def test_one_table_and_one_pointer(tmp_path: Path) -> None:
    graph = gains(3)
    generated = generate(Module("gains", (graph,)), Options(optimize="speed"))
    assert generated.source.count("ARC_TABLE static const float") == 1
    assert "at = &at[5];" in generated.source
    c_harness.warning_free(generated, tmp_path / "plain", compilers=("gcc",))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, "gcc", "-O2"))
    for place in (-1.0, 0.0, 3.5, 10.0, 11.0, 99.0, np.nan):
        got = library.call("gains", [np.array(place, np.float32)])
        for one, other in zip(got, interpret(graph, [np.array(place, np.float32)]), strict=True):
            c_harness.assert_same_bits(one, other, str(place))
