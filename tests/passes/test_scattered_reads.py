"""What was added to zeros is read where it comes from, if nothing else was added there."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal

SPECIAL = [0.0, -0.0, 1.0, -2.5, np.inf, np.nan]


@st.composite
def scattered(draw: Any) -> tuple[Graph, list[NDArray[Any]]]:
    """Reads of zeros (or numbers) to which one or two arrays were added, at places that may repeat."""
    builder = GraphBuilder("f")
    size = draw(st.sampled_from([12, 20, 28]))
    inputs: list[NDArray[Any]] = []
    parts = []
    for k in range(draw(st.integers(1, 2))):
        count = draw(st.integers(6, 20))
        value = builder.input(f"x{k}", DType.F64, (count,))
        inputs.append(np.array(draw(st.lists(st.sampled_from(SPECIAL), min_size=count, max_size=count))))
        if draw(st.booleans()):
            order = np.arange(size).reshape(-1, 4).T.ravel() if size % 4 == 0 else np.arange(size)
            places = np.resize(order, count)
        else:
            places = np.array(draw(st.lists(st.integers(0, size - 1), min_size=count, max_size=count)))
        accumulate = draw(st.sampled_from([True, True, False]))
        parts.append(Part(value=value, target=tuple(places.tolist()), accumulate=accumulate))
    base = None
    if draw(st.integers(0, 3)) == 0:
        base = builder.input("base", DType.F64, (size,))
        inputs.append(np.array(draw(st.lists(st.sampled_from(SPECIAL), min_size=size, max_size=size))))
    whole = builder.add(Assemble(type=TensorType(DType.F64, (size,)), parts=tuple(parts), base=base))
    outputs = []
    for k in range(draw(st.integers(1, 3))):
        rows, columns = draw(st.sampled_from([(4, 1), (3, 2), (2, 3), (3, 3), (1, 6)]))
        across = draw(st.integers(1, 2))
        down = draw(st.integers(1, max(1, (size - 1 - (columns - 1) * across) // max(1, rows - 1))))
        last = (rows - 1) * down + (columns - 1) * across
        first = draw(st.integers(0, size - 1 - last)) if last < size else 0
        if last < size:
            outputs.append((f"y{k}", builder.view(whole, (rows, columns), first, (down, across))))
    return builder.finish(outputs or [("y", whole)]), inputs


@given(scattered(), st.booleans())
def test_bits_are_kept(program: tuple[Graph, list[NDArray[Any]]], columns: bool) -> None:
    graph, inputs = program
    read = eliminate_dead_code(rebuild(graph, IndexMaps(columns=columns)))
    verify_graph(read)
    assert_bits_equal(interpret(read, inputs), interpret(graph, inputs))


def _triangle() -> Graph:
    """Cotangents of packed triangles, scattered: the diagonals are read, and what is below, three numbers a row."""
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (36,))
    packed = [0, 6, 6, 3, 1, 6, 4, 5, 2]
    table = tuple(7 * row + place for row in range(4) for place in packed)
    part = Part(value=x, target=table, accumulate=True)
    whole = builder.add(Assemble(type=TensorType(DType.F64, (28,)), parts=(part,)))
    return builder.finish(
        [("d", builder.view(whole, (4, 3), 0, (7, 1))), ("l", builder.view(whole, (4, 3), 3, (7, 1)))]
    )


def test_what_is_read_in_order_is_read_where_it_comes_from() -> None:
    graph = _triangle()
    found = eliminate_dead_code(rebuild(graph, IndexMaps()))
    (whole,) = (node for node in found.nodes if isinstance(node, Assemble))
    assert whole.parts[0].accumulate  # for what lies below the diagonals
    by_columns = eliminate_dead_code(rebuild(graph, IndexMaps(columns=True)))
    parts = [part for node in by_columns.nodes if isinstance(node, Assemble) for part in node.parts]
    assert [part.target for part in parts] == [AffineMap(k, (3,)) for k in range(3)]
    assert not any(part.accumulate for part in parts)
