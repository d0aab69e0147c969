"""Passes on the loop IR: the bits may not change, and what each is for is done."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import Buffer, For, Index, Let, Load, LoopFunction, Op, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.loops import Literal as Number
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loops.dead_stores import drop_stores
from arc_codegen.passes.loops.forwarding import forward_elements
from arc_codegen.passes.loops.fusion import fuse_loops
from arc_codegen.passes.loops.jam import jam_loops
from arc_codegen.passes.loops.pipeline import LOOP_PIPELINE, optimise_loops
from arc_codegen.passes.loops.promotion import promote_elements
from arc_codegen.passes.loops.unroll import Unrolled, unroll_loops
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from sweeps import examples

F64 = DType.F64
NAMES = [step.name for step in LOOP_PIPELINE]

Program = tuple[Graph, list[NDArray[Any]]]


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=examples(40))
@given(program=programs(), goal=st.sampled_from(sorted(BY_GOAL)))
def test_a_single_pass_keeps_the_bits(name: str, program: Program, goal: str) -> None:
    graph, inputs = program
    others = frozenset(NAMES) - {name}
    function = lower_to_loops(graph, Options(optimize=goal), without=others)  # type: ignore[arg-type]
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


@given(program=programs(max_steps=20), left_out=st.sets(st.sampled_from(NAMES)), goal=st.sampled_from(sorted(BY_GOAL)))
def test_any_loop_pass_may_be_left_out(program: Program, left_out: set[str], goal: str) -> None:
    graph, inputs = program
    options = Options(optimize=goal)  # type: ignore[arg-type]
    function = lower_to_loops(graph, options, without=frozenset(left_out))
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


# -- loops written by hand ---------------------------------------------------------------------------------------------

SYMBOLS = {name: Symbol(number, name) for number, name in enumerate(["x", "y", "z", "t", "i", "j", "k", "s", "w"])}


def at(buffer: str, offset: int = 0, **terms: int) -> Load:
    return Load(SYMBOLS[buffer], Index(offset, tuple((SYMBOLS[v], c) for v, c in terms.items())), F64)


def put(buffer: str, value: Any, offset: int = 0, **terms: int) -> Store:
    return Store(SYMBOLS[buffer], Index(offset, tuple((SYMBOLS[v], c) for v, c in terms.items())), value)


def loop(variable: str, count: int, *body: Stmt) -> For:
    return For(SYMBOLS[variable], 0, count, body)


def twice(value: Any) -> Op:
    return Op("add", (value, value), F64)


def function(*body: Stmt, size: int = 8) -> LoopFunction:
    kinds = {"x": "input", "y": "output", "z": "output", "w": "work"}
    buffers = tuple(Buffer(SYMBOLS[name], F64, 64, kind, (64,)) for name, kind in kinds.items())
    everything = For(SYMBOLS["k"], 0, 64, tuple(put(name, Number(0.0, F64), k=1) for name in ("y", "z", "w")))
    made = LoopFunction("f", buffers, (everything, *body))
    verify_loops(made)
    return made


def loops_of(made: LoopFunction) -> int:
    return sum(isinstance(statement, For) for statement in walk_statements(made.body)) - 1


def check(before: LoopFunction, after: LoopFunction) -> None:
    verify_loops(after)
    x = [np.random.default_rng(0).normal(size=64)]
    assert_bits_equal(interpret_loops(after, x), interpret_loops(before, x))


FUSED: dict[str, tuple[tuple[Stmt, ...], int]] = {
    "reads what was written in this run": (
        (loop("i", 8, put("y", twice(at("x", i=1)), i=1)), loop("j", 8, put("z", twice(at("y", j=1)), j=1))),
        1,
    ),
    "reads what was written in the run before": (
        (loop("i", 8, put("y", at("x", i=1), 1, i=1)), loop("j", 8, put("z", at("y", j=1), j=1))),
        1,
    ),
    "reads what the next run writes": (
        (loop("i", 8, put("y", at("x", i=1), i=1)), loop("j", 8, put("z", at("y", 1, j=1), j=1))),
        2,
    ),
    "writes what an earlier run has read": (
        (loop("i", 8, put("z", at("y", 1, i=1), i=1)), loop("j", 8, put("y", at("z", j=1), j=1))),
        1,
    ),
    "writes what a later run reads": (
        (loop("i", 8, put("z", at("y", i=1), i=1)), loop("j", 8, put("y", at("z", j=1), 1, j=1))),
        2,
    ),
    "backwards, reads what the next run writes": (
        (loop("i", 8, put("y", at("x", i=1), 8, i=-1)), loop("j", 8, put("z", at("y", 7, j=-1), 7, j=-1))),
        2,
    ),
    "reads everything": (
        (
            loop("i", 8, put("y", at("x", i=1), i=1)),
            loop("j", 8, loop("k", 8, put("z", Op("mul", (at("x", j=1), at("y", k=1)), F64), j=8, k=1))),
        ),
        3,
    ),
    "shares nothing": (
        (loop("i", 8, put("y", at("x", i=1), i=1)), loop("j", 8, put("z", at("x", 8, j=2), j=2))),
        2,
    ),
}


@pytest.mark.parametrize("case", FUSED)
def test_fusion(case: str) -> None:
    body, left = FUSED[case]
    before = function(*body)
    after = fuse_loops(before)
    assert loops_of(after) == left
    check(before, after)


def test_what_stands_between_goes_where_it_must() -> None:
    between_needs_first = Let(SYMBOLS["t"], at("y", 3))
    second_needs_it = put("z", Op("mul", (Ref(SYMBOLS["t"], F64), at("x", j=1)), F64), j=1)
    before = function(loop("i", 8, put("y", at("x", i=1), i=1)), between_needs_first, loop("j", 8, second_needs_it))
    assert loops_of(fuse_loops(before)) == 2
    free = function(
        loop("i", 8, put("y", at("x", i=1), i=1)),
        between_needs_first,
        put("w", Ref(SYMBOLS["t"], F64), 9),
        loop("j", 8, put("z", at("x", j=1), j=1)),
        put("y", at("w", 9), 20),
    )
    after = fuse_loops(free)
    assert loops_of(after) == 1
    check(free, after)


def dot_rows(rows: int) -> tuple[Stmt, ...]:
    """``y[i] = x[8 i:][:8] @ x[:8]``, in order."""
    s = SYMBOLS["s"]
    step = Op("add", (Ref(s, F64), Op("mul", (at("x", i=8, j=1), at("x", j=1)), F64)), F64)
    return (loop("i", rows, Var(s, Number(-0.0, F64)), loop("j", 8, Set(s, step)), put("y", Ref(s, F64), i=1)),)


@pytest.mark.parametrize("rows", [2, 6, 7, 8])
def test_rows_go_together_and_keep_the_order_of_their_sums(rows: int) -> None:
    before = function(*dot_rows(rows))
    after = jam_loops(before, copies=4, statements=40)
    check(before, after)
    sums = sum(isinstance(statement, Var) for statement in walk_statements(after.body))
    assert sums == {2: 2, 6: 3, 7: 1, 8: 4}[rows]


def test_jamming_is_weighed_against_what_unrolling_saves_anyway() -> None:
    (rows,) = dot_rows(8)
    assert isinstance(rows, For)
    total, inner, _ = rows.body
    tail = put("y", Op("exp", (Op("exp", (Ref(SYMBOLS["s"], F64),), F64),), F64), i=1)
    before = function(loop("i", 8, total, inner, tail))
    counts = []
    for unrolled in (Unrolled(1, 0, 0), Unrolled(8, 96, 0)):
        after = jam_loops(before, copies=8, statements=40, worth=2.0, unrolled=unrolled)
        check(before, after)
        counts.append(sum(isinstance(statement, Var) for statement in walk_statements(after.body)))
    assert counts == [2, 1]


def test_runs_go_together_where_their_inner_loops_read_more_than_registers_hold() -> None:
    for arrays, runs in ((3, 4), (4, 2)):
        terms = [
            Let(Symbol(100 + k, "t"), Op("mul", (at("x", 4 * k, j=1), at("x", 60, i=1)), F64)) for k in range(arrays)
        ]
        stored = [put("z", Ref(term.symbol, F64), 4 * k, i=16, j=1) for k, term in enumerate(terms)]
        before = function(loop("i", 4, loop("j", 4, *terms, *stored)))
        after = jam_loops(before, copies=2, statements=40, whole=1000)
        check(before, after)
        outer = after.body[-1]
        assert isinstance(outer, For)
        assert outer.stop - outer.start == runs


def test_runs_that_wait_for_each_other_are_left_alone() -> None:
    chain = loop("i", 8, loop("j", 4, put("y", Op("add", (at("y", i=1), at("x", j=1)), F64), 1, i=1)))
    before = function(chain)
    assert jam_loops(before, copies=4, statements=40).body == before.body


def test_short_loops_are_unrolled_and_long_ones_in_part() -> None:
    before = function(*dot_rows(8))
    part = unroll_loops(before, copies=4, operations=32, whole=0)
    assert loops_of(part) == 2
    check(before, part)
    whole = unroll_loops(before, copies=4, operations=32, whole=64)
    assert loops_of(whole) == 1
    check(before, whole)


def test_a_work_array_that_is_read_in_the_same_run_only_is_gone() -> None:
    before = function(
        loop("i", 8, put("w", twice(at("x", i=1)), i=1), put("y", twice(at("w", i=1)), i=1)),
    )
    bare = LoopFunction("f", before.buffers, before.body[1:])
    after = drop_stores(forward_elements(bare))
    assert [buffer.symbol.hint for buffer in after.buffers] == ["x", "y", "z"]
    assert sum(isinstance(statement, Store) for statement in walk_statements(after.body)) == 1


def test_an_element_is_read_once_before_the_loop_whose_stores_a_compiler_must_fear() -> None:
    before = function(loop("i", 8, put("y", Op("mul", (at("x", 40), at("x", i=1)), F64), i=1)))
    after = forward_elements(before)
    check(before, after)
    assert isinstance(after.body[1], Let)
    overwritten = function(loop("i", 8, put("y", Op("mul", (at("y", 3), at("x", i=1)), F64), i=1)))
    assert forward_elements(overwritten).body[-1] == overwritten.body[-1]


def test_a_running_state_is_a_scalar_while_the_loop_runs() -> None:
    grown = Op("add", (at("y", 2), at("x", i=1)), F64)
    before = function(put("y", at("x", 7), 2), loop("i", 8, put("y", grown, 2), put("z", at("y", 2), i=1)))
    after = drop_stores(forward_elements(promote_elements(before, most=4)))
    check(before, after)
    run = next(s for s in reversed(after.body) if isinstance(s, For))
    assert not any(isinstance(s, Store) and s.buffer == SYMBOLS["y"] for s in run.body)
    assert sum(isinstance(s, Store) and s.buffer == SYMBOLS["y"] for s in after.body) == 1  # the first was in vain
    assert promote_elements(before, most=0) is before


def test_what_each_run_writes_first_is_not_read_before_the_loop() -> None:
    before = function(loop("i", 8, put("w", twice(at("x", i=1)), 2), put("z", at("w", 2), i=1)))
    assert promote_elements(before, most=4).body == before.body
    after = drop_stores(forward_elements(before))
    check(before, after)
    assert not any(isinstance(s, Store) and s.buffer == SYMBOLS["w"] for s in walk_statements(after.body[1:]))


def test_a_state_that_also_moves_stays_in_memory() -> None:
    grown = Op("add", (at("y", 2), at("x", i=1)), F64)
    before = function(loop("i", 8, put("y", grown, 2), put("z", at("y", i=1), i=1)))
    assert promote_elements(before, most=4).body == before.body


def test_all_of_them_on_a_product() -> None:
    before = function(*dot_rows(8), loop("i", 8, put("z", twice(at("y", i=1)), i=1)))
    for goal in BY_GOAL:
        after = optimise_loops(before, Options(optimize=goal))  # type: ignore[arg-type]
        check(before, after)
