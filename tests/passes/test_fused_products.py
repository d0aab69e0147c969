"""``fma="on"``: which operations become one, that everything behind the pass keeps them, and their bits in C."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Contract, Graph, Map, Reduce
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.fused_products import form_fma
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from hypothesis import given
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs

F32 = DType.F32
GOALS = ("speed", "balanced", "size")


def fused(write: Any) -> Graph:
    """The program that ``write`` makes of a builder and four numbers, after the pass."""
    builder = GraphBuilder("f")
    graph = builder.finish([("y", write(builder, *(builder.input(name, F32, ()) for name in "abcd")))])
    changed = form_fma(graph)
    verify_graph(changed)
    return changed


def operations(graph: Graph) -> list[str]:
    return [node.fn for node in graph.nodes if isinstance(node, Map)]


def test_sums_take_the_product_on_either_side() -> None:
    right = fused(lambda g, a, b, c, d: g.map("add", c, g.map("mul", a, b)))
    left = fused(lambda g, a, b, c, d: g.map("add", g.map("mul", a, b), c))
    assert operations(right) == operations(left) == ["fma"]


def test_of_two_products_the_right_one_is_the_next_term() -> None:
    graph = fused(lambda g, a, b, c, d: g.map("add", g.map("mul", a, b), g.map("mul", c, d)))
    # sums of commutative operands are in the builder's order, the same for a + b and b + a
    assert operations(graph) == ["mul", "fma"]
    values = [np.asarray(np.float32(v)) for v in (1 + 2**-12, 1 + 2**-12, 3.0, 5.0)]
    first = interpret(fused(lambda g, a, b, c, d: g.map("add", g.map("mul", a, b), g.map("mul", c, d))), values)
    assert_bits_equal(first, interpret(graph, values))


def test_differences_move_the_sign_to_a_factor() -> None:
    x = 1 + 2.0**-12
    a, b, c, d = (np.asarray(np.float32(v)) for v in (x, x, 1 + 2.0**-11, 0.0))
    minuend = fused(lambda g, a, b, c, d: g.map("sub", g.map("mul", a, b), c))
    subtrahend = fused(lambda g, a, b, c, d: g.map("sub", c, g.map("mul", a, b)))
    negated = fused(lambda g, a, b, c, d: g.map("add", g.map("neg", g.map("mul", a, b)), c))
    for graph, expected in ((minuend, 2.0**-24), (subtrahend, -(2.0**-24)), (negated, -(2.0**-24))):
        assert operations(graph).count("fma") == 1
        assert "mul" not in operations(graph)
        # x * x - (1 + 2**-11) is 0 where the product is rounded on its own.
        assert interpret(graph, [a, b, c, d])[0] == expected


def test_a_product_that_others_read_is_there_for_them_too() -> None:
    def write(g: GraphBuilder, a: int, b: int, c: int, d: int) -> int:
        product = g.map("mul", a, b)
        return g.map("div", g.map("add", product, c), product)

    assert sorted(operations(fused(write))) == ["div", "fma", "mul"]


def test_contractions_and_sums_of_products() -> None:
    builder = GraphBuilder("f")
    w, x = builder.input("W", F32, (3, 4)), builder.input("x", F32, (4,))
    y = builder.matmul(w, x)
    squares = builder.reduce("add", builder.map("mul", y, y))
    columns = builder.reduce("add", builder.map("mul", w, w), (0,))
    graph = form_fma(builder.finish([("s", squares), ("c", columns)]))
    contractions = [node for node in graph.nodes if isinstance(node, Contract)]
    assert [node.fused for node in contractions] == [True, True]
    # Sums across memory stay sums.
    assert len([node for node in graph.nodes if isinstance(node, Reduce)]) == 1
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape).astype(np.float32) for shape in ((3, 4), (4,))]
    exact = (values[0].astype(float) @ values[1].astype(float)).astype(np.float32)
    assert np.all(np.abs(interpret(graph, values)[0] - np.sum(exact.astype(float) ** 2)) < 1e-5)


def test_off_is_off() -> None:
    builder = GraphBuilder("f")
    a, b, c = (builder.input(name, F32, ()) for name in "abc")
    graph = builder.finish([("y", builder.map("add", builder.map("mul", a, b), c))])
    assert "fma" not in operations(optimise(graph, Options()))


@pytest.mark.parametrize("goal", GOALS)
@given(program=programs(max_steps=20))
def test_all_that_follows_keeps_the_bits(program: tuple[Graph, list[Any]], goal: str) -> None:
    graph, inputs = program
    options = Options(fma="on", optimize=goal)  # type: ignore[arg-type]
    changed = optimise(graph, options, verify=True)
    formed = decide_bits(graph, options)
    assert_bits_equal(interpret(changed, inputs), interpret(formed, inputs))
    function = lower_to_loops(changed, options)
    verify_loops(function)
    assert_loops_agree(function, formed, inputs)


@given(program=programs(max_steps=12))
def test_the_pass_is_done_when_it_is_done(program: tuple[Graph, list[Any]]) -> None:
    graph, inputs = program
    once = form_fma(graph)
    assert_bits_equal(interpret(form_fma(once), inputs), interpret(once, inputs))
