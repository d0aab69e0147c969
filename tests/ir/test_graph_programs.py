"""The random programs themselves: valid, varied, deterministic to interpret."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.printer import print_graph
from arc_codegen.ir.verify import verify_graph
from hypothesis import HealthCheck, given, settings
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array, programs

SEEN: Counter[str] = Counter()


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(programs())
def test_programs_verify_and_interpret_to_their_types(program: tuple[Graph, list[Array]]) -> None:
    graph, inputs = program
    verify_graph(graph)
    SEEN.update(type(node).__name__ for node in graph.nodes)
    results = interpret(graph, inputs)
    for output, result in zip(graph.outputs, results, strict=True):
        wanted = graph.nodes[output.value].type
        assert (result.shape, result.dtype) == (wanted.shape, np.dtype(wanted.dtype.numpy_name))
    if any(np.isnan(result).any() for result in results if result.dtype.kind == "f"):
        SEEN["NaN"] += 1
    assert_bits_equal(interpret(graph, inputs), results)
    assert print_graph(graph) == print_graph(graph)


def test_programs_cover_every_node_kind() -> None:
    if not SEEN:
        test_programs_verify_and_interpret_to_their_types()
    kinds = {"Input", "Constant", "Map", "Reduce", "Contract", "View", "Gather", "Assemble", "Solve", "NaN"}
    assert {kind for kind in kinds if SEEN[kind] >= 5} == kinds


class TestAssertBitsEqual:
    def test_nan_equals_nan_of_other_payload(self) -> None:
        quiet = np.array([0x7FF8000000000000], np.uint64).view(np.float64)
        other = np.array([0xFFF8000000000123], np.uint64).view(np.float64)
        assert_bits_equal([quiet], [other])

    @pytest.mark.parametrize(
        ("actual", "expected", "message"),
        [
            (np.array(0.0), np.array(-0.0), "1 elements differ"),
            (np.array([1.0, 2.0]), np.array([1.0, np.nextafter(2.0, 3)]), "flat 1"),
            (np.array(1.0, np.float32), np.array(1.0), "float32, expected float64"),
            (np.array([1.0]), np.array(1.0), "shape"),
            (np.array(np.nan), np.array(1.0), "differ"),
        ],
    )
    def test_every_difference_is_told(self, actual: Array, expected: Array, message: str) -> None:
        with pytest.raises(AssertionError, match=message):
            assert_bits_equal([actual], [expected])

    def test_number_of_arrays(self) -> None:
        with pytest.raises(AssertionError, match="0 arrays, expected 1"):
            assert_bits_equal([], [np.array(1.0)])
