"""The list of graph passes, in order. Each is named, and each can be looked behind or left out."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

from arc_codegen.ir.graph import Graph
from arc_codegen.ir.verify import verify_graph
from arc_codegen.options import Options
from arc_codegen.passes.arithmetic import simplify_arithmetic
from arc_codegen.passes.assembled_reads import read_assembled
from arc_codegen.passes.cost import BY_GOAL
from arc_codegen.passes.fused_products import form_fma
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.index_sets import split_index_sets
from arc_codegen.passes.lanes import show_zeros, split_lanes
from arc_codegen.passes.loop_bodies import hoist_invariants, optimise_bodies, trim_loops
from arc_codegen.passes.padded_chains import join_padded_chains
from arc_codegen.passes.padded_sums import PaddedSums
from arc_codegen.passes.relaxed_arithmetic import relax_arithmetic
from arc_codegen.passes.remembering import remember_values
from arc_codegen.passes.rewriting import eliminate_dead_code, rebuild
from arc_codegen.passes.rolling import roll_loops
from arc_codegen.passes.scalarise import scalarise
from arc_codegen.passes.shared_reciprocals import share_reciprocals
from arc_codegen.passes.signed_zeros import drop_added_zeros
from arc_codegen.passes.structural_zeros import drop_zeros

Observer = Callable[[str, Graph], None]
"""Called with the name of each pass and the graph after it."""


@dataclass(frozen=True, slots=True)
class GraphPass:
    """One step: a graph in, a graph that computes the same bits out.

    Those that ``decide`` what these bits are come before all others, and know nothing of what is optimised for.
    """

    name: str
    run: Callable[[Graph, Options], Graph]
    decides: bool = False


def _fast(step: Callable[[Graph], Graph], graph: Graph, options: Options) -> Graph:
    return step(graph) if options.numerics == "fast" else graph


PIPELINE: tuple[GraphPass, ...] = (
    GraphPass("structural-zeros", lambda graph, options: drop_zeros(show_zeros(graph)), decides=True),
    GraphPass("relax-arithmetic", lambda graph, options: _fast(relax_arithmetic, graph, options), decides=True),
    GraphPass("share-reciprocals", lambda graph, options: _fast(share_reciprocals, graph, options), decides=True),
    GraphPass("form-fma", lambda graph, options: form_fma(graph) if options.fma == "on" else graph, decides=True),
    GraphPass("trim-loops", lambda graph, options: trim_loops(graph)),
    GraphPass("fold-index-maps", lambda graph, options: rebuild(graph, IndexMaps())),
    GraphPass("join-padded-chains", lambda graph, options: join_padded_chains(graph)),
    GraphPass("roll-loops", lambda graph, options: roll_loops(graph, BY_GOAL[options.optimize])),
    GraphPass("simplify-arithmetic", lambda graph, options: rebuild(graph, simplify_arithmetic)),
    GraphPass("join-padded-sums", lambda graph, options: rebuild(graph, PaddedSums())),
    GraphPass("split-index-sets", lambda graph, options: split_index_sets(graph, BY_GOAL[options.optimize])),
    GraphPass("split-lanes", lambda graph, options: split_lanes(graph, most=BY_GOAL[options.optimize].lanes)),
    GraphPass("hoist-invariants", lambda graph, options: hoist_invariants(graph)),
    GraphPass("remember-values", lambda graph, options: remember_values(graph, BY_GOAL[options.optimize])),
    GraphPass("scalarise", lambda graph, options: scalarise(graph, BY_GOAL[options.optimize])),
    GraphPass("forward-elements", lambda graph, options: rebuild(graph, IndexMaps(columns=True))),
    GraphPass("simplify-scalars", lambda graph, options: rebuild(graph, simplify_arithmetic)),
    GraphPass("drop-added-zeros", lambda graph, options: drop_added_zeros(graph)),
    GraphPass("read-assembled", lambda graph, options: read_assembled(graph)),
    GraphPass("eliminate-dead-code", lambda graph, options: eliminate_dead_code(graph)),
    GraphPass("trim-loops-again", lambda graph, options: trim_loops(graph)),
)
"""The graph passes in order."""

_DECIDING = frozenset(step.name for step in PIPELINE if step.decides)

_BODIES_AFTER = "hoist-invariants"
"""The bodies of loops go through all passes when what is around them has lost what they need not see."""


def decide_bits(graph: Graph, options: Options, *, without: frozenset[str] = frozenset()) -> Graph:
    """The graph after those passes that decide bits: what all others keep, and what generated code computes."""
    without |= frozenset(options.without)
    for step in PIPELINE:
        if step.decides and step.name not in without:
            graph = step.run(graph, options)
    return graph


def optimise(
    graph: Graph,
    options: Options,
    *,
    observe: Observer | None = None,
    without: frozenset[str] = frozenset(),
    verify: bool = False,
) -> Graph:
    """Run the graph passes.

    Parameters
    ----------
    graph : Graph
    options : Options
        Of the code generator; ``optimize`` chooses the cost model.
    observe : callable, optional
        Called with ``("input", graph)`` first, then with each pass's name and result.
    without : frozenset of str, optional
        Names of passes to leave out, beside those of the options. Without one that decides bits these are others, else
        the result computes the same.
    verify : bool, optional
        Check the graph after each pass (tests do).

    Returns
    -------
    Graph
        A graph of the same inputs and outputs, which computes the bits of ``decide_bits(graph, options)``.
    """
    without |= frozenset(options.without)
    if observe is not None:
        observe("input", graph)
    for step in PIPELINE:
        if step.name not in without:
            graph = step.run(graph, options)
        if step.name == _BODIES_AFTER:
            decided = without | _DECIDING  # they have been in the bodies
            run = functools.partial(optimise, options=options, observe=observe, without=decided, verify=verify)
            graph = optimise_bodies(graph, run)
        if step.name in without:
            continue
        if verify:
            verify_graph(graph)
        if observe is not None:
            observe(step.name, graph)
    return graph
