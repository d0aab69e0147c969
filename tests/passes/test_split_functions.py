"""Long bodies in parts: the bits may not change, and little crosses the cuts."""

from __future__ import annotations

from typing import Any

import numpy as np
from arc_codegen.generate import emit_loops
from arc_codegen.ir.expressions import all_bodies, walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interface import Argument, Interface, Leaf
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    LoopModule,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType, Origin, TensorType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.loops.split import split_functions
from arc_codegen.passes.loops.statement_size import weight
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from sweeps import examples

F32 = DType.F32
X, Y, I, S = (Symbol(k, hint) for k, hint in enumerate("xyis"))  # noqa: E741


@settings(max_examples=examples(100))
@given(
    program=programs(max_steps=24),
    goal=st.sampled_from(sorted(BY_GOAL)),
    longest=st.integers(1, 40),
    part=st.integers(1, 40),
)
def test_parts_keep_the_bits(program: tuple[Graph, list[Any]], goal: str, longest: int, part: int) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options(optimize=goal))  # type: ignore[arg-type]
    parted = share_memory(split_functions(function, longest=longest, part=part))
    verify_loops(parted)
    assert_loops_agree(parted, graph, inputs)


def chain(length: int, *, inside: Symbol | None = None) -> tuple[Stmt, ...]:
    """Each value is made of the two before it; the first ones are elements of x, the last one goes to y."""
    at = Index(0, ((inside, 1),)) if inside else Index()
    values: list[Expr] = [Load(X, at, F32), Load(X, Index(1), F32)]
    body: list[Stmt] = []
    for k in range(length):
        fn = ("add", "mul", "sub")[k % 3]
        symbol = Symbol(100 + k, f"v{k}")
        body.append(Let(symbol, Op(fn, (values[-2], values[-1]), F32), Origin("/somewhere/chain.py", 10 + k // 50)))
        values.append(Ref(symbol, F32))
    return (*body, Store(Y, at, values[-1]))


def function(*body: Stmt) -> LoopFunction:
    made = LoopFunction("f", (Buffer(X, F32, 4, "input", (4,)), Buffer(Y, F32, 4, "output", (4,))), body)
    zero = tuple(Store(Y, Index(k), Literal(0.0, F32)) for k in range(4))
    return LoopFunction("f", made.buffers, (*zero, *body))


INPUT = [np.array([0.5, 0.25, -1.0, 2.0], np.float32)]


def test_a_chain_has_parts_of_one_size_and_two_scalars_across_each_cut() -> None:
    before = function(*chain(1000))
    after = split_functions(before, longest=500, part=100)
    verify_loops(after)
    assert_bits_equal(interpret_loops(after, INPUT), interpret_loops(before, INPUT))
    assert 8 <= len(after.locals) <= 14
    assert all(sum(map(weight, local.body)) <= 150 for local in after.locals)
    (kept,) = (buffer for buffer in after.buffers if buffer.kind == "work")
    assert kept.size == 2
    assert all(isinstance(statement, Invoke) for statement in after.body)


def test_short_functions_stay_as_they_are() -> None:
    before = function(*chain(100))
    assert split_functions(before, longest=500, part=100) is before


def test_the_body_of_a_loop_is_cut_too() -> None:
    total = Set(S, Op("add", (Ref(S, F32), Load(Y, Index(0, ((I, 1),)), F32)), F32))
    before = function(
        Var(S, Literal(-0.0, F32)), For(I, 0, 4, (*chain(400, inside=I), total)), Store(Y, Index(), Ref(S, F32))
    )
    after = split_functions(before, longest=300, part=100)
    verify_loops(after)
    assert_bits_equal(interpret_loops(after, INPUT), interpret_loops(before, INPUT))
    (loop,) = (statement for statement in walk_statements(after.body) if isinstance(statement, For))
    assert sum(isinstance(statement, Invoke) for statement in loop.body) >= 3


def test_a_long_expression_is_cut() -> None:
    value: Expr = Load(X, Index(), F32)
    for k in range(2000):
        value = Op("add", (value, Load(X, Index(k % 4), F32)), F32)
    before = function(Store(Y, Index(), value))
    after = split_functions(before, longest=500, part=100)
    verify_loops(after)
    assert_bits_equal(interpret_loops(after, INPUT), interpret_loops(before, INPUT))
    assert all(sum(map(weight, local.body)) <= 200 for local in after.locals)


def test_comments_tell_the_lines() -> None:
    after = split_functions(function(*chain(1000)), longest=500, part=100)
    source = emit_loops(LoopModule("m", (after,))).source
    assert "/* Part 1 of f. chain.py:10-12 */\nARC_FAST_CODE ARC_NOINLINE static void f_part1(" in source


def test_a_state_is_not_read_again_once_it_may_have_changed() -> None:
    leaf = Leaf(TensorType(F32, (4,)))
    before = function(*chain(400), Store(Y, Index(1), Load(X, Index(3), F32)))
    first = Let(S, Load(X, Index(2), F32))
    last = Store(Y, Index(2), Ref(S, F32))
    given = Interface((Argument("x", leaf, "inout"),))
    before = LoopFunction("f", before.buffers, (first, *before.body, last), interface=given)
    after = split_functions(before, longest=300, part=100)
    verify_loops(after)
    assert_bits_equal(interpret_loops(after, INPUT), interpret_loops(before, INPUT))
    bodies = [list(walk_statements(body)) for body in all_bodies(after)]
    assert sum(isinstance(s, Let) and s.value == first.value for body in bodies for s in body) == 1
