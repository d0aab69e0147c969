"""The order of straight-line code: the bits may not change, and fewer scalars are alive at a time."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import emit_loops
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interface import Argument, Interface, Leaf
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    Fail,
    Index,
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
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loops.schedule import schedule_scalars
from arc_codegen.passes.loops.split import split_functions
from arc_codegen.passes.lowering import lower_to_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs
from strategies.local_functions import with_local_functions
from sweeps import examples

F32 = DType.F32
X, Y, A, B = (Symbol(k, hint) for k, hint in enumerate("xyab"))


@settings(max_examples=examples(100))
@given(
    program=programs(max_steps=24),
    goal=st.sampled_from(sorted(BY_GOAL)),
    registers=st.integers(1, 4),
    data=st.data(),
)
def test_another_order_keeps_the_bits(
    program: tuple[Graph, list[Any]], goal: str, registers: int, data: st.DataObject
) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options(optimize=goal))  # type: ignore[arg-type]
    function = data.draw(st.one_of(st.just(function), with_local_functions(function)))
    function = split_functions(function, longest=40, part=20)
    scheduled = schedule_scalars(function, registers=registers, worth=1)
    verify_loops(scheduled)
    assert_loops_agree(scheduled, graph, inputs)


def element(k: int) -> Load:
    return Load(X, Index(k), F32)


def put(k: int, value: Expr) -> Store:
    return Store(Y, Index(k), value)


def function(*body: Stmt, size: int, interface: Interface | None = None) -> LoopFunction:
    buffers = (Buffer(X, F32, size, "input", (size,)), Buffer(Y, F32, size, "output", (size,)))
    made = LoopFunction("f", buffers, body, interface=interface)
    verify_loops(made)
    return made


def wide(size: int) -> tuple[Stmt, ...]:
    """All squares first, then what is made of each: as an array expression leaves it once its elements are scalars."""
    symbols = [Symbol(100 + k, f"v{k}") for k in range(size)]
    squares = [Let(s, Op("mul", (element(k), element(k)), F32)) for k, s in enumerate(symbols)]
    refs = [Ref(s, F32) for s in symbols]
    return (*squares, *(put(k, Op("add", (ref, Op("mul", (ref, ref), F32)), F32)) for k, ref in enumerate(refs)))


def most_alive(body: tuple[Stmt, ...]) -> int:
    """Of constants that are stored, the most between their definition and their store at one time."""
    defined = {s.symbol: k for k, s in enumerate(body) if isinstance(s, Let)}
    stored = {s.index.offset: k for k, s in enumerate(body) if isinstance(s, Store)}
    lives = [(at, stored[symbol.id - 100]) for symbol, at in defined.items()]
    return max(sum(begin <= k < end for begin, end in lives) for k in range(len(body)))


def test_values_are_used_as_soon_as_they_are_there() -> None:
    before = function(*wide(60), size=60)
    after = schedule_scalars(before, registers=8)
    verify_loops(after)
    inputs = [np.linspace(-1, 1, 60, dtype=np.float32)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))
    assert (most_alive(before.body), most_alive(after.body)) == (60, 1)
    assert sorted(map(id, after.body)) == sorted(map(id, before.body))


def test_what_fits_into_registers_stays_in_the_users_order() -> None:
    before = function(*wide(20), size=20)
    assert schedule_scalars(before, registers=24) is before


def test_gcc_is_asked_to_keep_an_order_that_was_chosen_and_no_other() -> None:
    before = function(*wide(60), size=60)
    asked = '#pragma GCC optimize("no-schedule-insns,'
    assert asked in emit_loops(LoopModule("m", (schedule_scalars(before, registers=8),))).source
    assert asked not in emit_loops(LoopModule("m", (before,))).source


def test_elements_are_not_read_after_they_are_written_over() -> None:
    """Each store writes over the element that a constant before it has read."""
    body: list[Stmt] = [put(k, element(k)) for k in range(40)]
    symbols = [Symbol(100 + k, f"v{k}") for k in range(40)]
    body += [Let(s, Load(Y, Index(k), F32)) for k, s in enumerate(symbols)]
    body += [put((k + 1) % 40, Op("neg", (Ref(s, F32),), F32)) for k, s in enumerate(symbols)]
    before = function(*body, size=40)
    after = schedule_scalars(before, registers=2, worth=1)
    inputs = [np.arange(1, 41, dtype=np.float32)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))


def test_a_state_is_read_before_its_new_value_is_written() -> None:
    """The argument is read and written in place, so that its buffers are one memory."""
    given_ = Interface((Argument("x", Leaf(TensorType(F32, (40,))), "inout"),))
    symbols = [Symbol(100 + k, f"v{k}") for k in range(40)]
    reads = [Let(s, element((k + 1) % 40)) for k, s in enumerate(symbols)]
    writes = [put(k, Ref(s, F32)) for k, s in enumerate(symbols)]
    after = schedule_scalars(function(*reads, *writes, size=40, interface=given_), registers=2, worth=1)
    read = {
        s.value.index.offset: k for k, s in enumerate(after.body) if isinstance(s, Let) and isinstance(s.value, Load)
    }
    written = {s.index.offset: k for k, s in enumerate(after.body) if isinstance(s, Store)}
    assert all(read[k] < written[k] for k in range(40))


@pytest.mark.parametrize("registers", [1, 4])
def test_variables_change_in_their_order_and_nothing_passes_what_may_fail(registers: int) -> None:
    total = Ref(A, F32)
    bad = Op("lt", (total, Literal(0.0, F32)), DType.BOOL)
    body: list[Stmt] = [Var(A, Literal(0.0, F32))]
    for k in range(30):
        body.append(Set(A, Op("add", (total, element(k)), F32)))
        body.append(put(k, Op("mul", (total, total), F32)))
    fails = Fail(bad, Status.SINGULAR)
    body = [*body[:31], fails, *body[31:], Let(B, total), put(0, Ref(B, F32))]
    before = function(*body, size=30)
    after = schedule_scalars(before, registers=registers, worth=1)
    assert set(map(id, after.body[: after.body.index(fails)])) == set(map(id, before.body[: before.body.index(fails)]))
    inputs = [np.arange(30, dtype=np.float32)]
    assert_bits_equal(interpret_loops(after, inputs), interpret_loops(before, inputs))
