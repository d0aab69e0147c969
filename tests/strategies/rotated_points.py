"""Points that are turned by matrices, and what is made of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Part
from arc_codegen.ir.types import DType
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import arrays

Program = tuple[Graph, list[NDArray[Any]]]


SIZES = [(5, 2, 3), (16, 4, 3), (11, 1, 2)]
"""Points, groups of them, and dimensions."""


@st.composite
def rotated_points(draw: st.DrawFn, sizes: Sequence[tuple[int, int, int]] = SIZES) -> Program:
    """Matrices times vectors for many points, and what is made of the products."""
    points, groups, size = draw(st.sampled_from(sizes))
    builder = GraphBuilder("f")
    matrices = builder.input("m", DType.F32, (groups, size, size))
    x, centres = builder.input("x", DType.F32, (points, size)), builder.input("c", DType.F32, (groups, size))
    shape = (points, groups, size)
    apart = builder.map("sub", builder.view(x, shape, 0, (size, 0, 1)), builder.view(centres, shape, 0, (0, size, 1)))
    turned = builder.contract(matrices, apart, (0, 1, 2), (3, 0, 2), draw(st.sampled_from([(0, 1, 3), (3, 0, 1)])))
    order = (0, 1, 3) if builder.type(turned).shape[0] == groups else (3, 0, 1)
    results = [("turned", turned)] if draw(st.booleans()) else []
    results.append(("spread", builder.contract(turned, apart, order, (3, 0, 2), (0, 1, 2))))
    results.append(("weighed", builder.contract(turned, turned, order, order, (0, 1, 3))))
    results.append(("back", builder.contract(matrices, turned, (0, 1, 2), order, (3, 0, 2))))
    along = order.index(1)
    results.append(("length", builder.reduce("add", builder.map("mul", turned, turned), [along])))
    results.append(
        ("largest", builder.reduce(draw(st.sampled_from(["max", "min"])), builder.map("neg", turned), [along]))
    )
    results.append(("total", builder.reduce("add", turned, [order.index(3)])))
    flat = builder.reshape(turned, (points * groups * size,))
    zeros = builder.assemble(
        DType.F32, (flat_size := points * groups * size,), [Part(value=flat, target=AffineMap(flat_size - 1, (-1,)))]
    )
    results.append(("turned_round", zeros))
    graph = builder.finish(results)
    return graph, [draw(arrays(DType.F32, node.type.shape)) for node in graph.inputs]
