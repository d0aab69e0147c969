"""Repeated straight-line code becomes functions: the bits may not change, and what is planted is found."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType, Origin
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.repeats import Worth, outline_repeats
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import elements, programs
from strategies.repetitive_functions import deciding, repetitive
from sweeps import examples

F32 = DType.F32
X, Y, W = Symbol(0, "x"), Symbol(1, "y"), Symbol(2, "w")
ALWAYS = Worth(-(10**6))
SIZE = 12

BINARY = ("add", "sub", "mul", "div", "max", "hypot")
UNARY = ("neg", "sqrt", "sin", "abs")


def numbers() -> st.SearchStrategy[list[float]]:
    return st.lists(elements(F32), min_size=SIZE, max_size=SIZE)


@settings(max_examples=examples(60))
@given(function=repetitive(), values=numbers(), worth=st.sampled_from([ALWAYS, Worth(1), Worth(20, 0.02, 0.5)]))
def test_outlining_keeps_the_bits(function: LoopFunction, values: list[float], worth: Worth) -> None:
    verify_loops(function)
    x = [np.array(values, np.float32)]
    changed = outline_repeats(function, worth)
    verify_loops(changed)
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(function, x))
    verify_loops(share_memory(changed))
    assert_bits_equal(interpret_loops(share_memory(changed), x), interpret_loops(function, x))


@settings(max_examples=examples(60))
@given(function=deciding(), values=numbers())
def test_results_of_several_types_come_out(function: LoopFunction, values: list[float]) -> None:
    """Conditions and numbers that a part makes are read behind it: each type has an array of its own."""
    verify_loops(function)
    x = [np.array(values, np.float32)]
    changed = outline_repeats(function, ALWAYS)
    verify_loops(changed)
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(function, x))


@settings(max_examples=examples(15))
@given(program=programs(max_steps=20))
def test_it_keeps_the_bits_of_random_programs(program: Any) -> None:
    graph, inputs = program
    others = frozenset({"outline-repeats"})
    function = lower_to_loops(graph, Options(optimize="size"), without=others)
    changed = outline_repeats(function, ALWAYS)
    verify_loops(changed)
    assert_loops_agree(changed, graph, inputs)


@settings(max_examples=examples(15))
@given(function=repetitive())
def test_the_same_program_gives_the_same_functions(function: LoopFunction) -> None:
    assert outline_repeats(function, ALWAYS) == outline_repeats(function, ALWAYS)


# -- what it is for ----------------------------------------------------------------------------------------------------


def stage(number: int, force: Expr, moved: Expr) -> tuple[list[Stmt], Expr]:
    """A rate as each stage of an integrator computes it."""

    def op(fn: str, *operands: Expr) -> Op:
        return Op(fn, operands, F32)

    product = Ref(Symbol(100 * number, "drag"), F32)
    rate = Ref(Symbol(100 * number + 1, "rate"), F32)
    origin = Origin("model.py", 7, "rate")
    half = Literal(0.5, F32)
    mass = op("add", op("mul", moved, half), half)
    statements: list[Stmt] = [
        Let(product.symbol, op("mul", op("mul", moved, op("abs", moved)), half), Origin("model.py", 6, "drag")),
        Let(rate.symbol, op("sub", op("div", op("sub", force, product), mass), product), origin),
    ]
    return statements, rate


@pytest.fixture
def stages() -> LoopFunction:
    """Four stages, each at where the one before leads; they and their sum are the output."""
    statements: list[Stmt] = []
    moved: Expr = Load(X, Index(0), F32)
    for number in range(1, 5):
        made, rate = stage(number, Load(X, Index(1), F32), moved)
        statements.extend(made)
        statements.append(Store(Y, Index(number - 1), rate))
        moved = Op("add", (Load(X, Index(0), F32), rate), F32)
    return LoopFunction(
        "step", (Buffer(X, F32, 2, "input", (2,)), Buffer(Y, F32, 4, "output", (4,))), tuple(statements)
    )


def test_stages_of_an_integrator_call_one_function(stages: LoopFunction) -> None:
    changed = outline_repeats(stages, Worth(1))
    verify_loops(changed)
    (local,) = changed.locals
    assert local.symbol.hint == "rate"
    assert local.doc == "3 times"
    # With the step to the next stage, which the last has not.
    assert sum(isinstance(statement, Invoke) for statement in changed.body) == 3
    x = [np.array([0.3, 2.0], np.float32)]
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(stages, x))


def test_little_code_stays_where_it_is(stages: LoopFunction) -> None:
    assert outline_repeats(stages, Worth(2000)) == stages
    assert outline_repeats(stages, Worth(1, calls=0.1)) == stages


def test_a_function_does_again_what_is_dear_to_pass() -> None:
    def op(fn: str, *operands: Expr) -> Op:
        return Op(fn, operands, F32)

    statements: list[Stmt] = []
    for number, other in enumerate(("sin", "cos", "exp", "tanh")):
        place: Expr = Load(X, Index(number), F32)
        half, turned = (Ref(Symbol(100 * number + 50 + k, name), F32) for k, name in enumerate(("half", "turned")))
        statements.append(Let(half.symbol, op("mul", place, Literal(0.5, F32))))
        statements.append(Let(turned.symbol, op(other, half)))  # what each occurrence does in its own way
        value = op("div", op("add", op("mul", half, turned), place), op("sqrt", op("add", op("abs", half), turned)))
        statements.append(Store(Y, Index(number), op("sub", op("mul", value, value), half)))
    buffers = (Buffer(X, F32, 4, "input", (4,)), Buffer(Y, F32, 4, "output", (4,)))
    function = LoopFunction("turns", buffers, tuple(statements))
    changed = outline_repeats(function, Worth(1))
    verify_loops(changed)
    (local,) = changed.locals
    assert len(local.values) == 2, "the place and what it was turned to, but not its half"
    assert Op("mul", (local.values[0], Literal(0.5, F32)), F32) in [s.value for s in local.body if isinstance(s, Let)]
    x = [np.array([0.3, 2.0, -0.0, 1.5], np.float32)]
    assert_bits_equal(interpret_loops(changed, x), interpret_loops(function, x))


def test_files_and_lines_may_be_kept_out_of_comments(stages: LoopFunction) -> None:
    (local,) = outline_repeats(stages, Worth(1), locations=False).locals
    assert local.doc == ""
