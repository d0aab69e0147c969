"""Arrays taken apart along short axes, what is computed again instead of kept, and what is computed once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Contract, Graph, Map, Reduce
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import Buffer, For, Index, Let, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.loops import Literal as Number
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lanes import show_zeros, split_lanes
from arc_codegen.passes.loops.sharing import share_expressions
from arc_codegen.passes.loops.tables import fold_tables
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import optimise
from arc_codegen.passes.structural_zeros import drop_zeros
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from strategies.rotated_points import rotated_points

Program = tuple[Graph, list[NDArray[Any]]]


@given(program=programs(max_steps=20))
def test_any_program_may_be_taken_apart(program: Program) -> None:
    graph, inputs = program
    changed = split_lanes(graph, most=3, elements=1)
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


@given(program=rotated_points(), goal=st.sampled_from(sorted(BY_GOAL)))
def test_points_that_are_turned_keep_their_bits(program: Program, goal: str) -> None:
    graph, inputs = program
    expected = interpret(graph, inputs)
    changed = split_lanes(graph, most=3, elements=1)
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), expected)
    options = Options(optimize=goal)  # type: ignore[arg-type]
    function = lower_to_loops(optimise(changed, options, verify=True), options)
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


def distances(points: int = 40) -> Graph:
    """Squared lengths of the points after a linear map, and the sum of what was mapped."""
    builder = GraphBuilder("f")
    x, matrix = builder.input("x", DType.F32, (points, 3)), builder.input("m", DType.F32, (3, 3))
    turned = builder.matmul(x, matrix)
    length = builder.reduce("add", builder.map("mul", turned, turned), [1])
    return builder.finish([("y", length), ("z", builder.reduce("add", turned, [0]))])


def test_short_vectors_become_scalars_of_a_loop_and_no_array_of_them_is_kept() -> None:
    graph = split_lanes(distances(), most=4)
    assert not any(isinstance(node, Contract) for node in graph.nodes)
    assert all(node.type.shape == () or node.axes == (0,) for node in graph.nodes if isinstance(node, Reduce))
    assert split_lanes(distances(), most=0) == distances()
    options = Options(optimize="speed")
    made = lower_to_loops(optimise(distances(), options), options)
    assert not [buffer for buffer in made.buffers if buffer.kind == "work" and buffer.size > 3]


def triangles(groups: int = 30) -> Graph:
    """A lower triangular matrix of two rows for each group, times a vector."""
    builder = GraphBuilder("f")
    packed, x = builder.input("p", DType.F32, (groups, 3)), builder.input("x", DType.F32, (groups, 2))
    columns = builder.concatenate([packed, builder.constant(np.zeros((groups, 1), np.float32))], axis=1)
    places = np.array([0, 3, 1, 2]) + 4 * np.arange(groups)[:, np.newaxis]
    factors = builder.gather(columns, places.reshape(groups, 2, 2))
    return builder.finish([("y", builder.contract(factors, x, (0, 1, 2), (0, 2), (0, 1)))])


def test_zeros_of_a_triangle_for_each_group_are_not_multiplied() -> None:
    graph = triangles(40)
    made = drop_zeros(show_zeros(graph))
    verify_graph(made)
    products = [node for node in made.nodes if isinstance(node, Map) and node.fn == "mul"]
    assert len(products) == 3
    rng = np.random.default_rng(3)
    inputs = [rng.normal(size=node.type.shape).astype(np.float32) for node in graph.inputs]
    assert_bits_equal(interpret(made, inputs), interpret(graph, inputs))
    full = distances()
    assert show_zeros(full) is full


def test_long_sums_are_left_alone() -> None:
    builder = GraphBuilder("f")
    graph = builder.finish(
        [("y", builder.matmul(builder.input("a", DType.F32, (9, 9)), builder.input("b", DType.F32, (9, 9))))]
    )
    assert split_lanes(graph, most=4) is graph


# -- loops written by hand ---------------------------------------------------------------------------------------------

X, Y, T, I, A, B, C, S = (Symbol(number, name) for number, name in enumerate("xytiabcs"))  # noqa: E741
F64 = DType.F64


def function(*body: Stmt) -> LoopFunction:
    table = Buffer(T, DType.I32, 4, "const", (4,), (3, 1, 0, 2))
    buffers = (Buffer(X, F64, 8, "input", (8,)), Buffer(Y, F64, 4, "output", (4,)), table)
    first = For(I, 0, 4, (Store(Y, Index(0, ((I, 1),)), Number(0.0, F64)),))
    made = LoopFunction("f", buffers, (first, *body))
    verify_loops(made)
    return made


def at(offset: int = 0, *, moving: bool = True, buffer: Symbol = X) -> Load:
    return Load(buffer, Index(offset, ((I, 1),) if moving else ()), F64)


def squared(value: Any) -> Op:
    return Op("mul", (value, value), F64)


def operations(made: LoopFunction) -> int:
    return str(made.body).count("Op(")


def same(before: LoopFunction, after: LoopFunction) -> None:
    verify_loops(after)
    x = [np.random.default_rng(0).normal(size=8)]
    assert_bits_equal(interpret_loops(after, x), interpret_loops(before, x))


def difference() -> Op:
    return Op("sub", (at(), at(4)), F64)


def test_what_a_run_computes_twice_is_computed_once() -> None:
    before = function(
        For(
            I,
            0,
            4,
            (
                Let(A, difference()),
                Let(B, difference()),
                Store(Y, Index(0, ((I, 1),)), Op("mul", (Ref(A, F64), squared(Ref(B, F64))), F64)),
                Store(Y, Index(0, ((I, 1),)), Op("add", (at(buffer=Y), squared(Ref(A, F64))), F64)),
            ),
        )
    )
    after = share_expressions(before)
    same(before, after)
    assert operations(before) - operations(after) == 2


def test_what_changes_in_between_is_computed_again() -> None:
    y = at(0, moving=False, buffer=Y)
    before = function(
        Var(S, Number(0.5, F64)),
        For(
            I,
            0,
            4,
            (
                Let(A, squared(y)),
                Let(B, squared(Ref(S, F64))),
                Store(Y, Index(0), at()),
                Set(S, at(1)),
                Let(C, squared(y)),
                Store(Y, Index(1), Op("add", (Op("sub", (Ref(A, F64), Ref(C, F64)), F64), Ref(B, F64)), F64)),
                Store(Y, Index(2), squared(Ref(S, F64))),
            ),
        ),
    )
    after = share_expressions(before)
    same(before, after)
    assert operations(before) == operations(after)


@pytest.mark.parametrize("place", range(4))
def test_a_known_place_of_a_table_needs_no_table(place: int) -> None:
    index = Index(0, (), ((T, Index(place), 1),))
    before = function(Store(Y, index, Load(X, Index(1, (), ((T, Index(0), 2),)), F64)))
    after = fold_tables(before)
    same(before, after)
    assert not any(s.index.tables for s in walk_statements(after.body) if isinstance(s, Store))
