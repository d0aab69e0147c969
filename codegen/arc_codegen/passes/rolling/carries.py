"""What goes from segment to segment: which values are carried, whole or as the elements that are read of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from arc_codegen.ir.affine import part_positions
from arc_codegen.ir.graph import Assemble, Value, View
from arc_codegen.passes.rolling.segments import Inside, Run
from arc_codegen.passes.rolling.steps import Reads, Steps

Slot: TypeAlias = tuple[int, int]
"""A position of a segment, and the number of an operand there."""


@dataclass(frozen=True, slots=True)
class Carry:
    """The value at ``position``, or what ``reads`` make of it, of ``len(initial)`` segments before.

    ``initial`` are the values of the graph in its place before the first segment, that of one segment before first.
    """

    position: int
    reads: Reads
    initial: tuple[Value, ...]

    @property
    def newer(self) -> Carry | None:
        """The carry whose value this one takes after each run; None: that of the run itself."""
        return Carry(self.position, self.reads, self.initial[:-1]) if len(self.initial) > 1 else None


def find_carries(steps: Steps, run: Run) -> dict[Slot, tuple[Carry, Reads]]:
    """For each operand that reaches back, what is carried for it and how that is read."""
    initial: dict[Slot, tuple[Value, ...]] = {}
    for position, operands in enumerate(run.operands):
        for slot, operand in enumerate(operands):
            if isinstance(operand, Inside) and operand.back:
                firsts = (run.firsts[position, slot, segment] for segment in range(operand.back))
                initial[position, slot] = tuple(firsts)[::-1]
    found: dict[Slot, tuple[Carry, Reads]] = {}
    for place, values in initial.items():
        operand = run.operands[place[0]][place[1]]
        assert isinstance(operand, Inside)
        whole = _whole(steps, run, initial, operand, values)
        if whole is None:
            found[place] = Carry(operand.position, operand.reads, values), ()
        else:
            found[place] = Carry(operand.position, (), whole), operand.reads
    return found


def _whole(
    steps: Steps, run: Run, initial: dict[Slot, tuple[Value, ...]], operand: Inside, values: tuple[Value, ...]
) -> tuple[Value, ...] | None:
    """Values of which the first segments read ``values`` as later ones read what is carried."""
    if not operand.reads:
        return values
    bases = [steps.base(value) for value in values]
    kind = steps.graph.nodes[steps.values[run.start + operand.position]].type
    if all(reads is operand.reads and steps.graph.nodes[base].type == kind for base, reads in bases):
        return tuple(base for base, _ in bases)
    for (position, slot), candidates in initial.items():
        other = run.operands[position][slot]
        assert isinstance(other, Inside)
        if (other.position, other.reads, other.back) == (operand.position, (), operand.back) and all(
            _element(steps, candidate, operand.reads) == value
            for candidate, value in zip(candidates, values, strict=True)
        ):
            return candidates
    return None


def _element(steps: Steps, value: Value, reads: Reads) -> Value | None:
    """The value that an assembly has where a view of one element reads it."""
    node, read = steps.graph.nodes[value], reads[0]
    if not (len(reads) == 1 and isinstance(read, View) and read.type.shape == () and isinstance(node, Assemble)):
        return None
    for part in reversed(node.parts):
        places = part_positions(steps.graph.nodes[part.value].type.shape, part)
        if np.any(places == read.map.offset):
            single = places.size == 1 and not part.accumulate
            return part.value if single and steps.graph.nodes[part.value].type.shape == () else None
    return None
