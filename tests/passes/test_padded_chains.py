"""Arrays that grow part by part: the bits of the sums of whole arrays, without these."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Map, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.passes.padded_chains import join_padded_chains
from hypothesis import given, settings
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal
from strategies.growing_arrays import growing

Draw = Any
SIZE = 12
REAL = DType.F32


@given(program=growing())
@settings(deadline=None, max_examples=300)
def test_the_bits_stay(program: tuple[Graph, list[NDArray[Any]]]) -> None:
    graph, inputs = program
    joined = join_padded_chains(graph)
    verify_graph(joined)
    assert_bits_equal(interpret(joined, inputs), interpret(graph, inputs))


def test_a_slice_in_each_step_is_one_array_of_slices() -> None:
    builder = GraphBuilder("f")
    pairs = builder.input("pairs", REAL, (20, 2))
    total = None
    for k in reversed(range(20)):
        for fn in ("neg", "abs"):
            term = builder.map(fn, builder.view(pairs, (2,), 2 * k, (1,)))
            padded = builder.assemble(REAL, (40,), [Part(value=term, target=AffineMap(2 * k, (1,)))])
            total = padded if total is None else builder.map("add", total, padded)
    assert total is not None
    joined = join_padded_chains(builder.finish([("y", total)]))
    assert sum(isinstance(node, Assemble) for node in joined.nodes) == 1
    assert all(node.type.size == 2 for node in joined.nodes if isinstance(node, Map))
    assert sum(isinstance(node, Map) and node.fn == "add" for node in joined.nodes) == 40  # one of each is + 0


def test_the_sign_of_zero_is_that_of_the_sums() -> None:
    """-0.0 in the first array becomes +0.0 by the first sum, where the second array is zero."""
    builder = GraphBuilder("f")
    numbers = builder.input("numbers", REAL, (8,))
    total = None
    for k in range(8):
        part = Part(value=builder.view(numbers, (), k, ()), target=AffineMap(k, ()))
        padded = builder.assemble(REAL, (8,), [part])
        total = padded if total is None else builder.map("add", total, padded)
    assert total is not None
    graph = builder.finish([("y", total)])
    (found,) = interpret(join_padded_chains(graph), [np.full(8, -0.0, np.float32)])
    assert not np.signbit(found).any()
