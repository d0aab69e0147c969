"""The pass that finds written-out steps and makes loops of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from arc_codegen.ir.affine import contiguous_strides, part_positions, span
from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Gather,
    Graph,
    Input,
    Loop,
    Node,
    Output,
    Part,
    Result,
    Value,
    View,
)
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.loop_bodies import trim_loops
from arc_codegen.passes.rewriting import rebuild
from arc_codegen.passes.rolling.bodies import Body, Element, Recipe, make_body
from arc_codegen.passes.rolling.carries import Carry
from arc_codegen.passes.rolling.choice import choose_runs, pays
from arc_codegen.passes.rolling.order import with_terms_in_segments
from arc_codegen.passes.rolling.plan import LoopPlan, plan_loops
from arc_codegen.passes.rolling.segments import Inside, Run
from arc_codegen.passes.rolling.sources import Owners, Rows, Stack
from arc_codegen.passes.rolling.steps import Steps, apply_reads


def roll_loops(graph: Graph, cost: CostModel) -> Graph:
    """Loops where the same steps stand one behind the other, each going on from the one before.

    The loops perform the same operations on the same values in the same order.
    """
    steps = Steps.of(graph)
    runs = choose_runs(steps, cost)
    if runs and len(steps.values) - max(run.stop for run in runs) >= 2 * cost.rolled:
        moved = Steps.of(with_terms_in_segments(steps, runs))
        more = choose_runs(moved, cost)
        if _rolled_steps(more) > _rolled_steps(runs):
            steps, runs = moved, more
    while runs:
        rolling = _Rolling(steps, [replace(run, appended={}) for run in runs])
        kept = [run for run, plan in zip(runs, rolling.plans.values(), strict=True) if pays(steps, plan)]
        if len(kept) == len(runs):
            return trim_loops(rebuild(rolling.run(), IndexMaps()))
        runs = kept
    return graph


def _rolled_steps(runs: Sequence[Run]) -> int:
    return sum(run.stop - run.start for run in runs)


@dataclass(slots=True)
class _Made:
    """A loop that was added, and its body."""

    value: Value
    body: Body
    types: list[TensorType]


@dataclass(slots=True)
class _Rolling:
    steps: Steps
    runs: list[Run]
    builder: GraphBuilder = field(init=False)
    owners: Owners = field(init=False)
    plans: dict[Run, LoopPlan] = field(init=False)
    renamed: dict[Value, Value] = field(default_factory=dict)
    made: dict[Run, _Made] = field(default_factory=dict)
    arrays: dict[object, Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = self.steps.graph
        self.builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
        self.owners = Owners.of(self.steps, self.runs)
        self.plans = plan_loops(self.steps, self.owners, self.runs)

    def run(self) -> Graph:
        """The graph with loops."""
        graph = self.steps.graph
        for value, node in enumerate(graph.nodes):
            if isinstance(node, Input):
                self.renamed[value] = self.builder.add(node)
        starts = {run.start: run for run in self.runs}
        for place, value in enumerate(self.steps.values):
            if place in starts:
                self._loop(self.plans[starts[place]])
            if place not in self.owners.by_place:
                self.renamed[value] = self._moved(graph.nodes[value])
        return self.builder.finish([Output(one.name, self.value(one.value)) for one in graph.outputs])

    # -- values of the old graph ---------------------------------------------------------------------------------------

    def value(self, value: Value) -> Value:
        """A value in the new graph."""
        found = self.renamed.get(value)
        if found is None:
            node = self.steps.graph.nodes[value]
            owned = self.owners.of_base(value)
            if owned is not None:
                found = self._result(*owned)
            elif isinstance(node, Constant):
                found = self.builder.add(node)
            else:
                assert isinstance(node, (View, Gather))
                found = self.builder.add(node.with_operands((self.value(node.arg),)))
            self.renamed[value] = found
        return found

    def _result(self, run: Run, segment: int, position: int) -> Value:
        plan, made = self.plans[run], self.made[run]
        if position in plan.rows:
            rows = self._loop_result(made, made.body.rows[position])
            return self._row(rows, plan.row(segment))
        if (segment, position) in plan.again:
            return self._again(plan, segment, position)
        state = plan.whole_state(position)
        if state is not None and segment + 1 < run.count:
            return self._before(plan, state, segment + 1)
        return self._loop_result(made, made.body.after[position])

    def _before(self, plan: LoopPlan, carry: Carry, segment: int) -> Value:
        made = self.made[plan.run]
        return self._row(self._loop_result(made, made.body.before[carry]), plan.row(segment))

    def _again(self, plan: LoopPlan, segment: int, position: int) -> Value:
        step = plan.run.value(self.steps, segment, position)
        assert step is not None
        node = self.steps.graph.nodes[step]
        operands = []
        for slot, value in enumerate(node.operands):
            operand = plan.run.operands[position][slot]
            if isinstance(operand, Inside) and 0 < operand.back <= segment:
                carry, reads = plan.carried[position, slot]
                operands.append(apply_reads(self.builder, reads, self._before(plan, carry, segment)))
            else:
                operands.append(self.value(value))
        return self.builder.add(node.with_operands(tuple(operands)))

    def _loop_result(self, made: _Made, index: int) -> Value:
        return self.builder.add(Result(type=made.types[index], loop=made.value, index=index))

    def _row(self, rows: Value, row: int) -> Value:
        shape = self.builder.type(rows).shape[1:]
        strides = contiguous_strides(shape)
        size = int(np.prod(shape, dtype=np.int64))
        return self.builder.view(rows, shape, row * size, strides)

    def _moved(self, node: Node) -> Value:
        if isinstance(node, Assemble):
            return self._assembled(node)
        return self.builder.add(node.with_operands(tuple(self.value(operand) for operand in node.operands)))

    # -- loops ---------------------------------------------------------------------------------------------------------

    def _loop(self, plan: LoopPlan) -> None:
        recipe = Recipe(self.steps, self.plans, plan)
        recipe.write()
        body = make_body(
            recipe,
            "arc_rolled_steps",
            outer=self.value,
            rows=lambda element: self._elements(plan, element),
            kind=self.builder.type,
            zeros=self._zeros,
        )
        origin = self.steps.graph.nodes[self.steps.values[plan.run.start]].origin
        loop = Loop(
            type=TensorType(self.builder.type(body.carries[0] if body.carries else body.elements[0]).dtype, (0,)),
            body=body.graph,
            length=plan.run.count,
            carries=tuple(body.carries),
            elements=tuple(body.elements),
            invariants=tuple(body.invariants),
            backwards=plan.backwards,
            origin=origin,
        )
        self.made[plan.run] = _Made(self.builder.add(loop), body, loop.result_types())

    def _zeros(self, kind: TensorType) -> Value:
        zero = self.builder.constant(np.zeros((), kind.dtype.numpy_name))
        return self.builder.broadcast(zero, kind.shape)

    def _elements(self, plan: LoopPlan, element: Element) -> Value:
        """The rows that a loop reads, in the order of its own."""
        array = self._array(element)
        owner = self.plans[element.array.run]
        first, second = (owner.row(element.first + element.stride * plan.row(row)) for row in (0, 1))
        shape = (plan.run.count, *self.builder.type(array).shape[1:])
        size = int(np.prod(shape[1:], dtype=np.int64))
        if (first, second) == (0, 1) and shape == self.builder.type(array).shape:
            return array
        strides = ((second - first) * size, *contiguous_strides(shape[1:]))
        return self.builder.view(array, shape, first * size, strides)

    def _array(self, element: Element) -> Value:
        run, what = element.array.run, element.array.what
        plan = self.plans[run]
        if isinstance(what, int):
            return self._loop_result(self.made[run], self.made[run].body.rows[what])
        if isinstance(what, Carry):
            return self._loop_result(self.made[run], self.made[run].body.before[what])
        key = id(run), what
        found = self.arrays.get(key)
        if found is None:
            source = plan.sources[what]
            if isinstance(source, Rows):
                found = self._rows_of_view(plan, source)
            else:
                assert isinstance(source, Stack)
                found = self._stacked([source.values[plan.row(row)] for row in range(run.count)])
            self.arrays[key] = found
        return found

    def _rows_of_view(self, plan: LoopPlan, source: Rows) -> Value:
        view = source.exemplar
        first, second = (source.first + source.stride * plan.row(row) for row in (0, 1))
        shape = (plan.run.count, *view.type.shape)
        return self.builder.view(self.value(view.arg), shape, first, (second - first, *view.map.strides))

    def _stacked(self, values: list[Value]) -> Value:
        nodes = [self.steps.graph.nodes[value] for value in values]
        kind = nodes[0].type
        if all(isinstance(node, Constant) for node in nodes):
            rows = [constant_array(node) for node in nodes if isinstance(node, Constant)]
            return self.builder.constant(np.stack(rows), kind.dtype)
        strides = contiguous_strides(kind.shape)
        parts = [Part(value=value, target=AffineMap(row * kind.size, strides)) for row, value in enumerate(values)]
        return self._assembled(Assemble(type=TensorType(kind.dtype, (len(values), *kind.shape)), parts=tuple(parts)))

    # -- what is put together of rows ----------------------------------------------------------------------------------

    def _assembled(self, node: Assemble) -> Value:
        """An assembly, in which rows of a loop that go to places in a row are one part."""
        keyed = [(self._key(part), part) for part in node.parts]
        if self._are_apart(node):  # in any order
            order = {key: k for k, (key, _) in reversed(list(enumerate(keyed)))}
            keyed.sort(key=lambda one: order[one[0]])
        parts: list[Part] = []
        group: list[tuple[Part, int]] = []  # parts that read one position, with the rows that they read
        last: object = None
        for key, part in keyed:
            owned = self.owners.of_base(self.steps.base(part.value)[0])
            row = 0 if owned is None else self.plans[owned[0]].row(owned[1])
            if key is None or key != last or not _continues(group, part, row):
                parts.extend(self._joined(group))
                group, last = [], key
            if key is None:
                parts.append(replace(part, value=self.value(part.value)))
            else:
                group.append((part, row))
        parts.extend(self._joined(group))
        base = None if node.base is None else self.value(node.base)
        return self.builder.add(replace(node, parts=tuple(parts), base=base))

    def _key(self, part: Part) -> object:
        """What parts have in common that are rows of one array, read and written alike; None of other parts."""
        base, reads = self.steps.base(part.value)
        owned = self.owners.of_base(base)
        if owned is None or owned[2] not in self.plans[owned[0]].rows or len(reads) > 1 or not _affine(part, reads):
            return None
        return id(owned[0]), owned[2], id(reads), part.accumulate

    def _are_apart(self, node: Assemble) -> bool:
        """Whether no two parts write one element."""
        nodes = self.steps.graph.nodes
        if sum(nodes[part.value].type.size for part in node.parts) > node.type.size:
            return False
        places = [part_positions(nodes[part.value].type.shape, part) for part in node.parts]
        return not places or np.unique(np.concatenate(places)).size == sum(one.size for one in places)

    def _joined(self, group: list[tuple[Part, int]]) -> list[Part]:
        if len(group) < 2:
            return [replace(part, value=self.value(part.value)) for part, _ in group]
        (part, row), (following, next_row) = group[0], group[1]
        base, reads = self.steps.base(part.value)
        owned = self.owners.of_base(base)
        assert owned is not None
        made = self.made[owned[0]]
        rows = self._loop_result(made, made.body.rows[owned[2]])
        kind = self.builder.type(rows)
        size = kind.size // kind.shape[0]
        shape = self.steps.graph.nodes[part.value].type.shape
        read = reads[0].map if reads and isinstance(reads[0], View) else AffineMap(0, contiguous_strides(shape))
        assert isinstance(part.target, AffineMap)
        assert isinstance(following.target, AffineMap)
        first, step, target = row, next_row - row, part.target.offset
        ahead = following.target.offset - target
        low, high = span(shape, part.target)
        if step < 0 and not part.accumulate and abs(ahead) > high - low:  # rows do not meet: in their own order
            first, step = row + (len(group) - 1) * step, -step
            target, ahead = target + (len(group) - 1) * ahead, -ahead
        value = self.builder.view(rows, (len(group), *shape), first * size + read.offset, (step * size, *read.strides))
        return [replace(part, value=value, target=AffineMap(target, (ahead, *part.target.strides)))]


def _affine(part: Part, reads: tuple[View | Gather, ...]) -> bool:
    return isinstance(part.target, AffineMap) and all(isinstance(read, View) for read in reads)


def _continues(group: list[tuple[Part, int]], part: Part, row: int) -> bool:
    """Whether a part is the next step of an arithmetic progression of rows and targets."""
    if not group:
        return False
    last, last_row = group[-1]
    assert isinstance(last.target, AffineMap)
    assert isinstance(part.target, AffineMap)
    if last.target.strides != part.target.strides:
        return False
    if len(group) == 1:
        return row != last_row
    before, row_before = group[-2]
    assert isinstance(before.target, AffineMap)
    return (
        row - last_row == last_row - row_before
        and part.target.offset - last.target.offset == last.target.offset - before.target.offset
    )
