"""Last segments of which something is missing, because nobody reads it: the loop may run some more times."""

from __future__ import annotations

from arc_codegen.ir.affine import span
from arc_codegen.ir.builder import content_key
from arc_codegen.ir.graph import AffineMap, Assemble, Loop, Node, Result, Solve, Value, View
from arc_codegen.passes.rolling.segments import Inside, Run
from arc_codegen.passes.rolling.sources import Fixed, Made, Owners, Rows, Source, first_value
from arc_codegen.passes.rolling.steps import Reads

_WORTH = 0.5
"""A segment is taken in if it has so much of the steps, or one that is put together with those of the others."""


class LastSegments:
    """Finds the segments that follow a run.

    The reverse sweep ends with a step in which the derivatives for the first state are not computed, and perhaps one
    before it that lacks what only they need. What is missing is computed in vain.
    """

    def __init__(self, owners: Owners) -> None:
        self._owners = owners
        self._steps = owners.steps
        self._known: dict[object, Value] = {}
        self._assembled: set[Value] = set()

    def extend(self, run: Run, sources: dict[tuple[int, int], Source]) -> None:
        """Make the run longer while its next segment is there."""
        while True:
            if any(not self._reaches(source, run.count) for source in sources.values()):
                return
            found = self._match(run, sources)
            if not self._worth(run, found):
                return
            if len(found) < run.period and not self._harmless(run):
                return
            for position, value in found.items():
                self._owners.by_place[self._steps.place[value]] = run, run.count, position
                run.appended[run.count, position] = value
            run.count += 1

    def _worth(self, run: Run, found: dict[int, Value]) -> bool:
        if len(found) >= _WORTH * run.period:
            return True
        if not self._assembled:
            for node in self._steps.graph.nodes:
                if isinstance(node, Assemble):
                    self._assembled.update(self._steps.base(part.value)[0] for part in node.parts)
        before = ((value, run.value(self._steps, run.count - 1, position)) for position, value in found.items())
        return any(value in self._assembled and other in self._assembled for value, other in before)

    def _harmless(self, run: Run) -> bool:
        nodes, values = self._steps.graph.nodes, self._steps.values
        return not any(
            isinstance(nodes[values[place]], (Solve, Loop, Result))
            for place in range(run.start, run.start + run.period)
        )

    def _reaches(self, source: Source, segment: int) -> bool:
        """Whether a segment further on may read there."""
        match source:
            case Rows(exemplar, first, stride):
                low, high = span(exemplar.type.shape, exemplar.map)
                offset = first + segment * stride - exemplar.map.offset
                return low + offset >= 0 and high + offset < self._steps.graph.nodes[exemplar.arg].type.size
            case Made(other, _, _, first, stride):
                return -1 <= first + segment * stride < other.count
            case Fixed():
                return True
        return False

    def _match(self, run: Run, sources: dict[tuple[int, int], Source]) -> dict[int, Value]:
        """The steps of the segment after the last, by position."""
        found: dict[int, Value] = {}
        nodes, values = self._steps.graph.nodes, self._steps.values
        for position, operands in enumerate(run.operands):
            wanted: list[Value] = []
            for slot, operand in enumerate(operands):
                if not isinstance(operand, Inside):
                    value = self._outside(sources[position, slot], run.count)
                elif operand.back == 0:
                    value = self._read(operand.reads, found.get(operand.position))
                elif operand.back <= run.count:
                    value = self._read(
                        operand.reads, run.value(self._steps, run.count - operand.back, operand.position)
                    )
                else:
                    value = None
                if value is None:
                    break
                wanted.append(value)
            if len(wanted) == len(operands):
                node = nodes[values[run.start + position]]
                value = self._find(node.with_operands(tuple(wanted)))
                if value is not None and self._is_free(run, value):
                    found[position] = value
        return found

    def _is_free(self, run: Run, value: Value) -> bool:
        return self._steps.place.get(value, -1) >= run.stop and self._owners.of_base(value) is None

    def _outside(self, source: Source, segment: int) -> Value | None:
        match source:
            case Fixed(value):
                return value
            case Rows(exemplar, first, stride):
                amap = AffineMap(first + segment * stride, exemplar.map.strides)
                return self._find(View(type=exemplar.type, arg=exemplar.arg, map=amap))
            case Made(other, position, reads, first, stride):
                there = first + segment * stride
                if there < 0:
                    return first_value(other, position, reads)
                return self._read(reads, other.value(self._steps, there, position))
        return None

    def _read(self, reads: Reads, value: Value | None) -> Value | None:
        for read in reversed(reads):
            if value is None:
                return None
            value = self._find(read.with_operands((value,)))
        return value

    def _find(self, node: Node) -> Value | None:
        """The value of the graph that is this one."""
        if not self._known:
            self._known = {content_key(one): value for value, one in enumerate(self._steps.graph.nodes)}
        return self._known.get(content_key(node))
