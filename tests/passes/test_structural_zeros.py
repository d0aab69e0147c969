"""Elements that are known to be zero: what counts as one, what goes, and that nothing else changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Contract, Graph, Loop, Map, Part
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.options import Options
from arc_codegen.passes.pipeline import decide_bits, optimise
from arc_codegen.passes.structural_zeros import drop_zeros
from arc_codegen.passes.zero_elements import zero_elements
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import arrays, graphs

import archimedes as arc

F64 = DType.F64


def operations(graph: Graph) -> list[str]:
    return [node.fn for node in graph.nodes if isinstance(node, Map)]


def dropped(write: Callable[[GraphBuilder, int], int], x: Any) -> Graph:
    """The program that ``write`` makes of a builder and an input, after the pass; on ``x`` it computes the same."""
    builder = GraphBuilder("f")
    given_input = builder.input("x", F64, np.shape(x))
    graph = builder.finish([("y", write(builder, given_input))])
    changed = drop_zeros(graph)
    verify_graph(changed)
    assert_bits_equal(interpret(changed, [np.asarray(x)]), interpret(graph, [np.asarray(x)]))
    return changed


VECTOR = np.array([2.0, 3.0, 5.0])


def test_products_with_zeros_of_a_constant_are_left_out_of_sums() -> None:
    matrix = np.array([[0.0, 2.0, 0.0], [0.0, 0.0, 0.0], [1.0, 0.0, 3.0]])
    graph = dropped(lambda g, x: g.matmul(g.constant(matrix), x), VECTOR)
    assert not any(isinstance(node, Contract) for node in graph.nodes)
    assert sorted(operations(graph)) == ["add", "mul", "mul"]  # a factor of one is none


def test_zeros_plus_a_product_are_the_product() -> None:
    for zeros in (lambda g: g.constant(np.zeros(3)), lambda g: g.assemble(F64, (3,), ())):

        def write(g: GraphBuilder, x: int, zeros: Any = zeros) -> int:
            return g.map("add", zeros(g), g.map("mul", x, x))

        assert set(operations(dropped(write, VECTOR))) == {"mul"}


def test_numbers_are_computed_with() -> None:
    graph = dropped(lambda g, x: g.map("add", g.map("mul", x, g.constant(0.0)), g.constant(0.0)), VECTOR)
    assert operations(graph) == ["mul", "add"]


def test_a_number_put_into_an_array_is_an_element_of_it() -> None:
    def write(g: GraphBuilder, x: int) -> int:
        angle = g.view(x, (), 0, ())
        values = [g.map("cos", angle), g.constant(0.0), g.constant(1.0)]
        column = g.assemble(F64, (3,), [Part(value=v, target=AffineMap(k, ())) for k, v in enumerate(values)])
        return g.reduce("add", g.map("mul", column, x))

    assert operations(dropped(write, VECTOR)) == ["cos", "mul", "add"]


def test_a_padded_array_adds_only_where_it_has_elements() -> None:
    def write(g: GraphBuilder, x: int) -> int:
        padded = g.assemble(F64, (3,), [Part(value=g.view(x, (), 2, ()), target=AffineMap(0, ()))])
        return g.map("sub", padded, x)

    graph = dropped(write, VECTOR)
    assert sorted(operations(graph)) == ["neg", "neg", "sub"]


def test_few_elements_are_added_to_a_larger_array_in_place() -> None:
    diagonal = np.diag(np.arange(1.0, 7.0))
    graph = dropped(lambda g, x: g.map("add", x, g.constant(diagonal)), np.arange(36.0).reshape(6, 6))
    (whole,) = [node for node in graph.nodes if isinstance(node, Assemble)]
    assert whole.base == 0
    assert operations(graph) == ["add"] * 6


def test_large_arrays_stay_whole() -> None:
    def write(g: GraphBuilder, x: int) -> int:
        nothing = g.map("mul", x, g.constant(np.zeros(1000)))
        return g.map("add", g.map("exp", x), g.map("add", nothing, g.constant(np.zeros(1000))))

    graph = dropped(write, np.linspace(0.0, 1.0, 1000))
    assert operations(graph) == ["exp"]


def test_what_a_loop_carries_may_stay_zero() -> None:
    @arc.compile
    def f(x: Any) -> Any:
        def step(state: Any, row: Any) -> Any:
            matrix = np.array([[1.0, 0.0], [0.0, 0.5]], like=row)
            return matrix @ state + row, state

        return arc.scan(step, np.zeros(2, like=x), x)

    from archimedes.lower import lower_function

    graph = lower_function(f.trace((np.ones((5, 2)),), {}), name="f")
    (before,) = [node.body for node in graph.nodes if isinstance(node, Loop)]
    (after,) = [node.body for node in drop_zeros(graph).nodes if isinstance(node, Loop)]
    assert any(isinstance(node, Contract) for node in before.nodes)
    assert not any(isinstance(node, Contract) for node in after.nodes)
    x = np.random.default_rng(0).standard_normal((5, 2))
    assert_bits_equal(interpret(drop_zeros(graph), [x]), interpret(graph, [x]))


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_in_numpy_elements_are_left_out_and_numbers_are_not(real: Any) -> None:
    infinite = np.array([np.inf, 1.0], real)
    selector = np.array([[0.0, 1.0]], real)
    assert arc.compile(lambda x: selector @ x)(infinite) == 1.0
    assert arc.compile(lambda x: x[0] * selector[0, 0])(infinite) == 0.0
    assert np.isnan(arc.compile(lambda x: x[0] * 0.0)(infinite))
    minus_zero = np.array([-0.0, -0.0], real)
    assert not np.signbit(arc.compile(lambda x: 0.0 + x)(minus_zero)).any()
    assert not np.signbit(arc.compile(lambda x: x[0] + 0.0)(minus_zero))
    assert np.signbit(arc.compile(lambda x: np.zeros(2) + x)(minus_zero)).all()


# --- any program ------------------------------------------------------------------------------------------------------

_TELL_ZEROS_APART = {"copysign", "atan2", "pow", "div"}


@given(graph=graphs(dtype=F64), data=st.data())
def test_finite_programs_keep_their_values(graph: Graph, data: Any) -> None:
    """Where nothing is infinite or NaN, and nobody asks for the sign of a zero, every number is the same."""
    assume(_TELL_ZEROS_APART.isdisjoint(operations(graph)))
    small = st.sampled_from([-2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])
    inputs = [
        data.draw(
            hnp.arrays(node.type.dtype.numpy_name, node.type.shape, elements=small)
            if node.type.dtype.is_real
            else arrays(node.type.dtype, node.type.shape)
        )
        for node in graph.inputs
    ]
    with np.errstate(all="ignore"):
        assume(_is_finite(graph, inputs))
        for got, expected in zip(interpret(drop_zeros(graph), inputs), interpret(graph, inputs), strict=True):
            assert np.array_equal(got, expected)


def _is_finite(graph: Graph, inputs: list[Any]) -> bool:
    builder = GraphBuilder("all")
    for node in graph.nodes:
        builder.add(node)
    real = [v for v, node in enumerate(graph.nodes) if node.type.dtype.is_real and not isinstance(node, Loop)]
    values = interpret(builder.finish([(f"v{v}", v) for v in real]), inputs)
    return all(np.isfinite(value).all() for value in values)


@given(graph=graphs(dtype=F64), data=st.data())
def test_known_zeros_are_zeros(graph: Graph, data: Any) -> None:
    """What the analysis calls zero is zero where the program before the pass computes it from finite numbers."""
    inputs = [data.draw(arrays(node.type.dtype, node.type.shape)) for node in graph.inputs]
    known = zero_elements(graph)
    found = [v for v, zeros in enumerate(known) if zeros is not None]
    builder = GraphBuilder("all")
    for node in graph.nodes:
        builder.add(node)
    with np.errstate(all="ignore"):
        values = interpret(builder.finish([(f"v{v}", v) for v in found]), inputs)
    for v, value in zip(found, values, strict=True):
        zeros = known[v]
        assert zeros is not None
        assert np.all((value.ravel()[zeros] == 0) | np.isnan(value.ravel()[zeros]))


@given(graph=graphs(), goal=st.sampled_from(["speed", "balanced", "size"]), data=st.data())
def test_the_passes_behind_keep_the_bits(graph: Graph, goal: Any, data: Any) -> None:
    inputs = [data.draw(arrays(node.type.dtype, node.type.shape)) for node in graph.inputs]
    options = Options(optimize=goal)
    decided = decide_bits(graph, options)
    assert_bits_equal(interpret(optimise(graph, options, verify=True), inputs), interpret(decided, inputs))
