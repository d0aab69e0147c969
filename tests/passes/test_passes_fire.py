"""Every pass changes random programs that are made for it, and keeps their bits.

That bits stay says little of a pass that found nothing to do: here it is counted how often there was something.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.verify import verify_graph
from arc_codegen.ir.verify_loops import verify_loops
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.holes import fill_holes
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.loopgen.nests import lower_graph
from arc_codegen.passes.loopgen.scratch import work_in_outputs
from arc_codegen.passes.loopgen.sine_pairs import pair_sines
from arc_codegen.passes.loops.carrying import carry_values
from arc_codegen.passes.loops.fission import distribute_loops
from arc_codegen.passes.loops.pipeline import LATE_LOOP_PIPELINE, LOOP_PIPELINE
from arc_codegen.passes.loops.split import split_functions
from arc_codegen.passes.loops.strips import cut_strips
from arc_codegen.passes.names_of_passes import pass_names
from arc_codegen.passes.padded_chains import join_padded_chains
from arc_codegen.passes.pipeline import PIPELINE, decide_bits
from arc_codegen.passes.repeats import Worth, outline_repeats
from arc_codegen.passes.rewriting import eliminate_dead_code
from arc_codegen.passes.rolling import roll_loops
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from strategies.agreement import assert_bits_equal, assert_loops_agree
from strategies.filter_cascades import cascades, filters
from strategies.graph_programs import programs
from strategies.graph_recomputations import recomputations
from strategies.growing_arrays import growing
from strategies.padded_fields import padded_fields
from strategies.quotients import quotients
from strategies.repetitive_functions import repetitive
from strategies.rotated_points import rotated_points
from strategies.row_tables import products_with_rows
from strategies.scan_gradients import scan_gradients
from strategies.seeds_of_passes import (
    angles,
    padded_differences,
    parts_of_assemblies,
    products_with_zeros,
    repeated_layers,
    sums_of_what_is_made,
)
from strategies.shared_lookups import lookups
from strategies.stencils import stencils
from strategies.written_out_loops import programs as written_out

Program = tuple[Graph, list[NDArray[Any]]]

EXAMPLES, MOST = 40, 600
"""Programs that a walk tries, and at most tries, until each pass has had something to do twice.

What Hypothesis draws depends on the constants of the modules that happen to be loaded, derandomised or not: with a
fixed number of programs, a pass that one in twenty asks for would be missed now and then.
"""

DECIDED: list[dict[str, Any]] = [{}, {"fma": "on"}, {"numerics": "fast"}, {"numerics": "fast", "fma": "on"}]
"""Options on which the bits depend."""

WALKS: dict[str, tuple[st.SearchStrategy[Program], tuple[str, ...]]] = {
    "any": (programs(max_steps=20), ("fold-tables", "drop-stores", "coalesce-copies", "work-in-outputs")),
    "sweeps": (
        recomputations(),
        (
            *("trim-loops", "hoist-invariants", "forward-elements", "trim-loops-again", "fuse-loops", "unroll-loops"),
            *("forward-in-loops", "drop-unread", "share-memory"),
        ),
    ),
    "gradients of scans": (
        scan_gradients(),
        ("remember-values", "contract-arrays", "read-known-elements", "sink-elements"),
    ),
    "steps": (written_out(), ("fold-index-maps", "simplify-arithmetic", "join-padded-sums", "scalarise")),
    "growing arrays": (growing(), ("simplify-scalars",)),
    "padded fields": (padded_fields(), ("split-index-sets", "drop-added-zeros", "schedule-scalars")),
    "points": (rotated_points([(16, 4, 3)]), ("split-lanes", "straighten-sums", "share-expressions", "jam-loops")),
    "zeros": (products_with_zeros(), ("structural-zeros", "form-fma")),
    "quotients": (quotients(), ("relax-arithmetic", "share-reciprocals")),
    "sums": (sums_of_what_is_made(), ("interchange-sums", "promote-elements")),
    "differences": (padded_differences(), ("carry-values", "take-in-first-runs")),
    "angles": (angles(), ("pair-sines",)),
    "parts": (parts_of_assemblies(), ("read-assembled",)),
    "layers": (repeated_layers(), ("outline-loops",)),
}
"""Programs that go through all passes, and those that have something to do on the way."""


@pytest.mark.parametrize("name", WALKS)
def test_passes_have_something_to_do_in_turn(name: str) -> None:
    made, expected = WALKS[name]
    fired: Counter[str] = Counter()
    tried = count()

    @settings(max_examples=MOST, derandomize=True, deadline=None, database=None)
    @given(program=made, goal=st.sampled_from(sorted(BY_GOAL)), decided=st.sampled_from(DECIDED))
    def walk(program: Program, goal: str, decided: dict[str, Any]) -> None:
        if next(tried) >= EXAMPLES and all(fired[name] >= 2 for name in expected):
            return
        fired.update(changes(program, Options(optimize=goal, **decided)))  # type: ignore[arg-type]

    walk()
    assert {name: fired[name] for name in expected if fired[name] < 2} == {}


def changes(program: Program, options: Options) -> list[str]:
    """Names of the passes that changed a program on its way, after comparing bits behind each of them."""
    graph, inputs = program
    decided = decide_bits(graph, options)
    bits, names = interpret(decided, inputs), []
    for step in PIPELINE:
        after = step.run(graph, options)
        if after != graph:
            names.append(step.name)
            verify_graph(after)
            if not step.decides:
                assert_bits_equal(interpret(after, inputs), bits)
        graph = after
    function = lower_graph(fill_holes(graph), BY_GOAL[options.optimize])
    late = [(step.name, step.run) for step in LATE_LOOP_PIPELINE]
    steps: list[tuple[str, Callable[[LoopFunction, Options], LoopFunction]]] = [
        *((step.name, step.run) for step in LOOP_PIPELINE),
        ("pair-sines", lambda function, options: pair_sines(function)),
        *late,
        ("work-in-outputs", lambda function, options: work_in_outputs(function)),
        ("share-memory", lambda function, options: share_memory(function)),
    ]
    for name, run in steps:
        changed = run(function, options)
        if changed != function:
            names.append(name)
            verify_loops(changed)
            assert_loops_agree(changed, decided, inputs)
        function = changed
    return names


# -- passes that begin only where programs are larger than random ones: called with smaller limits ---------------------

EAGER = replace(BY_GOAL["size"], rolled=3, rolled_work=1, straight_line=0)


def _lowered(program: Program) -> LoopFunction:
    return lower_graph(fill_holes(program[0]), BY_GOAL["speed"])


def _of_stencil(run: Callable[[LoopFunction], LoopFunction]) -> Callable[[Program], bool]:
    def fires(program: Program) -> bool:
        before = _lowered(program)
        after = run(before)
        verify_loops(after)
        assert_loops_agree(after, program[0], program[1])
        return after != before

    return fires


def _of_function(run: Callable[[LoopFunction], LoopFunction]) -> Callable[[LoopFunction], bool]:
    def fires(before: LoopFunction) -> bool:
        after = run(before)
        verify_loops(after)
        numbers = np.random.default_rng(1)
        inputs = [
            numbers.normal(size=buffer.size).astype(buffer.dtype.numpy_name)
            for buffer in before.buffers
            if buffer.kind == "input"
        ]
        assert_bits_equal(interpret_loops(share_memory(after), inputs), interpret_loops(before, inputs))
        return after != before

    return fires


def _of_graph(run: Callable[[Graph], Graph]) -> Callable[[Program], bool]:
    def fires(program: Program) -> bool:
        graph, inputs = program
        after = run(graph)
        verify_graph(after)
        assert_bits_equal(interpret(after, inputs), interpret(graph, inputs))
        return after != graph

    return fires


def _pooled(program: tuple[Graph, bool]) -> bool:
    graph, _ = program
    return "pool-tables" in changes((graph, [np.array(0.4), np.array(2.1)]), Options(optimize="speed"))


def _overlapped(program: Program) -> bool:
    return "overlap-tables" in changes(program, Options(optimize="size"))


ALONE: dict[str, tuple[st.SearchStrategy[Any], Callable[[Any], bool]]] = {
    "roll-loops": (written_out(), _of_graph(lambda graph: roll_loops(graph, EAGER))),
    "join-padded-chains": (growing(), _of_graph(join_padded_chains)),
    "eliminate-dead-code": (programs(max_steps=20), _of_graph(eliminate_dead_code)),
    "cut-strips": (stencils(), _of_stencil(lambda f: cut_strips(f, columns=3, rows=2, statements=100))),
    "carry-elements": (stencils(), _of_stencil(lambda f: carry_values(f, most=40, loads=True))),
    "distribute-loops": (
        cascades().map(lambda cascade: filters(*cascade)),
        _of_function(lambda f: distribute_loops(f, most=3)),
    ),
    "outline-repeats": (repetitive(), _of_function(lambda f: outline_repeats(f, Worth(-(10**6)), locations=True))),
    "split-functions": (repetitive(), _of_function(lambda f: split_functions(f, longest=8, part=4))),
    "pool-tables": (lookups(), _pooled),
    "overlap-tables": (products_with_rows(), _overlapped),
}


@pytest.mark.parametrize("name", ALONE)
def test_a_pass_has_something_to_do(name: str) -> None:
    made, fires = ALONE[name]
    fired: list[bool] = []

    @settings(max_examples=MOST, derandomize=True, deadline=None, database=None)
    @given(program=made)
    def walk(program: Any) -> None:
        if len(fired) >= EXAMPLES and sum(fired) >= 2:
            return
        fired.append(fires(program))

    walk()
    assert sum(fired) >= 2


def test_no_pass_is_forgotten() -> None:
    counted = {name for _, names in WALKS.values() for name in names} | set(ALONE)
    assert counted == set(pass_names())
