"""Loops that read what earlier loops have computed: the bits stay, and what is kept is worth it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph, Loop, Map
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.lowering import lower_to_loops
from arc_codegen.passes.minimum_cut import Network
from arc_codegen.passes.pipeline import optimise
from arc_codegen.passes.remembering import remember_values
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.graph_recomputations import recomputations
from strategies.scan_gradients import scan_gradients

import archimedes as arc
from archimedes.export.generation import FunctionRequest, generate_module

Program = tuple[Graph, list[NDArray[Any]]]


@given(program=recomputations(), price=st.sampled_from([0.0, 0.5, 7.0]), allowed=st.sampled_from([0, 8, 64, 10**6]))
def test_the_bits_stay_whatever_is_kept(program: Program, price: float, allowed: int) -> None:
    graph, inputs = program
    changed = remember_values(graph, replace(BY_GOAL["speed"], byte_price=price, remembered=allowed))
    verify_graph(changed)
    assert_bits_equal(interpret(changed, inputs), interpret(graph, inputs))


@given(program=recomputations() | scan_gradients(), goal=st.sampled_from(sorted(BY_GOAL)), left_out=st.booleans())
@settings(deadline=None, max_examples=40)
def test_all_goals_give_the_same_bits(program: Program, goal: Any, left_out: bool) -> None:
    graph, inputs = program
    options = Options(optimize=goal)
    without = frozenset({"remember-values"} if left_out else ())
    function = lower_to_loops(optimise(graph, options, without=without, verify=True), options)
    verify_loops(function)
    assert_loops_agree(function, graph, inputs)


def swing(forces: Any) -> Any:
    """Two functions, of which the way back needs both, and their product, which is cheap."""

    def step(x: Any, force: Any) -> tuple[Any, Any]:
        x = x + 0.1 * (force + np.exp(-x) * np.tanh(x))
        return x, x * x

    return np.sum(arc.scan(step, np.zeros((), np.float32), forces)[1])


def generated(goal: Any, *, without: tuple[str, ...] = ()) -> tuple[str, int, Graph]:
    """C of the gradient of `swing`, its work space, and its graph."""
    graphs: list[Any] = []
    request = FunctionRequest(arc.grad(swing), (np.zeros(50, np.float32),))
    options = Options(optimize=goal, without=(*without, "work-in-outputs"))  # which make up for some of the memory
    made = generate_module(
        [request], name="swing", real="float32", options=options, observe=lambda *seen: graphs.append(seen[2])
    )
    (function,) = made.manifest["functions"]
    loops = [graph for graph in graphs if isinstance(graph, Graph) and any(isinstance(n, Loop) for n in graph.nodes)]
    return made.files["swing.c"], function["workspace_bytes"], loops[-1]


def functions(graph: Graph) -> list[list[str]]:
    """Elementary functions in each loop."""
    bodies = [node.body for node in graph.nodes if isinstance(node, Loop)]
    return [sorted(n.fn for n in body.nodes if isinstance(n, Map) and n.fn in ("exp", "tanh")) for body in bodies]


@pytest.mark.parametrize("goal", ["speed", "balanced"])
def test_functions_are_evaluated_once(goal: str) -> None:
    _, needed, graph = generated(goal)
    assert functions(graph) == [["exp", "tanh"], []]
    _, usual, graph = generated(goal, without=("remember-values",))
    assert functions(graph) == [["exp", "tanh"]] * 2
    assert usual < needed <= usual + 2 * 50 * 4


def test_no_memory_is_spent_for_small_code() -> None:
    text, needed, graph = generated("size")
    assert functions(graph) == [["exp", "tanh"]] * 2
    assert "kept" not in text
    assert needed == generated("size", without=("remember-values",))[1]


def test_a_limit_of_memory_is_kept_to() -> None:
    graph = generated("size")[2]
    for allowed in (0, 199, 200, 399, 400):
        changed = remember_values(graph, replace(BY_GOAL["balanced"], remembered=allowed))
        first = next(node for node in changed.nodes if isinstance(node, Loop))
        plain = next(node for node in graph.nodes if isinstance(node, Loop))
        added = sum(kind.size for kind in first.result_types()) - sum(kind.size for kind in plain.result_types())
        assert 4 * added <= allowed
        assert (added > 0) == (allowed >= 200)


@given(
    capacities=st.lists(
        st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 9)).filter(lambda e: e[0] != e[1]), max_size=14
    )
)
def test_the_cut_is_a_smallest_one(capacities: list[tuple[int, int, int]]) -> None:
    """Against all cuts of six vertices."""
    network = Network(0, 5)
    for tail, head, capacity in capacities:
        network.edge(tail, head, capacity)

    def weight(side: set[int]) -> int:
        return sum(capacity for tail, head, capacity in capacities if tail in side and head not in side)

    cuts = [{0} | {v for v in range(1, 5) if bits >> v & 1} for bits in range(0, 32, 2)]
    found = network.source_side()
    vertices = {v for edge in capacities for v in edge[:2]} | {0, 5}
    least = min(weight(cut) for cut in cuts)
    assert weight(found) == least
    assert all(len(cut & vertices) <= len(found) for cut in cuts if weight(cut) == least)
