"""Sums go into the loop that makes what they sum, arrays shrink to one run, a matrix times itself is half computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import Buffer, For, Index, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.loops import Literal as Number
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loops.contraction import contract_arrays
from arc_codegen.passes.loops.dead_stores import drop_stores
from arc_codegen.passes.loops.fusion import fuse_loops
from arc_codegen.passes.loops.interchange import interchange_sums
from arc_codegen.passes.loops.promotion import promote_elements
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import arrays

F64 = DType.F64
NAMES = ("x", "y", "w", "i", "j", "k", "s")
SYMBOLS = {name: Symbol(number, name) for number, name in enumerate(NAMES)}
RUNS = 20


def at(buffer: str, offset: int = 0, **terms: int) -> Load:
    return Load(SYMBOLS[buffer], Index(offset, tuple((SYMBOLS[v], c) for v, c in terms.items())), F64)


def put(buffer: str, value: Any, offset: int = 0, **terms: int) -> Store:
    return Store(SYMBOLS[buffer], Index(offset, tuple((SYMBOLS[v], c) for v, c in terms.items())), value)


def loop(variable: str, count: int, *body: Stmt) -> For:
    return For(SYMBOLS[variable], 0, count, body)


def product(a: Any, b: Any) -> Op:
    return Op("mul", (a, b), F64)


def function(*body: Stmt) -> LoopFunction:
    sizes = {"x": ("input", 80), "y": ("output", 3), "w": ("work", 2 * RUNS)}
    buffers = tuple(Buffer(SYMBOLS[name], F64, size, kind, (size,)) for name, (kind, size) in sizes.items())
    made = LoopFunction("f", buffers, body)
    verify_loops(made)
    return made


def same(before: LoopFunction, after: LoopFunction) -> None:
    verify_loops(after)
    x = [np.random.default_rng(0).normal(size=80)]
    assert_bits_equal(interpret_loops(after, x), interpret_loops(before, x))


def rows_and_sums() -> LoopFunction:
    """``w[i] = x[i]**2``, then ``y[j] = sum_i x[3 i + j] * w[i]``."""
    total = Ref(SYMBOLS["s"], F64)
    step = Op("add", (total, product(at("x", k=3, j=1), at("w", k=1))), F64)
    return function(
        loop("i", RUNS, put("w", product(at("x", i=1), at("x", i=1)), i=1)),
        loop(
            "j", 3, Var(SYMBOLS["s"], Number(-0.0, F64)), loop("k", RUNS, Set(SYMBOLS["s"], step)), put("y", total, j=1)
        ),
    )


def test_sums_go_into_the_loop_that_makes_what_they_sum() -> None:
    before = rows_and_sums()
    after = contract_arrays(fuse_loops(interchange_sums(before, most=3)))
    same(before, after)
    assert [s.stop for s in after.body if isinstance(s, For)] == [3, RUNS]
    assert [b.size for b in after.buffers if b.kind == "work"] == [1]


def test_sums_that_would_take_more_memory_stay() -> None:
    before = rows_and_sums()
    assert interchange_sums(before, most=2).body == before.body
    assert interchange_sums(before, most=0) is before


def test_sums_beside_those_that_are_used_at_once_stay_with_them() -> None:
    before = rows_and_sums()
    total = Ref(SYMBOLS["s"], F64)
    used = loop(
        "j",
        2,
        Var(SYMBOLS["s"], Number(-0.0, F64)),
        loop("k", RUNS, Set(SYMBOLS["s"], Op("add", (total, at("w", k=1)), F64))),
        put("w", product(total, total), RUNS, j=1),
    )
    both = function(*before.body, used)
    assert interchange_sums(both, most=4).body == both.body
    assert len(interchange_sums(both, most=5).body) == 4


def test_many_sums_stay_out_of_a_loop_that_calls_functions() -> None:
    before = rows_and_sums()
    first = loop("i", RUNS, put("w", Op("exp", (at("x", i=1),), F64), i=1))
    before = function(first, before.body[1])
    mixed = interchange_sums(before, most=3)
    assert len(fuse_loops(mixed, sums=2).body) == 3
    assert len(fuse_loops(mixed, sums=3).body) == 2


def test_a_part_of_an_array_serves_all_runs() -> None:
    before = function(
        loop(
            "i",
            RUNS,
            put("w", at("x", i=2), i=2),
            put("w", at("x", 1, i=2), 1, i=2),
            loop("j", 2, put("y", product(at("w", i=2, j=1), at("x", j=1)), 1, j=1)),
        ),
        put("y", Number(0.0, F64)),
    )
    after = contract_arrays(before)
    same(before, after)
    assert [b.size for b in after.buffers if b.kind == "work"] == [2]


def test_an_array_that_goes_from_run_to_run_keeps_its_size() -> None:
    before = function(
        loop("i", RUNS, put("w", Number(0.0, F64), i=1)),
        loop("i", RUNS - 1, put("w", product(at("w", i=1), at("x", i=1)), 1, i=1)),
        loop("i", 3, put("y", at("w", i=1), i=1)),
    )
    assert contract_arrays(before).buffers == before.buffers


def test_sums_in_scalars_begin_with_what_their_places_were_filled_with() -> None:
    grown = Op("add", (at("y", 1), at("x", i=1)), F64)
    before = function(
        loop("k", 3, put("y", Number(-0.0, F64), k=1)),
        loop("i", RUNS, put("y", grown, 1)),
        put("y", Number(1.0, F64)),
        put("y", Number(1.0, F64), 2),
    )
    after = drop_stores(promote_elements(before, most=4))
    same(before, after)
    assert isinstance(after.body[0], Var)
    assert isinstance(after.body[0].value, Number)


# -- a matrix with itself ----------------------------------------------------------------------------------------------


def normal_matrix(terms: int, size: int, *, view: bool, transposed: bool) -> Graph:
    """``a.T @ a`` or ``a @ a.T``."""
    builder = GraphBuilder("f")
    a = builder.input("a", DType.F32, (size, terms) if transposed else (terms, size))
    if view:
        both = (a, builder.transpose(a)) if transposed else (builder.transpose(a), a)
        result = builder.matmul(*both)
    else:
        labels = ((0, 2), (1, 2)) if transposed else ((2, 0), (2, 1))
        result = builder.contract(a, a, *labels, (0, 1))
    return builder.finish([("y", result)])


def products_in(made: LoopFunction) -> int:
    return sum(
        isinstance(s, Store) and isinstance(s.value, Op) and s.value.fn == "add" for s in walk_statements(made.body)
    )


@st.composite
def normal_matrices(draw: st.DrawFn) -> tuple[Graph, list[NDArray[Any]]]:
    terms, size = draw(st.sampled_from([3, 16, 19])), draw(st.integers(2, 5))
    graph = normal_matrix(terms, size, view=draw(st.booleans()), transposed=draw(st.booleans()))
    return graph, [draw(arrays(DType.F32, graph.inputs[0].type.shape))]


@given(program=normal_matrices(), goal=st.sampled_from(sorted(BY_GOAL)))
def test_both_triangles_have_the_bits_of_the_whole_product(
    program: tuple[Graph, list[NDArray[Any]]], goal: str
) -> None:
    graph, inputs = program
    made = lower_to_loops(graph, Options(optimize=goal))  # type: ignore[arg-type]
    verify_loops(made)
    assert_bits_equal(interpret_loops(made, inputs), interpret(graph, inputs))


@pytest.mark.parametrize("view", [False, True])
@pytest.mark.parametrize("transposed", [False, True])
def test_one_triangle_of_a_product_with_itself_is_computed(*, view: bool, transposed: bool) -> None:
    passes = frozenset({"promote-elements", "unroll-loops"})
    made = lower_to_loops(normal_matrix(20, 4, view=view, transposed=transposed), Options(), without=passes)
    assert products_in(made) == 10


def test_a_product_of_two_matrices_is_computed_in_whole() -> None:
    builder = GraphBuilder("f")
    a = builder.input("a", DType.F32, (40, 4))
    shifted = builder.input("b", DType.F32, (40, 4))
    made = lower_to_loops(builder.finish([("y", builder.matmul(builder.transpose(a), shifted))]), Options())
    assert products_in(made) < 10
