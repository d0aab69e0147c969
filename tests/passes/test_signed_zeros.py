"""Values that are never -0.0: what is said of them is true, and zeros added to them go."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Graph, Loop, Map, Output, Part, Result
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import PIPELINE, optimise
from arc_codegen.passes.signed_zeros import drop_added_zeros, never_minus_zero
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs

WIDTH = 40
DECIDING = frozenset(step.name for step in PIPELINE if step.decides)
SPECIAL = [0.0, -0.0, 1.0, -1.5, 1e-30, -1e-30, np.inf, -np.inf, np.nan]


@given(programs(max_steps=20))
def test_what_is_said_is_true(program: tuple[Graph, list[NDArray[Any]]]) -> None:
    graph, inputs = program
    said = [value for value in sorted(never_minus_zero(graph)) if not isinstance(graph.nodes[value], Loop)]
    shown = replace(graph, outputs=tuple(Output(f"v{value}", value) for value in said))
    for value, array in zip(said, interpret(shown, inputs), strict=True):
        if array.dtype.kind == "f":
            assert not (np.signbit(array) & (array == 0)).any(), graph.nodes[value]


def accumulating(parts: int, *, start: float) -> Graph:
    """A loop that adds rows, padded, to what it carries, as the adjoint of a scan over a model's slices does."""
    width, runs = WIDTH, 4
    kind = TensorType(DType.F32, (parts * width,))
    inner = GraphBuilder("body")
    carry = inner.input("total", DType.F32, kind.shape)
    row = inner.input("row", DType.F32, (width,))
    zero = inner.constant(0.0, DType.F32)
    pieces = []
    for k in range(parts):
        value = inner.map("mul", row, inner.constant(float(k + 1), DType.F32))
        pieces.append(Part(value=inner.map("add", value, zero), target=AffineMap(k * width, (1,))))
    padded = inner.add(Assemble(type=kind, parts=tuple(pieces)))
    body = inner.finish([("total", inner.map("add", carry, padded))])
    builder = GraphBuilder("f")
    rows = builder.input("rows", DType.F32, (runs, width))
    first = builder.broadcast(builder.constant(start, DType.F32), kind.shape)
    loop = builder.add(
        Loop(type=TensorType(DType.F32, (0,)), body=body, length=runs, carries=(first,), elements=(rows,))
    )
    return builder.finish([("y", builder.add(Result(type=kind, loop=loop, index=0)))])


def rows_of(draw: Any) -> NDArray[Any]:
    return np.resize(np.array([draw(st.sampled_from(SPECIAL)) for _ in range(13)], np.float32), (4, WIDTH))


@given(st.data(), st.sampled_from([0.0, -0.0, 1.0]), st.integers(1, 6))
def test_carries_keep_their_bits(data: Any, start: float, parts: int) -> None:
    graph, inputs = accumulating(parts, start=start), [rows_of(data.draw)]
    changed = drop_added_zeros(graph)
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))
    options = Options()
    changed = optimise(graph, options, without=DECIDING, verify=True)
    assert_loops_agree(lower_to_loops(changed, options), graph, inputs)


def _zeros_added(start: float) -> int:
    graph = optimise(accumulating(2, start=start), Options(), without=frozenset({"scalarise"}))
    (loop,) = [node for node in graph.nodes if isinstance(node, Loop)]
    zeros = [value for value, node in enumerate(loop.body.nodes) if isinstance(node, Constant) and not any(node.data)]
    return sum(isinstance(node, Map) and not set(zeros).isdisjoint(node.args) for node in loop.body.nodes)


def test_what_starts_from_zero_and_is_added_to_needs_no_zeros() -> None:
    assert _zeros_added(0.0) == 0
    assert _zeros_added(-0.0) == 2


def test_parts_are_added_where_the_carry_is() -> None:
    options = Options(optimize="size")
    function = lower_to_loops(optimise(accumulating(4, start=0.0), options), options)
    assert [buffer.kind for buffer in function.buffers] == ["input", "output"]


def test_a_square_and_a_sum_with_it_take_no_zero() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (3,))
    zero = builder.constant(0.0, DType.F32)
    square = builder.map("mul", x, x)
    kept = builder.map("add", x, zero)
    graph = drop_added_zeros(builder.finish([("y", builder.map("add", square, zero)), ("z", kept)]))
    assert [node.fn for node in graph.nodes if isinstance(node, Map)] == ["mul", "add"]
