"""What the segments of a run read from outside: one value, rows of an array, or what another run made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from arc_codegen.ir.graph import Value, View
from arc_codegen.passes.rolling.segments import Inside, Run
from arc_codegen.passes.rolling.steps import Reads, Steps


@dataclass(frozen=True, slots=True)
class Fixed:
    """The same value for all segments."""

    value: Value


@dataclass(frozen=True, slots=True)
class Rows:
    """Segment j reads ``arg`` as ``exemplar`` does, but ``first + j * stride`` elements from its beginning."""

    exemplar: View
    first: int
    stride: int


@dataclass(frozen=True, slots=True)
class Made:
    """Segment j reads what segment ``first + j * stride`` of another run makes at a position."""

    run: Run
    position: int
    reads: Reads
    first: int
    stride: int

    def last(self, count: int) -> int:
        """The segment that the last of ``count`` reads."""
        return self.first + (count - 1) * self.stride


@dataclass(frozen=True, slots=True)
class Stack:
    """A value for each segment."""

    values: tuple[Value, ...]


Source: TypeAlias = Fixed | Rows | Made | Stack


@dataclass(slots=True)
class Owners:
    """Which run, segment and position a step belongs to."""

    steps: Steps
    by_place: dict[int, tuple[Run, int, int]]

    @classmethod
    def of(cls, steps: Steps, runs: Sequence[Run]) -> Owners:
        """The owners of all steps in ``runs``."""
        return cls(
            steps,
            {
                place: (run, *divmod(place - run.start, run.period))
                for run in runs
                for place in range(run.start, run.stop)
            },
        )

    def of_base(self, base: Value) -> tuple[Run, int, int] | None:
        """Run, segment and position of a computed value, None if it is in none."""
        place = self.steps.place.get(base)
        return None if place is None else self.by_place.get(place)


def find_source(owners: Owners, values: tuple[Value, ...]) -> Source:
    """Where an operand's values, one for each segment, come from."""
    if all(value == values[0] for value in values):
        return Fixed(values[0])
    return _made(owners, values) or _rows(owners.steps, values) or Stack(values)


def _rows(steps: Steps, values: tuple[Value, ...]) -> Rows | None:
    nodes = [steps.graph.nodes[value] for value in values]
    exemplar = nodes[0]
    if not isinstance(exemplar, View):
        return None
    offsets = []
    for node in nodes:
        if not isinstance(node, View) or node.arg != exemplar.arg or node.map.strides != exemplar.map.strides:
            return None
        offsets.append(node.map.offset)
    stride = offsets[1] - offsets[0]
    if any(offset != offsets[0] + k * stride for k, offset in enumerate(offsets)):
        return None
    return Rows(exemplar, offsets[0], stride)


def _made(owners: Owners, values: tuple[Value, ...]) -> Made | None:
    found = [(owners.of_base(base), reads) for base, reads in map(owners.steps.base, values)]
    middle = len(values) // 2
    here, reads = found[middle]
    before = found[middle - 1][0]
    if here is None or before is None:
        return None
    run, segment, position = here
    stride = segment - before[1]
    first = segment - middle * stride
    for k, (where, chain) in enumerate(found):
        wanted = first + k * stride
        if where is not None and where[0] is run and where[1:] == (wanted, position) and chain is reads:
            continue
        if wanted != -1 or first_value(run, position, reads) != values[k]:
            return None
    return Made(run, position, reads, first, stride)


def first_value(run: Run, position: int, reads: Reads) -> Value | None:
    """What the first segment reads where the others read that position of the one before."""
    for (reader, slot, segment), initial in run.firsts.items():
        operand = run.operands[reader][slot]
        if not isinstance(operand, Inside) or operand.reads is not reads:
            continue
        if (segment, operand.back, operand.position) == (0, 1, position):
            return initial
    return None
