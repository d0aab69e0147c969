"""Segments of a stretch: whether each does what the others do, and what goes from one to the next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from arc_codegen.ir.graph import Loop, Result, Value
from arc_codegen.passes.rolling.periods import Stretch
from arc_codegen.passes.rolling.steps import Reads, Steps

_FARTHEST = 3
"""A segment reads values of so many segments before at most."""
_COMPARED = 32
"""So many places at which a segment may begin are compared by what is read."""
_CROSSING = 24
"""Steps that an element is worth which goes from one segment to the next: the gradient of a cart-pole's cost over a
horizon takes 2,556 octets with 4 of them and a segment of 180 steps left out, 3,184 with 14 and all segments."""
_UNCUTTABLE = 1 << 20
"""Weight of a loop, whose results must be read in the segment that has it."""


@dataclass(frozen=True, slots=True)
class Inside:
    """An operand that is the value at ``position``, of the same segment or of ``back`` segments before."""

    back: int
    position: int
    reads: Reads


@dataclass(frozen=True, slots=True)
class Outside:
    """An operand made outside: for each segment a value of the graph."""

    values: tuple[Value, ...]


Operand: TypeAlias = Inside | Outside


@dataclass(eq=False, slots=True)
class Run:
    """Segments that do the same, one behind the other in the list of steps.

    Parameters
    ----------
    start : int
        Place of the first step.
    period, count : int
        Steps of a segment, and number of segments.
    operands : list
        For each position in a segment what its step reads.
    firsts : dict
        For a position, an operand and the number of a segment: what an `Inside` operand is there that reaches back to
        before the first segment.
    appended : dict
        Steps of segments that are not in the list behind the others, by segment and position; some may be missing.
    """

    start: int
    period: int
    count: int
    operands: list[tuple[Operand, ...]]
    firsts: dict[tuple[int, int, int], Value] = field(default_factory=dict)
    appended: dict[tuple[int, int], Value] = field(default_factory=dict)
    stop: int = field(init=False)

    def __post_init__(self) -> None:
        self.stop = self.start + self.period * self.count

    def value(self, steps: Steps, segment: int, position: int) -> Value | None:
        """The step at a position of a segment, None if that one lacks it."""
        place = self.start + segment * self.period + position
        return steps.values[place] if place < self.stop else self.appended.get((segment, position))


def find_runs(steps: Steps, stretch: Stretch, least: int) -> list[Run]:
    """The runs of at least so many segments in a stretch of equal labels.

    A segment begins where fewest elements go from one to the next, and where each reads fewest values of earlier ones.
    If the first segment then begins with steps of its own kind, another one may do as well: behind these.
    """
    period, whole = stretch.period, stretch.length // stretch.period
    crossing = _crossing(steps, stretch)
    offsets = range(stretch.length - max(least, whole - 1) * period + 1)[:period]
    weights = [_CROSSING * crossing[offset] + period * (stretch.length - offset < whole * period) for offset in offsets]
    best = [offset for offset in offsets if weights[offset] == min(weights)]
    fewest = min(best[:_COMPARED], key=lambda offset: _read_by_middle(steps, stretch, offset))
    runs, own = _runs_at(steps, stretch, fewest, least)
    later = (fewest + own) % period
    if own and crossing[later] <= crossing[fewest]:
        others, _ = _runs_at(steps, stretch, later, least)
        if sum(run.count for run in others) >= sum(run.count for run in runs):
            return others
    return runs


def _read_by_middle(steps: Steps, stretch: Stretch, offset: int) -> int:
    """How many values that came before the segment before it a segment in the middle reads."""
    first = stretch.start + offset + (stretch.length // stretch.period // 2) * stretch.period
    last = min(first + stretch.period, stretch.start + stretch.length)
    nodes = steps.graph.nodes
    read = {
        steps.place.get(steps.base(operand)[0], last)
        for place in range(first, last)
        for operand in nodes[steps.values[place]].operands
    }
    return sum(place < first - stretch.period for place in read)


def _runs_at(steps: Steps, stretch: Stretch, offset: int, least: int) -> tuple[list[Run], int]:
    """The runs if segments begin there, and how many steps of the first segment there are up to the last odd one."""
    start, period = stretch.start + offset, stretch.period
    count = (stretch.length - offset) // period
    classes = [_classify(steps, start, period, count, position) for position in range(period)]
    ranges = _consistent(classes, count)
    own = 0
    if ranges[0] != (0, count):
        odd = [k for k, position in enumerate(classes) if any(one.usual and 0 in one.wrong for one in position)]
        own = max(odd, default=-1) + 1
    runs = [_run(steps, classes, start, period, first, last) for first, last in ranges if last - first >= least]
    return runs, own


# -- where a segment begins --------------------------------------------------------------------------------------------


def _crossing(steps: Steps, stretch: Stretch) -> list[int]:
    """Elements that go from one segment to the next, by the place in the period where segments begin."""
    period = stretch.period
    middle = stretch.start + (stretch.length // period // 2) * period
    last_use = {place: place for place in range(middle - period, middle)}
    nodes = steps.graph.nodes
    for place in range(middle - period, min(middle + period, stretch.start + stretch.length)):
        for operand in nodes[steps.values[place]].operands:
            maker = steps.place.get(steps.base(operand)[0], -1)
            if maker in last_use:
                last_use[maker] = place
    steps_by_cut = np.zeros(period + 1, dtype=np.int64)  # how the elements alive change at each cut
    for maker, place in last_use.items():
        node = nodes[steps.values[maker]]
        size = _UNCUTTABLE if isinstance(node, Loop) else node.type.size
        first, last = maker + 1 - middle + period, min(place, maker + period) - middle + period  # of a segment's start
        for low, high in ((first, min(last, period - 1)), (max(first, period) - period, last - period)):
            if low <= high:
                steps_by_cut[low] += size
                steps_by_cut[high + 1] -= size
    crossing: list[int] = np.cumsum(steps_by_cut)[:period].tolist()
    return crossing


# -- what is read ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Class:
    """What one operand of a position is in each segment, and which of these are as in most."""

    usual: tuple[int, int, Reads] | None  # how many segments back, position, reads; None: from outside
    found: list[tuple[int, int, Reads] | None]
    values: list[Value]
    wrong: frozenset[int]
    broken: frozenset[int]  # segments whose step is another one


def _classify(steps: Steps, start: int, period: int, count: int, position: int) -> list[_Class]:
    nodes = steps.graph.nodes
    copies = [steps.values[start + segment * period + position] for segment in range(count)]
    first = nodes[copies[0]]
    wrong: set[int] = set()
    if isinstance(first, (Loop, Result)):
        wrong = {k for k, value in enumerate(copies) if not _same_loop(first, nodes[value])}
    lists = [nodes[value].operands for value in copies]
    classes = []
    for slot in range(len(lists[0])):
        found: list[tuple[int, int, Reads] | None] = []
        values = [operands[slot] for operands in lists]
        for segment, value in enumerate(values):
            base, reads = steps.base(value)
            place = steps.place.get(base, -1)
            if place < start:
                found.append(None)
            else:
                there, at = divmod(place - start, period)
                found.append((segment - there, at, reads))
        usual = Counter(one and (one[0], one[1], id(one[2])) for one in found[count // 4 :]).most_common(1)[0][0]
        exemplar = next(one for one in found if (one and (one[0], one[1], id(one[2]))) == usual)
        bad = {k for k, one in enumerate(found) if one is not exemplar and not _equal(one, exemplar)}
        if exemplar is not None and exemplar[0] > _FARTHEST:  # reads one fixed segment, or one far back
            wrong = set(range(count))
        classes.append(_Class(exemplar, found, values, frozenset(bad), frozenset(wrong)))
    return classes


def _equal(one: tuple[int, int, Reads] | None, other: tuple[int, int, Reads] | None) -> bool:
    if one is None or other is None:
        return one is other
    return one[0] == other[0] and one[1] == other[1] and one[2] is other[2]


def _same_loop(one: object, other: object) -> bool:
    if isinstance(one, Loop) and isinstance(other, Loop):
        return one.body == other.body
    return isinstance(one, Result) and isinstance(other, Result) and one.index == other.index


def _consistent(classes: Sequence[Sequence[_Class]], count: int) -> list[tuple[int, int]]:
    """Ranges of segments that are alike; what reaches back to before a range may be anything."""
    earliest = [0] * count  # the first segment from which on a run may begin that has this segment
    alone = [False] * count  # in no run
    for position in classes:
        for one in position:
            for segment in one.broken:
                alone[segment] = True
            for segment in one.wrong:
                there = one.found[segment]
                if one.usual is None and there is not None:  # made in a segment that must stay outside
                    earliest[segment] = max(earliest[segment], segment - there[0] + 1)
                elif one.usual is not None and one.usual[0] > 0 and _before(one, segment):
                    reach = segment if there is None else segment - there[0]
                    earliest[segment] = max(earliest[segment], segment - one.usual[0] + 1)
                    if there is not None:
                        earliest[segment] = max(earliest[segment], reach + 1)
                else:
                    alone[segment] = True
    ranges = []
    first = 0
    for segment in range(count):
        if alone[segment]:
            ranges.append((first, segment))
            first = segment + 1
        elif earliest[segment] > first:
            ranges.append((first, segment))
            first = earliest[segment]
    return [*ranges, (first, count)]


def _before(one: _Class, segment: int) -> bool:
    there = one.found[segment]
    return there is None or there[0] > 0


def _run(steps: Steps, classes: Sequence[Sequence[_Class]], start: int, period: int, first: int, last: int) -> Run:
    operands: list[tuple[Operand, ...]] = []
    run = Run(start + first * period, period, last - first, operands)
    for position, slots in enumerate(classes):
        found: list[Operand] = []
        for slot, one in enumerate(slots):
            if one.usual is None:
                found.append(Outside(tuple(one.values[first:last])))
                continue
            found.append(Inside(*one.usual))
            for segment in range(min(one.usual[0], run.count)):
                run.firsts[position, slot, segment] = one.values[first + segment]
        operands.append(tuple(found))
    return run
