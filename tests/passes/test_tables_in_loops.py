"""Tables and triangles that a loop computes as a single number: they are given memory where they are read."""

from __future__ import annotations

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Intervals, Loop, Result
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from strategies.agreement import assert_bits_equal


def halved(builder: GraphBuilder, start: int) -> int:
    """``start / 2**3``, by a loop that carries it."""
    body = GraphBuilder("body")
    carried = body.input("carried", DType.F64, (1, 1))
    half = body.constant(np.full((1, 1), 0.5))
    loop = Loop(
        type=TensorType(DType.F64, (0,)),
        body=body.finish([("next", body.map("mul", carried, half))]),
        length=3,
        carries=(start,),
        elements=(),
        invariants=(),
        backwards=False,
    )
    return builder.add(Result(type=TensorType(DType.F64, (1, 1)), loop=builder.add(loop), index=0))


def check(graph: Graph, *inputs: float) -> None:
    arrays = [np.full(node.type.shape, x) for node, x in zip(graph.inputs, inputs, strict=True)]
    function = lower_to_loops(graph, Options())
    assert_bits_equal(interpret_loops(function, arrays), interpret(graph, arrays))


def test_a_table_of_one_element() -> None:
    builder = GraphBuilder("table")
    place = builder.input("place", DType.F64, ())
    start = builder.input("start", DType.F64, (1, 1))
    grid = builder.constant(np.array([0.0, 1.0]))
    table = halved(builder, start)
    found = builder.lookup(table, Intervals(places=(place,), grids=(grid,), strides=(1,), offset=0))
    check(builder.finish([("y", found)]), 0.5, 12.0)


def test_a_triangle_of_one_element() -> None:
    builder = GraphBuilder("triangle")
    start = builder.input("start", DType.F64, (1, 1))
    b = builder.input("b", DType.F64, (1, 1))
    check(builder.finish([("y", builder.solve_triangular(halved(builder, start), b))]), 12.0, 3.0)
