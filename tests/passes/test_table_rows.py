"""Rows of tables that have elements in common lie over each other, and every read finds what it found before."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal
from strategies.row_tables import products_with_rows

WITHOUT = frozenset({"overlap-tables"})


def product(table: NDArray[Any]) -> Graph:
    """A table times a vector."""
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (table.shape[1],))
    return builder.finish([("y", builder.matmul(builder.constant(table.astype(np.float32)), x))])


def elements(function: LoopFunction) -> int:
    """Elements of tables."""
    return sum(buffer.size for buffer in function.buffers if buffer.kind == "const")


def toeplitz(count: int, stride: int) -> NDArray[Any]:
    """Rows of ``count`` elements, each moved by ``stride`` against the one before."""
    numbers = np.arange(1.0, count + abs(stride) * (count - 1) + 1.0)
    start = 0 if stride > 0 else -stride * (count - 1)
    return np.stack([numbers[start + stride * k : start + stride * k + count] for k in range(count)])


@given(products_with_rows(), st.sampled_from(["size", "balanced", "speed"]))
def test_no_bit_is_changed(program: tuple[Graph, list[NDArray[Any]]], goal: Any) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options(optimize=goal))
    verify_loops(function)
    assert_bits_equal(interpret_loops(function, inputs), interpret(graph, inputs))


@pytest.mark.parametrize("stride", [-2, -1, 1, 2, 5])
def test_rows_lie_over_each_other(stride: int) -> None:
    graph = product(toeplitz(12, stride))
    made = [lower_to_loops(graph, Options(optimize="size"), without=without) for without in (frozenset[str](), WITHOUT)]
    assert [elements(function) for function in made] == [12 + 11 * abs(stride), 144]
    x = [np.linspace(-1.0, 1.0, 12).astype(np.float32)]
    for function in made:
        verify_loops(function)
        assert_bits_equal(interpret_loops(function, x), interpret(graph, x))


def test_rows_that_differ_in_one_element_stay() -> None:
    table = toeplitz(12, 1)
    table[7, 3] += 1.0
    assert elements(lower_to_loops(product(table), Options(optimize="size"))) == 144


def test_rows_that_differ_in_the_sign_of_a_zero_stay() -> None:
    table = toeplitz(12, 1)
    table[table == 13.0] = 0.0
    assert elements(lower_to_loops(product(table), Options(optimize="size"))) == 23
    table[4, 8] = -0.0
    assert elements(lower_to_loops(product(table), Options(optimize="size"))) == 144


def test_a_table_that_is_read_as_a_whole_stays() -> None:
    """Its elements are read one behind the other, not row by row."""
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (144,))
    flat = builder.constant(toeplitz(12, 1).ravel().astype(np.float32))
    graph = builder.finish([("y", builder.map("mul", flat, x))])
    assert elements(lower_to_loops(graph, Options(optimize="size"))) == 144


def test_few_elements_are_not_worth_it() -> None:
    assert elements(lower_to_loops(product(toeplitz(7, 1)), Options(optimize="size"))) == 49
    assert elements(lower_to_loops(product(toeplitz(8, 1)), Options(optimize="size"))) == 15


def test_a_table_that_is_read_in_two_ways_stays() -> None:
    builder = GraphBuilder("f")
    x, y = builder.input("x", DType.F32, (12,)), builder.input("y", DType.F32, (144,))
    table = builder.constant(toeplitz(12, 1).astype(np.float32))
    graph = builder.finish(
        [("a", builder.matmul(table, x)), ("b", builder.map("mul", builder.reshape(table, (144,)), y))]
    )
    function = lower_to_loops(graph, Options(optimize="size"))
    inputs = [np.linspace(-1.0, 1.0, count).astype(np.float32) for count in (12, 144)]
    assert_bits_equal(interpret_loops(function, inputs), interpret(graph, inputs))
