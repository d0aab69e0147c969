"""Copies that go away, elements that are computed where they are read, carries that stay in their rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import For, LoopFunction, Store
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.types import DType
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.holes import fill_holes
from arc_codegen.passes.loopgen.nests import lower_graph
from arc_codegen.passes.loops.coalescing import coalesce_copies
from arc_codegen.passes.loops.fusion import fuse_loops
from arc_codegen.passes.loops.pipeline import optimise_loops
from arc_codegen.passes.loops.sinking import sink_elements
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_programs import arrays, programs
from strategies.graph_recomputations import recomputations
from strategies.loop_chains import RUNS, loop_chains
from sweeps import examples

import archimedes as arc
from archimedes.export.generation import FunctionRequest, generate_module

Program = tuple[Graph, list[NDArray[Any]]]


def works(function: LoopFunction) -> int:
    return sum(buffer.kind == "work" for buffer in function.buffers)


@pytest.mark.parametrize("passes", ["coalesce", "sink", "both", "all"])
@given(function=loop_chains(), x=arrays(DType.F32, (8 * RUNS,)), most=st.sampled_from([0, 1, 3, 100]))
@settings(deadline=None, max_examples=examples(40))
def test_the_bits_stay_in_chains_of_loops(passes: str, function: LoopFunction, x: Any, most: int) -> None:
    if passes == "all":
        changed = optimise_loops(function, Options(optimize="balanced"))
    else:
        changed = coalesce_copies(function) if passes != "sink" else function
        changed = sink_elements(fuse_loops(changed) if passes == "both" else changed, most=most)
    verify_loops(changed)
    assert_bits_equal(interpret_loops(changed, [x]), interpret_loops(function, [x]))


@given(program=recomputations() | programs())
@settings(deadline=None, max_examples=examples(60))
def test_carries_may_stay_in_their_rows(program: Program) -> None:
    graph, inputs = program
    function = lower_graph(fill_holes(graph), replace(BY_GOAL["balanced"], promoted=0))
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


def test_parts_of_a_concatenation_are_computed_in_place() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F64, (9,))
    cosine = builder.map("cos", x)
    both = builder.concatenate([builder.map("exp", cosine), cosine])  # what is read twice gets an array of its own
    graph = builder.finish([("y", both)])
    function = lower_graph(graph)
    changed = coalesce_copies(function)
    verify_loops(changed)
    inputs = [np.linspace(-2.0, 2.0, 9)]
    assert_bits_equal(interpret_loops(changed, inputs), interpret_loops(function, inputs))
    assert (works(function), works(changed)) == (1, 0)
    assert sum(isinstance(s, For) for s in changed.body) == 2


def softmax(x: Any, y: Any) -> Any:
    """Between the exponentials and their use is a sum; the products go into the second loop only."""
    weights = np.exp(x)
    return weights / np.sum(weights) * (x + y) * (x + y) - y / (x + y)


def test_what_a_later_loop_reads_is_computed_there() -> None:
    seen: list[Any] = []
    request = FunctionRequest(arc.compile(softmax), (np.zeros(64, np.float32), np.zeros(64, np.float32)))
    for without in ((), ("sink-elements",)):
        made = generate_module([request], name="f", real="float32", options=Options(without=without))
        (function,) = made.manifest["functions"]
        seen.append(function["workspace_bytes"])
    assert seen[0] <= 4 * 64  # the exponentials are kept
    assert seen[0] <= seen[1]


def motion(forces: Any, start: Any, matrix: Any) -> Any:
    def step(x: Any, force: Any) -> tuple[Any, Any]:
        return x + np.tanh(matrix @ x) * force, np.sum(x * x)

    last, energies = arc.scan(step, start, forces)
    return np.sum(energies) + np.sum(last)


def test_a_run_reads_its_row_and_writes_the_next() -> None:
    functions: list[Any] = []

    def observe(function: str, step: str, program: Any) -> None:
        if step == "loops":
            functions.append(program)

    arguments = np.zeros(10, np.float32), np.zeros(20, np.float32), np.zeros((20, 20), np.float32)
    request = FunctionRequest(arc.grad(motion), arguments)
    generate_module([request], name="f", real="float32", options=Options(optimize="size"), observe=observe)
    (function,) = functions
    rows = next(buffer for buffer in function.buffers if buffer.kind == "work" and buffer.size == 11 * 20)
    first = next(s for s in function.body if isinstance(s, For) and s.stop == 10)
    stores = [s for s in walk_statements(first.body) if isinstance(s, Store) and s.buffer == rows.symbol]
    assert [store.index.offset for store in stores] == [20]
