"""The body of a loop from the segments of a run, with what it computes again of other loops' values."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import Graph, Node, Value
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.rolling.carries import Carry
from arc_codegen.passes.rolling.plan import LoopPlan, kept, remembered
from arc_codegen.passes.rolling.segments import Inside, Run
from arc_codegen.passes.rolling.sources import Fixed, Made
from arc_codegen.passes.rolling.steps import Reads, Steps, apply_reads

Ref: TypeAlias = int
"""Number of a line of a recipe."""


@dataclass(frozen=True, slots=True)
class Array:
    """Rows of a run: of an operand from outside, of a position, or of a carry before each segment."""

    run: Run
    what: tuple[int, int] | int | Carry


@dataclass(frozen=True, slots=True)
class Element:
    """Segment j reads the row of segment ``first + j * stride`` of an array's run."""

    array: Array
    first: int
    stride: int


@dataclass(frozen=True, slots=True)
class Invariant:
    """A value of the graph around the loop."""

    value: Value


_Line: TypeAlias = Carry | Element | Invariant | tuple[Node, tuple[Ref, ...]] | tuple[Reads, Ref]


@dataclass(slots=True)
class Recipe:
    """What a body reads and computes, before its inputs are known; see `write_recipe`."""

    steps: Steps
    plans: dict[Run, LoopPlan]
    plan: LoopPlan
    lines: list[_Line] = field(default_factory=list)
    positions: list[Ref] = field(default_factory=list)
    _known: dict[object, Ref] = field(default_factory=dict)

    def leaf(self, line: Carry | Element | Invariant) -> Ref:
        """A carry, an element or an invariant, each once."""
        ref = self._known.get(line)
        if ref is None:
            ref = self._known[line] = self._line(line)
        return ref

    def _line(self, line: _Line) -> Ref:
        self.lines.append(line)
        return len(self.lines) - 1

    def read(self, reads: Reads, ref: Ref) -> Ref:
        """What views and tables read."""
        return self._line((reads, ref)) if reads else ref

    def write(self) -> None:
        """All positions of the run, and what else has to be a result."""
        run, plan = self.plan.run, self.plan
        for position in range(run.period):
            operands = []
            for slot, operand in enumerate(run.operands[position]):
                if not isinstance(operand, Inside):
                    source = plan.sources[position, slot]
                    whole = Made(run, position, (), 0, 1)
                    operands.append(self.made(source) if isinstance(source, Made) else self._given(whole, slot))
                elif operand.back == 0:
                    operands.append(self.read(operand.reads, self.positions[operand.position]))
                else:
                    carry, reads = plan.carried[position, slot]
                    operands.append(self.read(reads, self.leaf(carry)))
            self.positions.append(self._line((self._node(run, position), tuple(operands))))
        for carry in plan.before:
            self.leaf(carry)

    def _node(self, run: Run, position: int) -> Node:
        return self.steps.graph.nodes[self.steps.values[run.start + position]]

    def made(self, source: Made) -> Ref:
        """What another run makes: its row, or its steps again from what it carried."""
        plan = self.plans[source.run]
        carry = remembered(plan, source, self.plan.run.count)
        if carry is not None:
            row = self.leaf(Element(Array(source.run, carry), source.first + 1, source.stride))
            return row if carry.reads else self.read(source.reads, row)
        if kept(self.steps, plan, source, self.plan.run.count):
            row = self.leaf(Element(Array(source.run, source.position), source.first, source.stride))
            return self.read(source.reads, row)
        return self.read(source.reads, self._again(source))

    def _again(self, source: Made) -> Ref:
        key = id(source.run), source.position, source.first, source.stride
        known = self._known.get(key)
        if known is not None:
            return known
        plan = self.plans[source.run]
        operands = []
        for slot, operand in enumerate(source.run.operands[source.position]):
            if not isinstance(operand, Inside):
                below = plan.sources[source.position, slot]
                if isinstance(below, Made):
                    first = below.first + below.stride * source.first
                    operands.append(self.made(replace(below, first=first, stride=below.stride * source.stride)))
                else:
                    operands.append(self._given(source, slot))
            elif operand.back == 0:
                inner = Made(source.run, operand.position, operand.reads, source.first, source.stride)
                operands.append(self.made(inner))
            else:
                carry, reads = plan.carried[source.position, slot]
                row = self.leaf(Element(Array(source.run, carry), source.first, source.stride))
                operands.append(self.read(reads, row))
        ref = self._known[key] = self._line((self._node(source.run, source.position), tuple(operands)))
        return ref

    def _given(self, source: Made, slot: int) -> Ref:
        """An operand of a run that no run makes."""
        given = self.plans[source.run].sources[source.position, slot]
        if isinstance(given, Fixed):
            return self.leaf(Invariant(given.value))
        return self.leaf(Element(Array(source.run, (source.position, slot)), source.first, source.stride))


@dataclass(slots=True)
class Body:
    """A body, the operands of its loop, and which result is what.

    ``after``, ``rows`` and ``before`` are numbers of results: of carries, of positions, of carries before each run.
    """

    graph: Graph
    carries: list[Value]
    elements: list[Value]
    invariants: list[Value]
    after: dict[Carry | int, int]
    rows: dict[int, int]
    before: dict[Carry, int]


def make_body(
    recipe: Recipe,
    title: str,
    *,
    outer: Callable[[Value], Value],
    rows: Callable[[Element], Value],
    kind: Callable[[Value], TensorType],
    zeros: Callable[[TensorType], Value],
) -> Body:
    """The body of a recipe; the functions give the values around the loop and their types."""
    plan = recipe.plan
    for carry in [line for line in recipe.lines if isinstance(line, Carry)]:
        newer = carry.newer
        while newer is not None:
            recipe.leaf(newer)
            newer = newer.newer
    finals = [position for position in sorted(plan.final) if _final_carry(recipe, position) is None]
    carried = [line for line in recipe.lines if isinstance(line, Carry)]
    builder = GraphBuilder(title)
    refs: dict[Ref, Value] = {}
    carries, elements, invariants = [], [], []
    types = [recipe.steps.graph.nodes[recipe.steps.values[plan.run.start + position]].type for position in finals]
    names = _names(recipe, [*(carry.position for carry in carried), *finals])
    for name, carry in zip(names, carried, strict=False):
        carries.append(outer(carry.initial[-1]))
        state = kind(carries[-1])
        refs[recipe.leaf(carry)] = builder.input(name, state.dtype, state.shape)
    for name, type_ in zip(names[len(carried) :], types, strict=True):
        carries.append(zeros(type_))
        builder.input(name, type_.dtype, type_.shape)
    inputs: dict[Value, Value] = {}
    for ref, line in enumerate(recipe.lines):
        if isinstance(line, Element):
            operand = rows(line)
            if operand not in inputs:
                elements.append(operand)
                row = kind(operand)
                inputs[operand] = builder.input(f"row{len(elements)}", row.dtype, row.shape[1:])
            refs[ref] = inputs[operand]
    inputs = {}
    for ref, line in enumerate(recipe.lines):
        if isinstance(line, Invariant):
            operand = outer(line.value)
            if operand not in inputs:
                invariants.append(operand)
                fixed = kind(operand)
                inputs[operand] = builder.input(f"fixed{len(invariants)}", fixed.dtype, fixed.shape)
            refs[ref] = inputs[operand]
    for ref, line in enumerate(recipe.lines):
        if isinstance(line, tuple):
            refs[ref] = _add(builder, line, refs)
    at = [refs[ref] for ref in recipe.positions]
    results: list[tuple[str, Value]] = []
    after: dict[Carry | int, int] = {}
    for carry in carried:
        after[carry] = len(results)
        newer = carry.newer
        new = refs[recipe.leaf(newer)] if newer is not None else apply_reads(builder, carry.reads, at[carry.position])
        results.append((names[len(results)], new))
    for position in finals:
        after[position] = len(results)
        results.append((names[len(results)], at[position]))
    for position in plan.final - set(finals):
        known = _final_carry(recipe, position)
        assert known is not None
        after[position] = after[known]
    numbers: dict[int, int] = {}
    for position in sorted(plan.rows):
        numbers[position] = len(results)
        results.append((f"y{len(results)}", at[position]))
    before: dict[Carry, int] = {}
    for carry in plan.before:
        before[carry] = len(results)
        results.append((f"y{len(results)}", refs[recipe.leaf(carry)]))
    return Body(builder.finish(results), carries, elements, invariants, after, numbers, before)


def _final_carry(recipe: Recipe, position: int) -> Carry | None:
    """A carry that is the value of a position after the last run."""
    for line in recipe.lines:
        if isinstance(line, Carry) and line.position == position and not line.reads and len(line.initial) == 1:
            return line
    return None


def _add(
    builder: GraphBuilder, line: tuple[Node, tuple[Ref, ...]] | tuple[Reads, Ref], refs: dict[Ref, Value]
) -> Value:
    first, rest = line
    if isinstance(rest, int):
        assert isinstance(first, tuple)
        return apply_reads(builder, first, refs[rest])
    assert isinstance(first, Node)
    return builder.add(first.with_operands(tuple(refs[ref] for ref in rest)))


def _names(recipe: Recipe, positions: Iterable[int]) -> list[str]:
    """What the user calls the values at positions, each name once."""
    names: list[str] = []
    for position in positions:
        origin = recipe.steps.graph.nodes[recipe.steps.values[recipe.plan.run.start + position]].origin
        name = origin.name if origin is not None and origin.name else "carry"
        names.append(name if name not in names else f"{name}_{len(names)}")
    return names
