"""What a loop computes again that an earlier loop of the same length has computed: some of it is remembered instead.

The loop that comes back over a scan, for its gradient, knows the carries before each run. From them it computes again
what the run has computed. Whether a value should be remembered or computed again is the classical question of reverse
mode (Griewank and Walther, *Evaluating Derivatives*, 2nd ed., SIAM 2008, chapter 12). Here the runs are of few
operations, all known, so that the best answer is a minimum cut between what is known and what is needed. What is
remembered, the first loop emits as rows and the second one reads.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace

from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Constant, Graph, Loop, Output, Part, Result, Value, View
from arc_codegen.ir.types import DType
from arc_codegen.passes.common_values import CommonValues, OpenLoop, Operand, Row, common_values
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.minimum_cut import Network
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values

_SOURCE, _SINK = (-1, ""), (-2, "")
_PARTS = 64
"""Costs are counted in such parts of an instruction: with whole numbers, a flow is exact."""

_HALVINGS = 6
"""So often the price of memory is halved in on, where the first choice needs too much of it."""


def remember_values(graph: Graph, cost: CostModel) -> Graph:
    """Loops that read what earlier loops have computed, where ``cost`` finds memory cheaper than computing it again."""
    live = live_values(graph)
    loops = [value for value, node in enumerate(graph.nodes) if live[value] and isinstance(node, Loop)]
    if not cost.remembered or len(loops) < 2:
        return graph
    opened = {value: OpenLoop.of(graph, value) for value in loops}
    allowed = cost.remembered
    for number, later in enumerate(loops):
        for earlier in loops[:number]:
            common = common_values(graph, opened[earlier], opened[later])
            if common is None:
                continue
            choice = _Choice(opened[earlier], opened[later], common, _only_read_by(graph, later), cost)
            kept = choice.within(allowed)
            if kept:
                allowed -= choice.bytes(kept)
                _remember(opened[earlier], opened[later], common, kept)
    return _closed(graph, opened) if allowed < cost.remembered else graph


def _only_read_by(graph: Graph, loop: Value) -> set[Row]:
    """Rows that nothing reads but this loop."""
    readers: dict[Value, set[Value | None]] = {}
    for value, node in enumerate(graph.nodes):
        for operand in node.operands:
            readers.setdefault(operand, set()).add(value)
    for output in graph.outputs:
        readers.setdefault(output.value, set()).add(None)
    return {
        Row(node.loop, node.index)
        for value, node in enumerate(graph.nodes)
        if isinstance(node, Result) and readers.get(value) == {loop}
    }


class _Choice:
    """Which of the common values the later loop reads, and which it computes."""

    def __init__(
        self, earlier: OpenLoop, later: OpenLoop, common: CommonValues, exclusive: set[Row], cost: CostModel
    ) -> None:
        self.length = earlier.node.length
        self.common = common
        self.cost = cost
        self.shared = common.shared
        outputs = range(earlier.carried, len(earlier.body.outputs))
        emitted = {earlier.row_of(k): Row(earlier.value, k) for k in outputs}
        self.emitted = {v: emitted[old] for v, old in common.earlier.items() if old in emitted}
        self.droppable = {v for v, row in self.emitted.items() if v in common.known and row in exclusive}
        self.needed = self._needed(later.body)

    def _needed(self, body: Graph) -> set[Value]:
        """Common values that the later loop needs for what is its own."""
        live = live_values(body)
        here = self.common.later
        needed = {here[output.value] for output in body.outputs}
        for value, node in enumerate(body.nodes):
            if live[value] and here[value] not in self.shared:
                needed.update(here[operand] for operand in node.operands)
        return needed & self.shared

    def bytes(self, kept: Iterable[Value]) -> int:
        """Memory that the rows take which are not there yet."""
        types = [self.common.builder.type(value) for value in kept if value not in self.emitted]
        return sum(kind.size * kind.dtype.itemsize for kind in types) * self.length

    def within(self, allowed: int) -> list[Value]:
        """The values to read, in order, whose new rows take no more than so many bytes."""
        kept = self._cut(self.cost.byte_price)
        if self.bytes(kept) > allowed:
            kept = self._fitting(allowed)
        return kept if any(value not in self.emitted for value in kept) else []

    def _fitting(self, allowed: int) -> list[Value]:
        """The choice at the lowest price at which it fits; nearly that, for some halvings."""
        low, high = self.cost.byte_price, max(2.0 * self.cost.byte_price, 1.0)
        while self.bytes(kept := self._cut(high)) > allowed:
            low, high = high, 2.0 * high
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            fewer = self._cut(middle)
            if self.bytes(fewer) <= allowed:
                kept, high = fewer, middle
            else:
                low = middle
        return kept

    def _cut(self, price: float) -> list[Value]:
        """The values to read where a byte that each run keeps costs so many instructions of the run.

        Bytes of later values cost more, of the last one twice as much: of values that are worth the same, some go.

        A value has two vertices: on the source's side, (v, "had") says that the run needs it, (v, "made") that it
        computes it, for which it needs the operands.
        """
        network: Network[tuple[Value, str]] = Network(_SOURCE, _SINK)
        for value in sorted(self.needed):
            network.edge(_SOURCE, (value, "had"))
        for rank, value in enumerate(sorted(self.shared)):
            reading = self._reading(value, price * (1.0 + rank / len(self.shared)))
            if value in self.common.known:
                network.edge((value, "had"), _SINK, reading)
                continue
            node = self.common.builder.node(value)
            if isinstance(node, (Constant, Loop)) or 0 in node.type.shape:
                network.edge((value, "had"), (value, "made"))
            else:
                network.edge((value, "had"), (value, "made"), reading)
            types = [self.common.builder.type(operand) for operand in node.operands]
            network.edge((value, "made"), _SINK, round(_PARTS * self.cost.instructions(node, types)))
            for operand in node.operands:
                network.edge((value, "made"), (operand, "had"))
        side = network.source_side()
        kept = [v for v in self.shared - self.common.known if (v, "had") in side and (v, "made") not in side]
        return sorted(kept)

    def _reading(self, value: Value, price: float) -> int:
        kind = self.common.builder.type(value)
        each = 1.0
        if value not in self.emitted and value not in self.common.known:
            each = 2.0 + price * kind.dtype.itemsize
        elif value in self.droppable:
            each = 2.0 + price * kind.dtype.itemsize  # or else the row need not be written
        return round(_PARTS * each * kind.size)


def _remember(earlier: OpenLoop, later: OpenLoop, common: CommonValues, kept: list[Value]) -> None:
    """Emit the values and read them; those of one element share a row."""
    rows = _rows(earlier, common, kept)
    body = later.body
    builder = GraphBuilder(body.name)
    renamed: dict[Value, Value] = {}
    first = later.carried + len(later.elements)
    for parameter in body.inputs[:first]:
        renamed[parameter.index] = builder.add(parameter)
    values: dict[Value, Value] = {}  # common value -> value of the new body
    inputs: list[Value] = []
    for operand, _ in rows:
        emitted = earlier.body.outputs[operand.index]
        kind = earlier.body.nodes[emitted.value].type
        inputs.append(builder.input(emitted.name, kind.dtype, kind.shape))
        later.elements.append(operand)
    for parameter in body.inputs[first:]:
        renamed[parameter.index] = builder.add(replace(parameter, index=len(renamed) + len(rows)))
    for (_, members), row in zip(rows, inputs, strict=True):
        place = 0
        for value in members:
            kind = common.builder.type(value)
            part = View(type=kind, arg=row, map=AffineMap(place, contiguous_strides(kind.shape)))
            values[value] = builder.add(part) if builder.type(row) != kind else row
            place += kind.size
    for value, node in enumerate(body.nodes):
        if value in renamed or value not in common.later:
            continue
        known = values.get(common.later[value])
        moved = tuple(renamed[operand] for operand in node.operands)
        renamed[value] = builder.add(node.with_operands(moved)) if known is None else known
    later.body = eliminate_dead_code(
        builder.finish([Output(output.name, renamed[output.value]) for output in body.outputs])
    )


def _rows(earlier: OpenLoop, common: CommonValues, kept: list[Value]) -> list[tuple[Row, list[Value]]]:
    """Rows that hold the values: some are there, the others are added to the earlier loop."""
    body = earlier.body
    there = {earlier.row_of(k): k for k in range(earlier.carried, len(body.outputs))}
    found = [(Row(earlier.value, there[old]), [v]) for v in kept if (old := common.earlier[v]) in there]
    builder = GraphBuilder(body.name)
    renamed = {value: builder.add(node) for value, node in enumerate(body.nodes)}
    outputs = [Output(output.name, renamed[output.value]) for output in body.outputs]
    added = [v for v in kept if common.earlier[v] not in there]
    alike: dict[DType, list[Value]] = {}
    for value in added:
        alike.setdefault(common.builder.type(value).dtype, []).append(value)
    for members in alike.values():
        found.append((Row(earlier.value, len(outputs)), members))
        row = _row(builder, [renamed[common.earlier[value]] for value in members])
        outputs.append(Output(_unused_name(outputs), row))
    earlier.body = builder.finish(outputs)
    return found


def _row(builder: GraphBuilder, values: Sequence[Value]) -> Value:
    """One value that holds all elements."""
    if len(values) == 1:
        return values[0]
    parts = []
    size = 0
    for value in values:
        kind = builder.type(value)
        parts.append(Part(value=value, target=AffineMap(size, contiguous_strides(kind.shape))))
        size += kind.size
    return builder.assemble(builder.type(values[0]).dtype, (size,), parts)


def _unused_name(outputs: Sequence[Output]) -> str:
    taken = {output.name for output in outputs}
    return next(name for k in itertools.count(1) if (name := f"kept{k}" if k > 1 else "kept") not in taken)


def _closed(graph: Graph, opened: dict[Value, OpenLoop]) -> Graph:
    """The graph with the loops as they are now."""
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    live = live_values(graph)

    def operand(wanted: Operand) -> Value:
        if not isinstance(wanted, Row):
            return renamed[wanted]
        loop = renamed[wanted.loop]
        node = builder.node(loop)
        assert isinstance(node, Loop)
        return builder.add(Result(type=node.result_types()[wanted.index], loop=loop, index=wanted.index))

    for value, node in enumerate(graph.nodes):
        if not live[value]:
            continue
        if value in opened:
            now = opened[value]
            read = tuple(operand(one) for one in now.elements)
            moved = now.node.with_operands(tuple(renamed[one] for one in now.node.operands))
            assert isinstance(moved, Loop)
            renamed[value] = builder.add(replace(moved, body=now.body, elements=read))
        else:
            renamed[value] = builder.add(node.with_operands(tuple(renamed[one] for one in node.operands)))
    return builder.finish([Output(output.name, renamed[output.value]) for output in graph.outputs])


__all__ = ["remember_values"]
