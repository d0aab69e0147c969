"""Outputs as work arrays: less memory, the same bits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import Buffer, Expr, For, Index, Literal, Load, LoopFunction, Op, Stmt, Store, Symbol
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.scratch import work_in_outputs
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from sweeps import examples

import archimedes as arc

F32 = DType.F32
X, Y, W, RUN, COLUMN = (Symbol(number, name) for number, name in enumerate("xywij"))
SIZE = 12
BUFFERS = tuple(Buffer(s, F32, SIZE, kind, (SIZE,)) for s, kind in ((X, "input"), (Y, "output"), (W, "work")))


def at(buffer: Symbol, offset: int = 0, i: int = 0, j: int = 0) -> Load:
    return Load(buffer, index(offset, i, j), F32)


def index(offset: int = 0, i: int = 0, j: int = 0) -> Index:
    return Index(offset, tuple((symbol, step) for symbol, step in ((RUN, i), (COLUMN, j)) if step))


def twice(value: Expr) -> Op:
    return Op("mul", (value, Literal(2.0, F32)), F32)


def program(*last: Stmt) -> LoopFunction:
    fill = For(RUN, 0, SIZE, (Store(W, index(i=1), twice(at(X, i=1))),))
    function = LoopFunction("f", BUFFERS, (fill, *last))
    verify_loops(function)
    return function


HANDED_OVER: dict[str, tuple[Stmt, ...]] = {
    "element by element": (For(RUN, 0, SIZE, (Store(Y, index(i=1), twice(at(W, i=1))),)),),
    "two runs in one": (
        For(RUN, 0, 6, (Store(Y, index(0, 2), twice(at(W, 0, 2))), Store(Y, index(1, 2), twice(at(W, 1, 2))))),
    ),
    "rows": (For(RUN, 0, 3, (For(COLUMN, 0, 4, (Store(Y, index(0, 4, 1), twice(at(W, 0, 4, 1))),)),)),),
}

KEPT: dict[str, tuple[Stmt, ...]] = {
    "a neighbour is read": (
        For(RUN, 0, SIZE - 1, (Store(Y, index(1, 1), twice(at(W, 0, 1))),)),
        Store(Y, index(), at(X)),
    ),
    "backwards": (For(RUN, 0, SIZE, (Store(Y, index(i=1), twice(at(W, SIZE - 1, -1))),)),),
    "read again behind": (For(RUN, 0, SIZE, (Store(Y, index(i=1), at(W, i=1)),)), Store(Y, index(), at(W, 3))),
    "the other element is read later in the run": (
        For(RUN, 0, 6, (Store(Y, index(1, 2), at(W, 0, 2)), Store(Y, index(0, 2), at(W, 1, 2)))),
    ),
    "read again in a loop inside": (
        For(RUN, 0, SIZE, (For(COLUMN, 0, 3, (Store(Y, index(i=1), twice(at(W, i=1))),)),)),
    ),
}


@pytest.mark.parametrize("case", [*HANDED_OVER, *KEPT])
def test_who_may_move_in(case: str) -> None:
    before = program(*(HANDED_OVER | KEPT)[case])
    after = work_in_outputs(before)
    verify_loops(after)
    assert any(buffer.kind == "work" for buffer in after.buffers) == (case in KEPT)
    inputs = [np.random.default_rng(0).normal(size=SIZE).astype(np.float32)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))


@settings(max_examples=examples(100))
@given(program=programs(max_steps=20), goal=st.sampled_from(sorted(BY_GOAL)))
def test_random_programs(program: tuple[Graph, list[NDArray[Any]]], goal: str) -> None:
    graph, inputs = program
    options = Options(optimize=goal, without=("work-in-outputs",))  # type: ignore[arg-type]
    function = lower_to_loops(graph, options)
    after = work_in_outputs(function)
    verify_loops(after)
    assert_loops_agree(after, graph, inputs)


def test_a_state_is_not_written_before_its_time(tmp_path: Any) -> None:
    def step(state: Any, u: Any) -> Any:
        inner = np.tanh(np.outer(state, u) @ u)
        return inner * np.sum(inner)

    made = arc.codegen(
        step, (np.ones(24, np.float32), np.ones(24, np.float32)), state="state", output_dir=tmp_path, optimize="size"
    )
    work = {function["c_name"]: function["workspace_bytes"] for function in made.generated.manifest["functions"]}
    assert max(work.values()) >= 96, "the new state stands beside the old one, which is still read"
