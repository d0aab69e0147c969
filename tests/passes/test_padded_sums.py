"""Sums of arrays of zeros with a part in them: joined where that keeps the bits, left alone elsewhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Map, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.passes.padded_sums import PaddedSums
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal

SIZE = 12
SPECIAL = [0.0, -0.0, 1.0, -1.0, 1e300, np.inf, -np.inf, np.nan]


@st.composite
def sums(draw: Any) -> tuple[Graph, list[NDArray[Any]]]:
    """A sum of arrays that are zero but for parts of inputs, in places that meet, match, repeat or are apart."""
    builder = GraphBuilder("f")
    counts = [draw(st.sampled_from([3, 3, 3, 4])) for _ in range(draw(st.integers(2, 7)))]
    unused = [builder.input(f"x{k}", DType.F64, (count,)) for k, count in enumerate(counts)]
    inputs = [np.array([draw(st.sampled_from(SPECIAL)) for _ in range(count)]) for count in counts]
    total = None
    while unused:
        chosen, unused = unused[:2], unused[draw(st.integers(1, 2)) :]
        chosen = chosen[: len(chosen) if draw(st.booleans()) else 1]
        parts = tuple(Part(value=value, target=draw(targets(builder.type(value).size))) for value in chosen)
        padded = builder.add(Assemble(type=TensorType(DType.F64, (SIZE,)), parts=parts))
        total = padded if total is None else builder.map("add", *draw(st.permutations([total, padded])))
    assert total is not None
    return builder.finish([("y", total)]), inputs


@st.composite
def targets(draw: Any, count: int) -> AffineMap | tuple[int, ...]:
    """Places for ``count`` elements, mostly a third of the array."""
    stride = draw(st.sampled_from([1, 1, 1, -1, 2]))
    first = draw(st.sampled_from([0, 3, 6, 8])) if stride == 1 else draw(st.integers(4, 5))
    table = tuple(range(first, first + stride * count, stride))
    return draw(st.sampled_from([AffineMap(first, (stride,)), AffineMap(first, (stride,)), table]))


@given(sums())
def test_bits_are_kept(program: tuple[Graph, list[NDArray[Any]]]) -> None:
    graph, inputs = program
    joined = rebuild(graph, PaddedSums())
    verify_graph(joined)
    assert_bits_equal(interpret(joined, inputs), interpret(graph, inputs))


def _gradient_of_slices() -> Graph:
    """Four slices of three elements, one of them read twice."""
    builder = GraphBuilder("f")
    values = [builder.input(f"x{k}", DType.F64, (3,)) for k in range(5)]
    total = None
    for value, start in zip(values, (9, 0, 3, 6, 3), strict=True):
        part = Part(value=value, target=AffineMap(start, (1,)))
        padded = builder.add(Assemble(type=TensorType(DType.F64, (SIZE,)), parts=(part,)))
        total = padded if total is None else builder.map("add", total, padded)
    assert total is not None
    return builder.finish([("y", total)])


def test_slices_become_one_array_of_their_parts() -> None:
    joined = eliminate_dead_code(rebuild(_gradient_of_slices(), PaddedSums()))
    (whole,) = (node for node in joined.nodes if isinstance(node, Assemble))
    assert len(whole.parts) == 4
    # No sum is longer than a slice: 0.0 added to each, and the two parts of the slice that is read twice.
    sums_left = [node.type.size for node in joined.nodes if isinstance(node, Map)]
    assert sums_left == [3] * 5


def test_parts_that_meet_partly_stay_sums() -> None:
    builder = GraphBuilder("f")
    x, y = (builder.input(name, DType.F64, (3,)) for name in "xy")
    padded = [
        builder.add(
            Assemble(type=TensorType(DType.F64, (SIZE,)), parts=(Part(value=value, target=AffineMap(start, (1,))),))
        )
        for value, start in ((x, 0), (y, 2))
    ]
    graph = builder.finish([("y", builder.map("add", *padded))])
    assert rebuild(graph, PaddedSums()).nodes == graph.nodes
