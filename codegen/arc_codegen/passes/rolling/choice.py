"""Which repetitions are worth a loop."""

from __future__ import annotations

from collections.abc import Iterable

from arc_codegen.ir.graph import Constant, Map
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.rolling.periods import Stretch, find_stretches
from arc_codegen.passes.rolling.plan import LoopPlan
from arc_codegen.passes.rolling.segments import Run, find_runs
from arc_codegen.passes.rolling.sources import Stack
from arc_codegen.passes.rolling.steps import Steps

_TRIED = 64
"""Stretches that are looked at."""
_FUNCTION = 16
"""Operations that an elementary function counts for."""
_FEW = 8
"""Steps whose code is little: fewer than this."""
_STORED = 3
"""Operations that a number counts for which is stored for a loop to read."""


def choose_runs(steps: Steps, cost: CostModel) -> list[Run]:
    """Runs that become loops, in the order of their places; no two have a step in common."""
    if len(steps.values) < 2 * cost.rolled:
        return []
    chosen: list[Run] = []
    stretches = find_stretches(steps.labels(), cost.rolled, 2)
    for stretch in stretches[:_TRIED]:
        for free in _free(stretch, chosen, cost.rolled):
            chosen.extend(run for run in find_runs(steps, free, cost.rolled) if _worth(steps, run, cost))
    return sorted(chosen, key=lambda run: run.start)


def _free(stretch: Stretch, taken: Iterable[Run], least: int) -> list[Stretch]:
    """The parts of a stretch that no run has."""
    first, end = stretch.start, stretch.start + stretch.length
    parts = []
    for run in sorted(taken, key=lambda run: run.start):
        if first < run.stop and run.start < end:
            parts.append((first, run.start))
            first = run.stop
    parts.append((first, end))
    return [Stretch(low, high - low, stretch.period) for low, high in parts if high - low >= least * stretch.period]


def pays(steps: Steps, plan: LoopPlan) -> bool:
    """Whether what has to be put side by side for the loop to read is little beside what the loop does.

    Of few steps, whose code is little, what is read behind the loop as well: each number of it takes memory.
    """
    nodes = steps.graph.nodes
    run = plan.run
    if run.count < _FEW:
        kept = sum(nodes[steps.values[run.start + position]].type.size for position in plan.rows) * run.count
        if kept > run.period * (run.count - 1):
            return False
    stored = sum(
        nodes[value].type.size
        for source in plan.sources.values()
        if isinstance(source, Stack)
        for value in source.values
        if not isinstance(nodes[value], Constant)
    )
    return _STORED * stored <= _work(steps, run) * run.count


def _worth(steps: Steps, run: Run, cost: CostModel) -> bool:
    work = _work(steps, run)
    total = work * run.count
    return total > cost.straight_line and (work >= cost.rolled_work or total > cost.rolled_always)


def _work(steps: Steps, run: Run) -> int:
    """Operations of a segment."""
    nodes = steps.graph.nodes
    work = 0
    for place in range(run.start, run.start + run.period):
        node = nodes[steps.values[place]]
        operations = CostModel.work(node, [nodes[operand].type for operand in node.operands])
        work += operations * _FUNCTION if isinstance(node, Map) and _is_function(node) else operations
    return work


def _is_function(node: Map) -> bool:
    op = SCALAR_OPS[node.fn]
    return bool(op.libm) and not op.exact
