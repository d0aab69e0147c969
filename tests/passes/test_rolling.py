"""Steps that are written out one after the other become loops: the same bits, and code that does not grow."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Loop, Module
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import decide_bits, optimise
from arc_codegen.passes.rewriting import rebuild
from arc_codegen.passes.rolling import roll_loops
from hypothesis import given, settings
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.written_out_loops import programs

Program = tuple[Graph, list[NDArray[Any]]]

EAGER = dataclasses.replace(BY_GOAL["size"], rolled=3, rolled_work=1, straight_line=0)
"""Rolls whatever can be rolled."""


def loops_of(graph: Graph) -> list[Loop]:
    return [node for node in graph.nodes if isinstance(node, Loop)]


@given(program=programs())
@settings(deadline=None, max_examples=200)
def test_rolling_keeps_the_bits(program: Program) -> None:
    graph, inputs = program
    expected = interpret(graph, inputs)
    for before in (graph, rebuild(graph, IndexMaps())):
        rolled = roll_loops(before, EAGER)
        verify_graph(rolled)
        assert_bits_equal(interpret(rolled, inputs), expected)


@given(program=programs())
@settings(deadline=None, max_examples=25)
def test_rolled_steps_become_loops_in_c(program: Program) -> None:
    graph, inputs = program
    rolled = roll_loops(rebuild(graph, IndexMaps()), EAGER)
    function = lower_to_loops(optimise(rolled, Options(), verify=True), Options())
    verify_loops(function)
    assert_loops_agree(function, decide_bits(rolled, Options()), inputs)


def pendulum(steps: int, *, sweep: bool) -> Graph:
    """Steps of a pendulum, and perhaps those of the reverse sweep."""
    builder = GraphBuilder("f")
    torque = builder.input("torque", DType.F32, (steps,))
    state = builder.input("state", DType.F32, (2,))
    period = builder.constant(0.1, DType.F32)
    angle, rate = (builder.view(state, (), k, ()) for k in (0, 1))
    passed = []
    for k in range(steps):
        passed.append(angle)
        pull = builder.map("sub", builder.view(torque, (), k, ()), builder.map("sin", angle))
        angle = builder.map("add", angle, builder.map("mul", rate, period))
        rate = builder.map("add", rate, builder.map("mul", pull, period))
    outputs = [("angle", angle), ("rate", rate)]
    if sweep:
        of_angle, of_rate, found = angle, rate, []
        for at in reversed(passed):
            pulled = builder.map("mul", of_rate, period)
            found.append(builder.reshape(pulled, (1,)))
            of_rate = builder.map("add", of_rate, builder.map("mul", of_angle, period))
            of_angle = builder.map("sub", of_angle, builder.map("mul", pulled, builder.map("cos", at)))
        outputs = [("gradient", builder.concatenate(found[::-1]))]
    return builder.finish(outputs)


@pytest.mark.parametrize("sweep", [False, True])
def test_all_steps_are_in_the_loops(sweep: bool) -> None:
    rolled = roll_loops(rebuild(pendulum(20, sweep=sweep), IndexMaps()), BY_GOAL["balanced"])
    assert [loop.length for loop in loops_of(rolled)] == [20] * (1 + sweep)
    assert [loop.backwards for loop in loops_of(rolled)] == [False, True][: 1 + sweep]


def test_only_states_are_kept_for_the_sweep() -> None:
    """What the sweep reads beside the states is computed again from them, as a scan's adjoint does."""
    forward, backward = loops_of(roll_loops(rebuild(pendulum(20, sweep=True), IndexMaps()), BY_GOAL["balanced"]))
    assert [kind.shape for kind in forward.result_types()[len(forward.carries) :]] == [(20,)]
    assert len(backward.elements) == 1


@pytest.mark.parametrize("goal", sorted(BY_GOAL))
def test_code_does_not_grow_with_the_number_of_steps(goal: Any) -> None:
    sources = []
    for steps in (100, 150):
        module = Module("m", (pendulum(steps, sweep=True),))
        sources.append(generate(module, Options(optimize=goal)).source)
    assert len(sources[0].splitlines()) == len(sources[1].splitlines())


@pytest.mark.parametrize(("goal", "steps"), [("size", 3), ("balanced", 7), ("speed", 7)])
def test_few_steps_stay_written_out(goal: str, steps: int) -> None:
    graph = rebuild(pendulum(steps, sweep=True), IndexMaps())
    assert roll_loops(graph, BY_GOAL[goal]) is graph
    assert roll_loops(rebuild(pendulum(steps + 1, sweep=True), IndexMaps()), BY_GOAL[goal]) is not graph


def test_numbers_that_differ_from_step_to_step_are_a_table() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32)
    for k in range(20):
        x = builder.map("sin", builder.map("add", x, builder.constant(float(k * k), DType.F32)))
    graph = builder.finish([("y", x)])
    rolled = roll_loops(graph, BY_GOAL["balanced"])
    (loop,) = loops_of(rolled)
    assert (loop.length, len(loop.elements)) == (20, 1)
    inputs = [np.float32(0.5)]
    assert_bits_equal(interpret(rolled, inputs), interpret(graph, inputs))
