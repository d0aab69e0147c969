"""Values that the bodies of two loops have in common: run by run, the second computes what the first has computed.

Inputs of the bodies correspond where both loops read the same rows or the same invariant, and where the second reads
rows that the first emits. All else follows by value numbering: both bodies in one graph.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from arc_codegen.ir.affine import span
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Graph, Input, Loop, Result, Value, View
from arc_codegen.passes.rewriting import live_values


@dataclass(frozen=True, slots=True)
class Row:
    """What loop ``loop`` emits as its output ``index``; it need not have a `Result` yet."""

    loop: Value
    index: int


Operand: TypeAlias = "Value | Row"
"""An operand of a loop: a value of the graph around it, or rows that another loop emits."""


@dataclass(slots=True)
class OpenLoop:
    """A loop to which results and elements may still be added.

    Parameters
    ----------
    value : Value
        The loop.
    node : Loop
        As it was.
    body : Graph
        As it is now.
    elements : list of Operand
        As they are now.
    """

    value: Value
    node: Loop
    body: Graph
    elements: list[Operand]

    @staticmethod
    def of(graph: Graph, value: Value) -> OpenLoop:
        """The loop that is node ``value`` of the graph."""
        node = graph.nodes[value]
        assert isinstance(node, Loop)
        return OpenLoop(value, node, node.body, [_rows(graph, operand) for operand in node.elements])

    @property
    def inputs(self) -> list[Operand]:
        """Operand of each input of the body."""
        return [*self.node.carries, *self.elements, *self.node.invariants]

    @property
    def carried(self) -> int:
        return len(self.node.carries)

    def row_of(self, index: int) -> Value:
        """The value of the body that is emitted as output ``index``."""
        return self.body.outputs[index].value


def _rows(graph: Graph, operand: Value) -> Operand:
    node = graph.nodes[operand]
    if isinstance(node, Result):
        loop = graph.nodes[node.loop]
        assert isinstance(loop, Loop)
        if node.index >= len(loop.carries):
            return Row(node.loop, node.index)
    return operand


@dataclass(frozen=True, slots=True)
class CommonValues:
    """Two bodies in one graph.

    Parameters
    ----------
    builder : GraphBuilder
        Has the values of both.
    earlier : dict of Value to Value
        By the value here, that of the earlier loop's body; only those that are computed for some result.
    later : dict of Value to Value
        By the value of the later loop's body, that here.
    known : set of Value
        Values here that the later body gets as inputs.
    """

    builder: GraphBuilder
    earlier: dict[Value, Value]
    later: dict[Value, Value]
    known: set[Value]

    @property
    def shared(self) -> set[Value]:
        """Values here that both bodies have."""
        return set(self.later.values()) & self.earlier.keys()


def common_values(graph: Graph, earlier: OpenLoop, later: OpenLoop) -> CommonValues | None:
    """What the bodies have in common, None if they read nothing in common."""
    if earlier.node.length != later.node.length:
        return None
    read = _reads(graph, earlier, later)
    if not read:
        return None
    builder = GraphBuilder("both")
    first = {k: _input(builder, node) for k, node in enumerate(earlier.body.inputs)}
    second = {k: _input(builder, node) for k, node in enumerate(later.body.inputs) if k not in read}
    _add(builder, earlier.body, first)
    for k, (value, amap) in read.items():
        kind = later.body.nodes[k].type
        second[k] = first[value]
        if amap is not None:
            second[k] = builder.add(View(type=kind, arg=first[value], map=amap))
    known = {second[k] for k in read}
    _add(builder, later.body, second)
    live = live_values(earlier.body)
    found = {here: value for value, here in reversed(first.items()) if live[value]}
    return CommonValues(builder, found, second, known)


def _reads(graph: Graph, earlier: OpenLoop, later: OpenLoop) -> dict[Value, tuple[Value, AffineMap | None]]:
    """For inputs of the later body the same value of the earlier one, perhaps a part of it."""
    found: dict[Value, tuple[Value, AffineMap | None]] = {}
    carried, rows = earlier.carried, earlier.carried + len(earlier.elements)
    own = earlier.inputs
    for k, operand in enumerate(later.inputs):
        if k < later.carried:
            continue
        if k >= later.carried + len(later.elements):
            same = next((n for n in range(rows, len(own)) if own[n] == operand), None)
        elif isinstance(operand, Row) and operand.loop == earlier.value:
            same = earlier.row_of(operand.index)
        else:
            same = next((n for n in range(carried, rows) if own[n] == operand), None)
            part = None if same is not None else _part_of_row(graph, earlier, operand)
            if part is not None:
                found[k] = part
        if same is not None:
            found[k] = same, None
    return found


def _part_of_row(graph: Graph, earlier: OpenLoop, operand: Operand) -> tuple[Value, AffineMap] | None:
    """Rows that are the same elements of each row that the earlier loop emits."""
    node = graph.nodes[operand] if not isinstance(operand, Row) else None
    if not isinstance(node, View):
        return None
    rows = _rows(graph, node.arg)
    if not isinstance(rows, Row) or rows.loop != earlier.value:
        return None
    emitted = earlier.row_of(rows.index)
    size = earlier.body.nodes[emitted].type.size
    amap = AffineMap(node.map.offset, node.map.strides[1:])
    if node.type.size == 0 or node.map.strides[0] != size:
        return None
    low, high = span(node.type.shape[1:], amap)
    return (emitted, amap) if low >= 0 and high < size else None


def _input(builder: GraphBuilder, node: Input) -> Value:
    return builder.input(node.name, node.type.dtype, node.type.shape)


def _add(builder: GraphBuilder, body: Graph, renamed: dict[Value, Value]) -> None:
    live = live_values(body)
    for value, node in enumerate(body.nodes):
        if live[value] and not isinstance(node, Input):
            renamed[value] = builder.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))


__all__ = ["CommonValues", "OpenLoop", "Row", "common_values"]
