"""Passes change the random programs that are made for them, and keep their bits one step after the other.

That bits stay says little of a pass that found nothing to do: here it is counted how often there was something.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.holes import fill_holes
from arc_codegen.passes.loopgen.nests import lower_graph
from arc_codegen.passes.loops.pipeline import LATE_LOOP_PIPELINE, LOOP_PIPELINE
from arc_codegen.passes.pipeline import PIPELINE, decide_bits
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.graph_programs import assert_bits_equal, assert_loops_agree
from strategies.graph_recomputations import recomputations
from strategies.written_out_loops import programs as written_out

Program = tuple[Graph, list[NDArray[Any]]]

SWEEPS = (
    *("trim-loops", "hoist-invariants", "forward-elements", "trim-loops-again", "coalesce-copies", "fuse-loops"),
    *("unroll-loops", "straighten-sums", "forward-in-loops", "drop-stores", "fold-tables", "drop-unread"),
)
STEPS = (
    *("fold-index-maps", "simplify-arithmetic", "join-padded-sums", "scalarise", "forward-elements"),
    "outline-repeats",
)


@pytest.mark.parametrize(
    ("made", "expected"), [(recomputations(), SWEEPS), (written_out(), STEPS)], ids=["sweeps", "steps"]
)
def test_each_pass_has_something_to_do(made: st.SearchStrategy[Program], expected: tuple[str, ...]) -> None:
    fired: Counter[str] = Counter()

    @settings(max_examples=24, derandomize=True, deadline=None, database=None)
    @given(program=made, goal=st.sampled_from(sorted(BY_GOAL)))
    def walk(program: Program, goal: str) -> None:
        fired.update(changes(program, Options(optimize=goal)))  # type: ignore[arg-type]

    walk()
    assert {name: fired[name] for name in expected if fired[name] < 2} == {}


def changes(program: Program, options: Options) -> list[str]:
    """Names of the passes that changed a program on its way, after comparing bits behind each of them."""
    graph, inputs = program
    graph = decided = decide_bits(graph, options)
    bits, names = interpret(graph, inputs), []
    for step in PIPELINE:
        after = graph if step.decides else step.run(graph, options)
        if after != graph:
            names.append(step.name)
            assert_bits_equal(interpret(after, inputs), bits)
        graph = after
    function = lower_graph(fill_holes(graph), BY_GOAL[options.optimize])
    for late in (*LOOP_PIPELINE, *LATE_LOOP_PIPELINE):
        changed = late.run(function, options)
        if changed != function:
            names.append(late.name)
            assert_loops_agree(changed, decided, inputs)
        function = changed
    return names
