"""Which arrays become scalars: what is put together from small arrays does not make loops of them."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import For
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import optimise
from arc_codegen.passes.scalarise import scalarise
from arc_codegen.passes.smallness import choose_small
from strategies.agreement import assert_bits_equal, assert_loops_agree


def row_of_derivatives(count: int) -> Graph:
    """Small vectors side by side, as in a row of a Jacobian, each the product of two others; and a long loop beside."""
    builder = GraphBuilder("row")
    x = builder.input("x", DType.F64, (3,))
    long = builder.input("long", DType.F64, (100,))
    parts, value = [], x
    for k in range(count):
        value = builder.map("mul", value, builder.map("add", x, builder.constant(float(k), DType.F64)))
        parts.append(Part(value=value, target=AffineMap(3 * k, (1,))))
    row = builder.add(Assemble(type=TensorType(DType.F64, (3 * count,)), parts=tuple(parts)))
    return builder.finish([("row", row), ("squares", builder.map("mul", long, long))])


@pytest.mark.parametrize("goal", sorted(BY_GOAL))
def test_small_vectors_in_a_longer_one_are_scalars(goal: str) -> None:
    graph = row_of_derivatives(6)
    small = choose_small(graph, BY_GOAL[goal])
    vectors = [v for v in graph_values(graph) if graph.nodes[v].type.shape == (3,) and graph.nodes[v].operands]
    assert set(vectors) <= small
    function = lower_to_loops(optimise(graph, Options(optimize=goal)), Options(optimize=goal))  # type: ignore[arg-type]
    loops = [statement for statement in walk_statements(function.body) if isinstance(statement, For)]
    assert goal == "size" or len(loops) <= 1  # that of the long array; for size, repetitions become a loop again
    inputs = [np.array([-0.0, np.inf, 1.5]), np.linspace(-1.0, 1.0, 100)]
    assert_loops_agree(function, graph, inputs)
    assert_bits_equal(interpret(scalarise(graph, BY_GOAL[goal]), inputs), interpret(graph, inputs))


def test_very_long_ones_stay_loops() -> None:
    graph = row_of_derivatives(100)
    small = choose_small(graph, BY_GOAL["balanced"])
    assert not [v for v in small if graph.nodes[v].type.shape == (3,)]


def graph_values(graph: Graph) -> range:
    return range(len(graph.nodes))
