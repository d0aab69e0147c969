"""Which results each loop has to give, before the first of them is written."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from arc_codegen.ir.graph import Loop, Result, Solve, Value
from arc_codegen.passes.rolling.carries import Carry, Slot, find_carries
from arc_codegen.passes.rolling.last_segments import LastSegments
from arc_codegen.passes.rolling.segments import Inside, Outside, Run
from arc_codegen.passes.rolling.sources import Fixed, Made, Owners, Rows, Source, Stack, find_source
from arc_codegen.passes.rolling.steps import Reads, Steps


@dataclass(eq=False, slots=True)
class LoopPlan:
    """One loop.

    Parameters
    ----------
    run : Run
    carried : dict
        For each operand that reaches back, the carry and how it is read.
    sources : dict
        For each operand from outside, where it comes from.
    final : set of int
        Positions whose last value is read outside.
    rows : set of int
        Positions whose values of all segments are.
    before : dict of Carry
        Carries of which the values before each run are read outside.
    again : set of (int, int)
        Segments and positions that straight-line code computes again, from the carries before the segment.
    backwards : bool
    """

    run: Run
    carried: dict[Slot, tuple[Carry, Reads]]
    sources: dict[Slot, Source]
    final: set[int] = field(default_factory=set)
    rows: set[int] = field(default_factory=set)
    before: dict[Carry, None] = field(default_factory=dict)
    again: set[tuple[int, int]] = field(default_factory=set)
    backwards: bool = False

    def row(self, segment: int) -> int:
        """The row that belongs to a segment."""
        return self.run.count - 1 - segment if self.backwards else segment

    def state(self, position: int) -> tuple[Carry, Reads] | None:
        """A carry that is the value of a position in the segment before."""
        for carry, _ in self.carried.values():
            if carry.position == position and len(carry.initial) == 1:
                return carry, carry.reads
        return None

    def whole_state(self, position: int) -> Carry | None:
        """The carry that is the whole value of a position in the segment before."""
        for carry, _ in self.carried.values():
            if carry.position == position and len(carry.initial) == 1 and not carry.reads:
                return carry
        return None


def plan_loops(steps: Steps, owners: Owners, runs: list[Run]) -> dict[Run, LoopPlan]:
    """The loops of runs in the order of their places."""
    plans: dict[Run, LoopPlan] = {}
    last_segments = LastSegments(owners)
    for run in runs:
        sources = {
            (position, slot): find_source(owners, operand.values)
            for position, operands in enumerate(run.operands)
            for slot, operand in enumerate(operands)
            if isinstance(operand, Outside)
        }
        last_segments.extend(run, sources)
        for slot, source in sources.items():
            if (
                isinstance(source, Made)
                and min(source.first, source.last(run.count)) < 0
                and remembered(plans[source.run], source, run.count) is None
            ):
                sources[slot] = _stack(steps, run, slot)
        plan = plans[run] = LoopPlan(run, find_carries(steps, run), sources)
        plan.backwards = _runs_backwards(plan, plans)
    _Readers(steps, owners, plans).settle()
    for plan in plans.values():
        for source in plan.sources.values():
            if isinstance(source, Made):
                need(steps, plans, source, plan.run.count)
    return plans


def _stack(steps: Steps, run: Run, slot: Slot) -> Stack:
    """The operand of each segment; where the step is missing, that of the segment before."""
    values: list[Value] = []
    for segment in range(run.count):
        step = run.value(steps, segment, slot[0])
        values.append(values[-1] if step is None else steps.graph.nodes[step].operands[slot[1]])
    return Stack(tuple(values))


def _runs_backwards(plan: LoopPlan, plans: dict[Run, LoopPlan]) -> bool:
    votes = 0
    for source in plan.sources.values():
        if isinstance(source, Rows):
            votes += 1 if source.stride > 0 else -1
        elif isinstance(source, Made):
            votes += 1 if (source.stride > 0) != plans[source.run].backwards else -1
    return votes < 0


# -- what is read outside ----------------------------------------------------------------------------------------------

_FEW = 2
"""Segments of which straight-line code reads something, and computes it again instead of having it written down."""
_FINALS = 4
"""So many values may be carried for the sake of what is read after the last run."""


class _Readers:
    """Finds what is read of each run outside of it, and how it comes there."""

    def __init__(self, steps: Steps, owners: Owners, plans: dict[Run, LoopPlan]) -> None:
        self._steps = steps
        self._owners = owners
        self._plans = plans
        self._read: dict[Run, dict[int, set[int]]] = {run: {} for run in plans}  # by position, in which segments

    def settle(self) -> None:
        """Decide for all runs; computing again reads of earlier runs only."""
        graph = self._steps.graph
        for place, value in enumerate(self._steps.values):
            if place not in self._owners.by_place:
                self._note(graph.nodes[value].operands)
        self._note(output.value for output in graph.outputs)
        for plan in reversed(self._plans.values()):
            self._decide(plan)
            for carry, _ in plan.carried.values():
                self._note(carry.initial)
            for source in plan.sources.values():
                match source:
                    case Fixed(value):
                        self._note((value,))
                    case Rows(exemplar):
                        self._note((exemplar.arg,))
                    case Stack(values):
                        self._note(values)

    def _note(self, values: Iterable[Value]) -> None:
        for value in values:
            found = self._owners.of_base(self._steps.base(value)[0])
            if found is not None:
                run, segment, position = found
                self._read[run].setdefault(position, set()).add(segment)

    def _decide(self, plan: LoopPlan) -> None:
        read, last = self._read[plan.run], plan.run.count - 1
        single: list[tuple[int, int]] = []
        for position, segments in read.items():
            if len(segments) > _FEW or (is_stored(self._steps, plan.run, position) and segments != {last}):
                plan.rows.add(position)
            else:
                single.extend((segment, position) for segment in segments)
        finals = {position for segment, position in single if segment == last and plan.whole_state(position) is None}
        few = len(finals) <= _FINALS
        for segment, position in single:
            state = plan.whole_state(position)
            if segment == last and (few or state or is_stored(self._steps, plan.run, position)):
                plan.final.add(position)
            elif state is not None:
                plan.before[state] = None
            else:
                self._again(plan, segment, position)

    def _again(self, plan: LoopPlan, segment: int, position: int) -> None:
        pending = [(segment, position)]
        while pending:
            one = pending.pop()
            if one in plan.again or one[1] in plan.rows:
                continue
            if is_stored(self._steps, plan.run, one[1]):
                plan.rows.add(one[1])
                continue
            plan.again.add(one)
            step = plan.run.value(self._steps, *one)
            assert step is not None
            for slot, value in enumerate(self._steps.graph.nodes[step].operands):
                operand = plan.run.operands[one[1]][slot]
                if isinstance(operand, Inside) and operand.back == 0:
                    pending.append((segment, operand.position))
                elif isinstance(operand, Inside) and operand.back <= segment:
                    plan.before[plan.carried[one[1], slot][0]] = None
                else:
                    self._note((value,))


def is_stored(steps: Steps, run: Run, position: int) -> bool:
    """Whether a step is never done twice."""
    return isinstance(steps.graph.nodes[steps.values[run.start + position]], (Solve, Loop, Result))


# -- what one loop makes and another reads -----------------------------------------------------------------------------


def need(steps: Steps, plans: dict[Run, LoopPlan], source: Made, count: int) -> None:
    """Note what the loop that makes ``source`` has to give."""
    seen: set[tuple[int, int, int]] = set()
    pending = [source]
    while pending:
        one = pending.pop()
        key = id(one.run), one.position, one.first
        if key in seen:
            continue
        seen.add(key)
        plan = plans[one.run]
        carry = remembered(plan, one, count)
        if carry is not None:
            plan.before[carry] = None
        elif kept(steps, plan, one, count):
            plan.rows.add(one.position)
            plan.final.discard(one.position)
        else:
            pending.extend(_operands_made(plan, one))


def remembered(plan: LoopPlan, source: Made, count: int) -> Carry | None:
    """The carry whose values before each run are the rows that are wanted, one later."""
    if source.position in plan.rows and min(source.first, source.last(count)) >= 0:
        return None
    state = plan.state(source.position)
    if state is None or max(source.first, source.last(count)) + 1 >= plan.run.count:
        return None
    carry, reads = state
    return carry if not reads or reads is source.reads else None


def kept(steps: Steps, plan: LoopPlan, source: Made, count: int) -> bool:
    """Whether a value is written down rather than computed again."""
    run = plan.run
    if source.position in plan.rows or plan.state(source.position) is not None:
        return True
    return is_stored(steps, run, source.position)


def _operands_made(plan: LoopPlan, source: Made) -> Iterator[Made]:
    for slot, operand in enumerate(plan.run.operands[source.position]):
        if isinstance(operand, Inside):
            if operand.back == 0:
                yield Made(plan.run, operand.position, (), source.first, source.stride)
            else:
                plan.before[plan.carried[source.position, slot][0]] = None
        else:
            below = plan.sources[source.position, slot]
            if isinstance(below, Made):
                first = below.first + below.stride * source.first
                yield Made(below.run, below.position, below.reads, first, below.stride * source.stride)
