"""Every pass, and the loops, on random graphs: the bits may not change."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Solve
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.types import DType, TensorType
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.pipeline import PIPELINE, decide_bits, optimise
from arc_codegen.passes.scalarise import scalarise
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import programs

Program = tuple[Graph, list[NDArray[Any]]]


@pytest.mark.parametrize("step", [step for step in PIPELINE if not step.decides], ids=lambda step: step.name)
@given(program=programs())
def test_single_pass_keeps_the_bits(step: Any, program: Program) -> None:
    graph, inputs = program
    changed = step.run(graph, Options())
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


@given(program=programs(), goal=st.sampled_from(sorted(BY_GOAL)))
def test_scalarisation_by_any_cost_model(program: Program, goal: str) -> None:
    graph, inputs = program
    changed = scalarise(graph, BY_GOAL[goal])
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


@given(program=programs())
def test_loops_compute_what_the_graph_does(program: Program) -> None:
    graph, inputs = program
    function = lower_to_loops(graph, Options())
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


@given(
    program=programs(max_steps=20), goal=st.sampled_from(sorted(BY_GOAL)), numerics=st.sampled_from(["strict", "fast"])
)
def test_whole_pipeline(program: Program, goal: str, numerics: str) -> None:
    graph, inputs = program
    options = Options(optimize=goal, numerics=numerics)  # type: ignore[arg-type]
    function = lower_to_loops(optimise(graph, options, verify=True), options)
    verify_loops(function)
    assert_loops_agree(function, decide_bits(graph, options), inputs)


@given(program=programs(), left_out=st.sets(st.sampled_from([step.name for step in PIPELINE]), min_size=1))
@settings(deadline=None)
def test_any_pass_may_be_left_out(program: Program, left_out: set[str]) -> None:
    graph, inputs = program
    changed = optimise(graph, Options(), without=frozenset(left_out), verify=True)
    function = lower_to_loops(changed, Options())
    assert_loops_agree(function, decide_bits(graph, Options(), without=frozenset(left_out)), inputs)


def test_a_table_read_of_a_constant_finds_its_loops() -> None:
    builder = GraphBuilder("f")
    pair = builder.constant([1.0, 2.0], DType.F32)
    matrix = builder.gather(pair, np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1]]))
    right = builder.constant(np.zeros((3, 1)), DType.F32)
    graph = builder.finish([("y", builder.solve(matrix, right))])
    function = lower_to_loops(graph, Options())
    verify_loops(function)
    assert_loops_agree(function, graph, [])


def test_a_scalar_that_a_kernel_reads_is_put_into_memory() -> None:
    builder = GraphBuilder("f")
    number = builder.map("asinh", builder.input("x", DType.F64, ()))
    matrix = builder.view(number, (1, 1), 0, (1, 1))
    right = builder.view(number, (1, 2), 0, (0, 0))
    kind = TensorType(DType.F64, (1, 2))
    graph = builder.finish([("y", builder.add(Solve(type=kind, kind="lower", a=matrix, b=right)))])
    function = lower_to_loops(graph, Options())
    verify_loops(function)
    x = [np.array(0.7)]
    assert_loops_agree(function, graph, x)
