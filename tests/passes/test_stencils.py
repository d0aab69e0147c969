"""Stencils: what neighbouring runs share goes through scalars, in strips; the bits stay."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import leaves, own_expressions, walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import For, LoopFunction, Op, Set, Var
from arc_codegen.ir.loops import Load as Element
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loops.carrying import carry_values
from arc_codegen.passes.loops.pipeline import LOOP_PIPELINE
from arc_codegen.passes.loops.strips import cut_strips
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_loops_agree
from strategies.stencils import stencils

SPECIAL = [0.0, -0.0, 1.0, -1.5, 2.5, 1e300, np.inf, np.nan]
PLAIN = frozenset(step.name for step in LOOP_PIPELINE)


@given(stencils(), st.sampled_from(sorted(BY_GOAL)), st.sets(st.sampled_from(sorted(PLAIN)), max_size=3))
def test_bits_are_kept(program: tuple[Graph, list[NDArray[Any]]], goal: str, left_out: set[str]) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options(optimize=goal), without=frozenset(left_out))  # type: ignore[arg-type]
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


@given(stencils(), st.integers(2, 6), st.integers(1, 3), st.booleans())
def test_strips_and_carried_values_of_any_size(
    program: tuple[Graph, list[NDArray[Any]]], columns: int, rows: int, loads: bool
) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options(), without=PLAIN)
    function = cut_strips(function, columns=columns, rows=rows, statements=100)
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)
    function = carry_values(function, most=40, loads=loads)
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


def differences(count: int) -> LoopFunction:
    """``y[i] = (x[i + 1] - x[i]) * c - (x[i] - x[i - 1]) * c``."""
    builder = GraphBuilder("f")
    x, c = builder.input("x", DType.F32, (count + 2,)), builder.input("c", DType.F32)
    left, middle, right = (builder.view(x, (count,), k, (1,)) for k in range(3))
    up = builder.map("mul", builder.map("sub", right, middle), c)
    down = builder.map("mul", builder.map("sub", middle, left), c)
    return lower_to_loops(builder.finish([("y", builder.map("sub", up, down))]), Options(), without=PLAIN)


def _operations(loop: For) -> int:
    pending = [expression for statement in loop.body for expression in own_expressions(statement)]
    total = 0
    while pending:
        current = pending.pop()
        if isinstance(current, Op):
            total += 1
            pending.extend(current.args)
    return total


def test_a_difference_is_computed_once() -> None:
    first, loop = carry_values(differences(100), most=4, loads=False).body
    assert isinstance(first, Var)
    assert isinstance(loop, For)
    assert isinstance(loop.body[-1], Set)
    assert _operations(loop) == 3


def test_elements_are_loaded_once() -> None:
    *_, loop = carry_values(differences(100), most=4, loads=True).body
    assert isinstance(loop, For)
    loads = [e for s in loop.body for x in own_expressions(s) for e in leaves(x) if isinstance(e, Element)]
    assert len({load.index for load in loads if load.index.terms}) == 1


def test_no_more_values_are_carried_than_allowed() -> None:
    function = differences(100)
    assert carry_values(function, most=1, loads=True) == function


def test_rows_that_share_nothing_stay_rows() -> None:
    builder = GraphBuilder("f")
    u = builder.input("u", DType.F32, (10, 12))
    inner = builder.view(u, (10, 10), 1, (12, 1))
    function = lower_to_loops(builder.finish([("y", builder.map("mul", inner, inner))]), Options(), without=PLAIN)
    assert cut_strips(function, columns=5, rows=2, statements=40) == function


def test_a_strip_goes_down_the_rows() -> None:
    builder = GraphBuilder("f")
    u = builder.input("u", DType.F32, (11, 12))
    above, below = (builder.view(u, (10, 10), 12 * k, (12, 1)) for k in range(2))
    y = builder.map("sub", builder.map("mul", below, below), builder.map("mul", above, above))
    function = lower_to_loops(builder.finish([("y", y)]), Options(), without=PLAIN)
    cut = cut_strips(function, columns=5, rows=2, statements=40)
    (columns,) = cut.body
    assert isinstance(columns, For)
    (rows,) = columns.body
    assert isinstance(rows, For)
    assert (columns.stop, rows.stop, len(rows.body)) == (2, 5, 10)
    squares = carry_values(cut, most=16, loads=True)
    innermost = [s for s in walk_statements(squares.body) if isinstance(s, For)][-1]
    assert _operations(innermost) == 20  # a square and a difference each
