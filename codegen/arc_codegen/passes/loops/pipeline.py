"""The list of loop passes, in order. Each is named, and each can be left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from arc_codegen.ir.loops import LoopFunction
from arc_codegen.options import Options
from arc_codegen.passes.cost import BY_GOAL, CostModel
from arc_codegen.passes.loops.carrying import carry_values
from arc_codegen.passes.loops.coalescing import coalesce_copies
from arc_codegen.passes.loops.contraction import contract_arrays
from arc_codegen.passes.loops.dead_stores import drop_stores
from arc_codegen.passes.loops.first_runs import take_in_first_runs
from arc_codegen.passes.loops.fission import distribute_loops
from arc_codegen.passes.loops.forwarding import forward_elements
from arc_codegen.passes.loops.fusion import fuse_loops
from arc_codegen.passes.loops.interchange import interchange_sums
from arc_codegen.passes.loops.jam import jam_loops
from arc_codegen.passes.loops.known_elements import read_known_elements
from arc_codegen.passes.loops.promotion import promote_elements
from arc_codegen.passes.loops.schedule import schedule_scalars
from arc_codegen.passes.loops.sharing import share_expressions
from arc_codegen.passes.loops.sinking import sink_elements
from arc_codegen.passes.loops.split import split_functions
from arc_codegen.passes.loops.straight_sums import straighten_sums
from arc_codegen.passes.loops.strips import cut_strips
from arc_codegen.passes.loops.table_pools import pool_tables
from arc_codegen.passes.loops.table_rows import overlap_tables
from arc_codegen.passes.loops.tables import fold_tables
from arc_codegen.passes.loops.unread import drop_unread
from arc_codegen.passes.loops.unroll import Unrolled, unroll_loops
from arc_codegen.passes.repeats import Worth, outline_loops, outline_repeats


@dataclass(frozen=True, slots=True)
class LoopPass:
    """One step: a loop function in, one that computes the same bits out."""

    name: str
    run: Callable[[LoopFunction, Options], LoopFunction]


def _interchange(function: LoopFunction, model: CostModel) -> LoopFunction:
    return interchange_sums(function, most=model.sums_under_way)


def _fuse(function: LoopFunction, model: CostModel) -> LoopFunction:
    return fuse_loops(function, sums=model.sums_beside_calls)


def _jam(function: LoopFunction, model: CostModel) -> LoopFunction:
    return jam_loops(
        function,
        copies=model.jammed,
        statements=model.jammed_statements,
        whole=model.unrolled_whole,
        worth=model.worth,
        unrolled=Unrolled(model.unrolled, model.unrolled_work, model.unrolled_whole),
    )


def _sink(function: LoopFunction, model: CostModel) -> LoopFunction:
    return sink_elements(function, most=model.computed_again)


def _unroll(function: LoopFunction, model: CostModel) -> LoopFunction:
    return unroll_loops(
        function,
        copies=model.unrolled,
        operations=model.unrolled_work,
        whole=model.unrolled_whole,
        worth=model.worth,
    )


def _promote(function: LoopFunction, model: CostModel) -> LoopFunction:
    return promote_elements(function, most=model.promoted)


def _distribute(function: LoopFunction, model: CostModel) -> LoopFunction:
    return distribute_loops(function, most=model.loop_scalars)


def _schedule(function: LoopFunction, model: CostModel) -> LoopFunction:
    return schedule_scalars(function, registers=model.registers)


def _outline(function: LoopFunction, options: Options, model: CostModel) -> LoopFunction:
    if not model.outlined:
        return function
    worth = Worth(model.outlined, model.outlined_share, model.outlined_calls)
    return outline_repeats(function, worth, locations=options.locations)


def _outline_loops(function: LoopFunction, model: CostModel) -> LoopFunction:
    if not model.outlined:
        return function
    return outline_loops(function, octets=min(model.outlined, 40), share=model.loop_calls)


def _split(function: LoopFunction, model: CostModel) -> LoopFunction:
    return split_functions(function, longest=model.longest, part=model.part)


def _cut(function: LoopFunction, model: CostModel) -> LoopFunction:
    return cut_strips(function, columns=model.strip_columns, rows=model.strip_rows, statements=model.strip_statements)


def _carry(function: LoopFunction, model: CostModel, *, loads: bool) -> LoopFunction:
    return carry_values(function, most=model.promoted, loads=loads and model.strip_columns > 1)


LOOP_PIPELINE: tuple[LoopPass, ...] = (
    LoopPass("coalesce-copies", lambda function, options: coalesce_copies(function)),
    LoopPass("interchange-sums", lambda function, options: _interchange(function, BY_GOAL[options.optimize])),
    LoopPass("fuse-loops", lambda function, options: _fuse(function, BY_GOAL[options.optimize])),
    LoopPass("sink-elements", lambda function, options: _sink(function, BY_GOAL[options.optimize])),
    LoopPass("cut-strips", lambda function, options: _cut(function, BY_GOAL[options.optimize])),
    LoopPass("carry-values", lambda function, options: _carry(function, BY_GOAL[options.optimize], loads=False)),
    LoopPass("take-in-first-runs", lambda function, options: take_in_first_runs(function)),
    LoopPass("share-expressions", lambda function, options: share_expressions(function)),
    LoopPass("jam-loops", lambda function, options: _jam(function, BY_GOAL[options.optimize])),
    LoopPass("unroll-loops", lambda function, options: _unroll(function, BY_GOAL[options.optimize])),
    LoopPass("carry-elements", lambda function, options: _carry(function, BY_GOAL[options.optimize], loads=True)),
    LoopPass("contract-arrays", lambda function, options: contract_arrays(function)),
    LoopPass("straighten-sums", lambda function, options: straighten_sums(function)),
    LoopPass("promote-elements", lambda function, options: _promote(function, BY_GOAL[options.optimize])),
    LoopPass("fold-tables", lambda function, options: fold_tables(function)),
    LoopPass("read-known-elements", lambda function, options: read_known_elements(function)),
    LoopPass("forward-in-loops", lambda function, options: forward_elements(function)),
    LoopPass("drop-stores", lambda function, options: drop_stores(function)),
    LoopPass("drop-unread", lambda function, options: drop_unread(function)),
    LoopPass("distribute-loops", lambda function, options: _distribute(function, BY_GOAL[options.optimize])),
)
"""The loop passes in order."""


LATE_LOOP_PIPELINE: tuple[LoopPass, ...] = (
    LoopPass("outline-loops", lambda function, options: _outline_loops(function, BY_GOAL[options.optimize])),
    LoopPass("outline-repeats", lambda function, options: _outline(function, options, BY_GOAL[options.optimize])),
    LoopPass("split-functions", lambda function, options: _split(function, BY_GOAL[options.optimize])),
    LoopPass("overlap-tables", lambda function, options: overlap_tables(function)),
    LoopPass("pool-tables", lambda function, options: pool_tables(function)),
    LoopPass("schedule-scalars", lambda function, options: _schedule(function, BY_GOAL[options.optimize])),
)
"""What comes when nothing else changes statements any more, but before memory is shared."""


def optimise_loops(
    function: LoopFunction,
    options: Options,
    *,
    without: frozenset[str] = frozenset(),
    passes: tuple[LoopPass, ...] = LOOP_PIPELINE,
) -> LoopFunction:
    """Run loop passes.

    Parameters
    ----------
    function : LoopFunction
    options : Options
        Of the code generator.
    without : frozenset of str, optional
        Names of passes to leave out; the result computes the same.
    passes : tuple of LoopPass, optional
        Which.
    """
    for step in passes:
        if step.name not in without:
            function = step.run(function, options)
    return function
