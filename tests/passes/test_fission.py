"""Loops over many scalars become several: the same bits, whatever goes from one to the next."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import For, Index, LoopFunction, Op, Symbol
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.loops.fission import distribute_loops
from hypothesis import given
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.filter_cascades import cascades, filters

import archimedes as arc
from archimedes.export.generation import FunctionRequest, generate_module

F64 = DType.F64
RUNS = 6
X, C, Y, S, RUN = (Symbol(number, name) for number, name in enumerate("xcysi"))
EACH = Index(0, ((RUN, 1),))


def op(fn: str, *args: Any) -> Op:
    return Op(fn, args, F64)


def loops_of(function: LoopFunction) -> list[For]:
    return [statement for statement in walk_statements(function.body) if isinstance(statement, For)]


def check(before: LoopFunction, after: LoopFunction, count: int) -> None:
    verify_loops(after)
    draw = np.random.default_rng(0)
    inputs = [draw.normal(size=RUNS), draw.normal(size=2 * count)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))


@pytest.mark.parametrize(("most", "loops"), [(0, 1), (3, 4), (6, 2), (9, 2), (12, 1)])
def test_a_cascade_is_cut_where_registers_end(most: int, loops: int) -> None:
    before = filters(4, [[-1], [0], [1], [2]])
    after = distribute_loops(before, most=most)
    assert len(loops_of(after)) == loops
    check(before, after, 4)


def test_scalars_live_beside_their_loop() -> None:
    after = distribute_loops(filters(2, [[-1], [0]]), most=3)
    kinds = [type(statement).__name__ for statement in after.body]
    assert kinds == ["Let", "Let", "Var", "For", "Store"] * 2


def test_what_two_loops_would_read_keeps_them_one() -> None:
    before = filters(3, [[-1], [0], [0, 1]])
    assert len(loops_of(distribute_loops(before, most=3))) == 1


@given(program=cascades(), most=st.integers(1, 12))
def test_any_cascade_keeps_its_bits(program: tuple[int, list[list[int]]], most: int) -> None:
    before = filters(*program)
    check(before, distribute_loops(before, most=most), program[0])


def test_generated_filters_go_over_their_samples_twice() -> None:
    def smooth(weights: Any, state: Any, samples: Any) -> Any:
        def step(state: Any, sample: Any) -> Any:
            moved = np.zeros_like(state)
            for k in range(12):
                moved[k] = sample + weights[k] * state[k]
                sample = moved[k] * 0.5
            return moved, sample

        return arc.scan(step, state, samples)

    arguments = (np.zeros(12, np.float32), np.zeros(12, np.float32), np.zeros(40, np.float32))
    request = FunctionRequest(arc.compile(smooth), arguments)
    made = generate_module([request], name="f", real="float32", options=Options(optimize="balanced"))
    assert made.files["f.c"].count("i < 40") == 2
