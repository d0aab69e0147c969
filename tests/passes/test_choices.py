"""Choices that are asked once, and truths that need no detour by numbers."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Map
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.passes.arithmetic import simplify_arithmetic
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild
from strategies.agreement import assert_bits_equal


def operations(graph: Graph) -> list[str]:
    return [node.fn for node in graph.nodes if isinstance(node, Map)]


def simplified(builder: GraphBuilder, result: int) -> list[str]:
    """Operations that are left; the bits are the same on numbers that make a difference."""
    graph = builder.finish([("y", result)])
    changed = eliminate_dead_code(rebuild(graph, simplify_arithmetic))
    verify_graph(changed)
    x = np.array([-1.0, -0.0, 0.0, 2.0, np.inf, np.nan])
    assert_bits_equal(interpret(changed, [x]), interpret(graph, [x]))
    return operations(changed)


def test_the_same_question_is_asked_once() -> None:
    for nested_first in (True, False):
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (6,))
        positive = builder.map("lt", builder.constant(0.0, DType.F64), x)
        inner = builder.map("select", positive, builder.map("sqrt", x), builder.map("neg", x))
        one = builder.constant(1.0, DType.F64)
        outer = (inner, one) if nested_first else (one, inner)
        assert simplified(builder, builder.map("select", positive, *outer)).count("select") == 1


def test_another_question_stays() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (6,))
    zero, one = builder.constant(0.0, DType.F64), builder.constant(1.0, DType.F64)
    inner = builder.map("select", builder.map("lt", x, one), x, one)
    assert simplified(builder, builder.map("select", builder.map("lt", zero, x), inner, zero)).count("select") == 2


def test_the_number_of_a_truth_is_not_compared_with_zero() -> None:
    for fn in ("ne", "eq"):
        builder = GraphBuilder("f")
        x = builder.input("x", DType.F64, (6,))
        zero = builder.constant(0.0, DType.F64)
        number = builder.cast(builder.map("lt", zero, x), DType.F64)
        left = simplified(builder, builder.map("select", builder.map(fn, number, zero), x, zero))
        assert left == ["lt", "select"]


def test_the_number_of_a_number_is() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (6,))
    zero = builder.constant(0.0, DType.F64)
    whole = builder.cast(builder.cast(x, DType.I32), DType.F64)
    assert simplified(builder, builder.map("select", builder.map("ne", whole, zero), x, zero)).count("ne") == 1


@pytest.mark.parametrize("fn", ["max", "min", "fmax", "fmin"])
@pytest.mark.parametrize("number", [0.0, -0.0, 2.0, np.inf, -np.inf])
def test_extrema_with_a_number_take_one_comparison(fn: str, number: float) -> None:
    for first in (True, False):
        builder = GraphBuilder("f")
        x, known = builder.input("x", DType.F64, (6,)), builder.constant(number, DType.F64)
        left = simplified(builder, builder.map(fn, *((known, x) if first else (x, known))))
        assert sorted(left) in (["le", "select"], ["lt", "select"])


def test_an_extremum_with_nan_is_left_alone() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (6,))
    assert simplified(builder, builder.map("max", x, builder.constant(np.nan, DType.F64))) == ["max"]
