"""Graph IR -> loop IR: lowered, and through all loop passes in order."""

from __future__ import annotations

import dataclasses

from arc_codegen.ir.graph import Graph, Lookup, Loop, Spread
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.loopgen.holes import fill_holes
from arc_codegen.passes.loopgen.memory import share_memory
from arc_codegen.passes.loopgen.nests import lower_graph
from arc_codegen.passes.loopgen.saturation import saturate_inputs
from arc_codegen.passes.loopgen.scratch import work_in_outputs
from arc_codegen.passes.loopgen.sine_pairs import pair_sines
from arc_codegen.passes.loopgen.states import commit_states
from arc_codegen.passes.loops.pipeline import LATE_LOOP_PIPELINE, optimise_loops

__all__ = ["LAST_PASSES", "lower_to_loops"]

PAIR_SINES, WORK_IN_OUTPUTS, SHARE_MEMORY = "pair-sines", "work-in-outputs", "share-memory"
LAST_PASSES = (PAIR_SINES, *(step.name for step in LATE_LOOP_PIPELINE), WORK_IN_OUTPUTS, SHARE_MEMORY)
"""Names of the passes that come after those of `passes.loops.pipeline`."""


def searches(graph: Graph) -> int:
    """How many searches for a place in a grid the function has, those in bodies of its loops included."""
    ats = [node.at for node in graph.nodes if isinstance(node, (Lookup, Spread))]
    own = {search for at in ats for search in zip(at.places, at.grids, strict=True)}
    return len(own) + sum(searches(node.body) for node in graph.nodes if isinstance(node, Loop))


def lower_to_loops(
    graph: Graph, options: Options, *, without: frozenset[str] = frozenset(), lone_search: bool = False
) -> LoopFunction:
    """The graph as loop nests over buffers.

    Parameters
    ----------
    graph : Graph
        As the graph passes leave it.
    options : Options
        Of the code generator.
    without : frozenset of str, optional
        Names of loop passes to leave out, beside those of the options; the result computes the same.
    lone_search : bool, optional
        Whether this is the only search of the module, so that no other shares the function that it would call.
    """
    without |= frozenset(options.without)
    cost = BY_GOAL[options.optimize]
    if lone_search:
        cost = dataclasses.replace(cost, searched=max(cost.searched, cost.searched_once))
    function = optimise_loops(lower_graph(fill_holes(graph), cost), options, without=without)
    function = commit_states(function)
    if options.guard == "saturate":
        function = saturate_inputs(function)
    if options.math == "arc" and PAIR_SINES not in without:
        function = pair_sines(function)
    function = optimise_loops(function, options, without=without, passes=LATE_LOOP_PIPELINE)
    if WORK_IN_OUTPUTS not in without:
        function = work_in_outputs(function)
    return function if SHARE_MEMORY in without else share_memory(function)
