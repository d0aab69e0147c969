"""Small arrays are scalars from where they are made to where they are stored, through systems of equations too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part
from arc_codegen.ir.loops import For, LoopFunction
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from arc_codegen.passes.smallness import choose_small
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_loops_agree
from strategies.graph_programs import arrays

F32 = DType.F32
GOALS = ("speed", "balanced")


def loops_of(graph: Graph, goal: Any, inputs: list[Any]) -> LoopFunction:
    """The loops of a program, which compute what it does."""
    options = Options(optimize=goal)
    function = lower_to_loops(optimise(graph, options, verify=True), options)
    verify_loops(function)
    assert_loops_agree(function, decide_bits(graph, options), inputs)
    return function


def has_loops(function: LoopFunction) -> bool:
    return any(isinstance(statement, For) for statement in function.body)


def work_arrays(function: LoopFunction) -> list[str]:
    return [buffer.symbol.hint for buffer in function.buffers if buffer.kind == "work"]


def rows_of_a_jacobian() -> Graph:
    """Two rows of eleven elements, put together from vectors of three and of five."""
    builder = GraphBuilder("f")
    x, y = builder.input("x", F32, (3,)), builder.input("y", F32, (3,))
    camera = builder.input("camera", F32, (5,))
    rows = []
    for fn in ("mul", "sub"):
        direction = builder.map("div", builder.map(fn, x, y), builder.reduce("add", builder.map("mul", x, y)))
        tail = builder.map("mul", camera, builder.view(direction, (), 1, ()))
        rows.append(builder.concatenate([direction, builder.map("neg", direction), tail]))
    return builder.finish([("jacobian", builder.concatenate(rows))])


@pytest.mark.parametrize("goal", GOALS)
def test_rows_are_stored_element_by_element(goal: str) -> None:
    rng = np.random.default_rng(0)
    inputs = [rng.standard_normal(n).astype(np.float32) for n in (3, 3, 5)]
    function = loops_of(rows_of_a_jacobian(), goal, inputs)
    assert goal == "balanced" or not has_loops(function)
    assert len(work_arrays(function)) <= (1 if goal == "balanced" else 0)


def correction(columns: int, kind: str = "solve") -> Graph:
    """``K = solve(S, C)`` of scalars, ``y = K.T @ r``, and K."""
    builder = GraphBuilder("f")
    x, r = builder.input("x", F32, (4,)), builder.input("r", F32, (3,))
    x0, x1, x2, x3 = (builder.view(x, (), k, ()) for k in range(4))
    product = builder.map("mul", x0, x1)
    number = builder.constant(4.0, F32)
    entries = [builder.map("add", x0, number), product, x2, product, builder.map("sub", x1, number), x3, x2, x3, number]
    matrix = builder.assemble(F32, (3, 3), [Part(value=v, target=AffineMap(k, ())) for k, v in enumerate(entries)])
    sides = [builder.map("mul", x3, entries[k % 7]) for k in range(3 * columns)]
    right = builder.assemble(F32, (3, columns), [Part(value=v, target=AffineMap(k, ())) for k, v in enumerate(sides)])
    if kind == "solve":
        gain = builder.solve(matrix, right)
    else:
        gain = builder.solve_triangular(matrix, right, upper=kind == "upper")
    moved = builder.matmul(builder.transpose(gain), r)
    return builder.finish([("moved", moved), ("gain", gain)])


@pytest.mark.parametrize("kind", ["solve", "lower", "upper"])
def test_systems_of_scalars_need_no_memory(kind: str) -> None:
    inputs = [np.array([0.5, -1.0, 2.0, 3.0], np.float32), np.array([1.0, 2.0, -3.0], np.float32)]
    function = loops_of(correction(6, kind), "speed", inputs)
    assert not has_loops(function)
    assert not work_arrays(function)


@given(
    columns=st.integers(1, 7),
    kind=st.sampled_from(["solve", "lower", "upper"]),
    goal=st.sampled_from(["speed", "balanced", "size"]),
    data=st.data(),
)
def test_systems_of_scalars_keep_their_bits(columns: int, kind: str, goal: Any, data: Any) -> None:
    inputs = [data.draw(arrays(F32, (4,))), data.draw(arrays(F32, (3,)))]
    with np.errstate(all="ignore"):
        loops_of(correction(columns, kind), goal, inputs)


def test_what_a_loop_reads_stays_an_array() -> None:
    builder = GraphBuilder("f")
    bias, x = builder.input("bias", F32, (16,)), builder.input("x", F32, (64, 16))
    negative = builder.map("neg", bias)
    total = builder.map("add", x, builder.broadcast(negative, (64, 16)))
    graph = builder.finish([("y", builder.map("tanh", total))])
    assert negative not in choose_small(graph, BY_GOAL["speed"])
