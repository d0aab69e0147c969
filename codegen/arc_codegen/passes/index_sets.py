"""Expressions of padded arrays, taken apart where the padding begins: no array of zeros is made to be added up.

The derivative of a slice is an array of zeros with the slice's cotangent in its place; a stencil's gradient adds up
several of them, and a stencil over a padded field reads several views of it. Between the borders of the parts, each of
them is either zero or a part: the expression is written once for each such box, over the parts themselves, and the
boxes are put together. This is index-set splitting (Allen and Kennedy, Optimizing Compilers for Modern Architectures,
2002, section 5.7), done where index sets are still arrays.
"""

from __future__ import annotations

import heapq
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np

from arc_codegen.ir.affine import compose, is_identity, positions
from arc_codegen.ir.builder import GraphBuilder, uniform_constant
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Graph, Map, Node, Output, Part, Value, View
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.boxes import Box, Pattern, Placed, cut_into_boxes, placed_parts, refined_space
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.rewriting import live_values
from arc_codegen.passes.smallness import choose_small

_CHEAP = frozenset({"add", "sub", "mul", "neg", "abs", "fma", "select", "lt", "le", "eq", "ne", "and", "or", "not"})

_DEAR = 16
"""Other operations count for so many of these."""

_NEIGHBOURS = 4
"""Reads no further apart than this along the last axis are one: what one run computes, the next ones have."""


def split_index_sets(graph: Graph, cost: CostModel) -> Graph:
    """The graph with elementwise expressions of padded arrays written box by box."""
    if not any(isinstance(node, Assemble) for node in graph.nodes):
        return graph
    readers = _readers(graph)
    small = choose_small(graph, cost)
    found: dict[Value, _Expression] = {}
    taken: set[Value] = set()
    for root in range(len(graph.nodes) - 1, -1, -1):
        node = graph.nodes[root]
        if root in taken or root in small or not readers[root] or node.type.size < 2:
            continue
        if isinstance(node, Map) or (isinstance(node, Assemble) and _is_summed(node)):
            expression = _expression(graph, root, readers)
            if expression is not None and expression.worth(graph, cost):
                found[root] = expression
                taken |= expression.inner
    if not found:
        return graph
    return _Splitting(graph, found, cost).run()


def _readers(graph: Graph) -> list[set[Value]]:
    """The live nodes that read each value; -1 stands for what reads a result of the function."""
    live = live_values(graph)
    readers: list[set[Value]] = [set() for _ in graph.nodes]
    for output in graph.outputs:
        readers[output.value].add(-1)
    for value, node in enumerate(graph.nodes):
        if live[value]:
            for operand in node.operands:
                readers[operand].add(value)
    return readers


@dataclass(frozen=True, slots=True)
class _Expression:
    """Maps over one index set, read by nobody else, with padded arrays, or views of them, among what they read."""

    root: Value
    inner: set[Value]
    """The maps, and reshapes between them."""
    space: tuple[int, ...]
    padded: dict[Value, list[Placed]]
    boxes: list[tuple[Box, Pattern]]

    def worth(self, graph: Graph, cost: CostModel) -> bool:
        """Whether the code for all boxes stays within what the cost model allows."""
        if isinstance(graph.nodes[self.root], Assemble) and len(self.boxes) > cost.summed_boxes:
            return False
        return self.operations(graph) <= cost.split_work

    def operations(self, graph: Graph) -> int:
        """Operations in the code for all boxes."""
        total = len(self.boxes) * sum(isinstance(graph.nodes[value], Map) for value in self.inner)
        for number, parts in enumerate(self.padded.values()):
            behind = [_operations(graph, part.value) for part in parts]
            for box, pattern in self.boxes:
                total += sum(behind[part] for part in pattern[number] if box != parts[part].box)
                total += sum(parts[part].accumulate for part in pattern[number])
        return total


def _expression(graph: Graph, root: Value, readers: Sequence[set[Value]]) -> _Expression | None:
    nodes = graph.nodes
    size = nodes[root].type.size
    inner: set[Value] = set()
    arrays: list[Value] = []
    waiting = [-root]
    seen = {root}
    while waiting:  # later values first, so that all readers of one are known
        value = -heapq.heappop(waiting)
        node = nodes[value]
        if node.type.size != size or (value != root and not readers[value] <= inner):
            continue
        if _padded(graph, node) is not None and (value == root or not isinstance(node, Map)):
            arrays.append(value)
        elif isinstance(node, Map) or _is_reshape(graph, node):
            inner.add(value)
            for operand in node.operands:
                if operand not in seen:
                    seen.add(operand)
                    heapq.heappush(waiting, -operand)
    if not arrays:
        return None
    return _in_boxes(graph, root, inner | {root}, sorted(arrays))


def _in_boxes(graph: Graph, root: Value, inner: set[Value], arrays: Sequence[Value]) -> _Expression | None:
    size = graph.nodes[root].type.size
    kinds = [node for value in arrays if isinstance(node := graph.nodes[value], (Assemble, View))]
    space = refined_space(graph, size, kinds)
    if space is None:
        return None
    padded: dict[Value, list[Placed]] = {}
    for value, node in zip(arrays, kinds, strict=True):
        source = _padded(graph, node)
        assert source is not None
        seen = positions(node.type.shape, node.map).ravel() if isinstance(node, View) else np.arange(size)
        parts = placed_parts(graph, source, seen, space)
        if parts is None:
            return None
        padded[value] = parts
    return _Expression(root, inner, space, padded, cut_into_boxes(space, list(padded.values())))


def _is_reshape(graph: Graph, node: Node) -> bool:
    return (
        isinstance(node, View)
        and graph.nodes[node.arg].type.size == node.type.size
        and is_identity(node.type.shape, node.map)
    )


def _padded(graph: Graph, node: Node) -> Assemble | None:
    """The array of affine parts among zeros that a node is, or is a view of; none of the parts is a single element."""
    if isinstance(node, View) and not _is_reshape(graph, node):
        node = graph.nodes[node.arg]
    if isinstance(node, Assemble) and node.base is None:
        parts = (isinstance(p.target, AffineMap) and graph.nodes[p.value].type.size > 1 for p in node.parts)
        return node if all(parts) else None
    return None


def _is_summed(node: Assemble) -> bool:
    """Whether parts are added where others were written."""
    return sum(part.accumulate for part in node.parts) > 1 or (len(node.parts) > 1 and node.parts[-1].accumulate)


def _operations(graph: Graph, value: Value, stored: Collection[Value] = ()) -> int:
    """Operations behind an element of a value, that are its own or those of maps and views that it reads."""
    total = 0
    found: set[Value] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        node = graph.nodes[current]
        if current in found or current in stored:
            continue
        found.add(current)
        if isinstance(node, View):
            pending.append(node.arg)
        elif isinstance(node, Map) and node.type.shape:
            total += 1 if node.fn in _CHEAP else _DEAR
            pending.extend(node.args)
    return total


class _Splitting:
    """Rebuilds the graph, with the chosen expressions box by box."""

    def __init__(self, graph: Graph, expressions: dict[Value, _Expression], cost: CostModel) -> None:
        self.graph = graph
        self.expressions = expressions
        self.cost = cost
        self.builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
        self.renamed: dict[Value, Value] = {}

    def run(self) -> Graph:
        live = live_values(self.graph)
        for value, node in enumerate(self.graph.nodes):
            if not live[value]:
                continue
            expression = self.expressions.get(value)
            if expression is not None:
                self.renamed[value] = self._put_together(node, expression)
            else:
                operands = tuple(self.renamed[operand] for operand in node.operands)
                self.renamed[value] = self.builder.add(node.with_operands(operands))
        return self.builder.finish([Output(o.name, self.renamed[o.value]) for o in self.graph.outputs])

    def _put_together(self, node: Node, expression: _Expression) -> Value:
        stored = self._stored(expression)
        parts = []
        for box, pattern in expression.boxes:
            target = box.positions(expression.space)
            written = _Box(self, expression, box, pattern, stored)
            parts.append(Part(value=written.whole(expression.root, target), target=target))
        return self.builder.add(Assemble(type=node.type, parts=tuple(parts), origin=node.origin))

    def _stored(self, expression: _Expression) -> set[Value]:
        """Maps behind the parts that stay in memory: computing them again for each reader would take longer.

        Found by writing the largest box, again and again until nothing in it is too dear.
        """
        box, pattern = max(expression.boxes, key=lambda item: item[0].size)
        stored: set[Value] = set()
        while True:
            trial = _Box(self, expression, box, pattern, stored)
            trial.whole(expression.root, box.positions(expression.space))
            reads: dict[Value, list[AffineMap]] = {}
            for value, at in trial.known:
                if isinstance(self.graph.nodes[value], Map) and value not in expression.inner | stored:
                    reads.setdefault(value, []).append(at)
            dear = (v for v in reads if self._again(v, reads[v], stored) > self.cost.split_again)
            latest = max(dear, default=None)
            if latest is None:
                return stored
            stored.add(latest)

    def _again(self, value: Value, reads: Sequence[AffineMap], stored: Collection[Value]) -> int:
        """Operations that are done more than once if a value is computed wherever it is read."""
        return (_groups(reads) - 1) * _operations(self.graph, value, stored)


def _groups(reads: Sequence[AffineMap]) -> int:
    """How often a value is computed if runs next to each other along the last axis share it."""
    groups: list[AffineMap] = []
    for at in sorted(reads, key=lambda at: (at.strides, at.offset)):
        last = groups[-1] if groups else None
        near = last is not None and last.strides == at.strides and at.strides
        if near and last is not None and at.offset - last.offset <= _NEIGHBOURS * abs(at.strides[-1]):
            continue
        groups.append(at)
    return len(groups)


class _Box:
    """One box of an expression: elements of values at affine positions, over the shape of the box."""

    def __init__(
        self, splitting: _Splitting, expression: _Expression, box: Box, pattern: Pattern, stored: set[Value]
    ) -> None:
        self.graph = splitting.graph
        self.builder = splitting.builder
        self.renamed = splitting.renamed
        self.expression = expression
        self.box = box
        self.shape = box.shape
        self.stored = stored
        self.parts = dict(zip(expression.padded, pattern, strict=True))
        self.known: dict[tuple[Value, AffineMap], Value] = {}

    def whole(self, value: Value, at: AffineMap) -> Value:
        """An array of the shape of the box."""
        return self.builder.broadcast(self.read(value, at), self.shape)

    def read(self, value: Value, at: AffineMap) -> Value:
        """Elements of a value: of the shape of the box, or one for all."""
        key = (value, at)
        if key not in self.known:
            self.known[key] = self._read(value, self.graph.nodes[value], at)
        return self.known[key]

    def _read(self, value: Value, node: Node, at: AffineMap) -> Value:
        builder = self.builder
        if node.type.shape == ():
            return self.renamed[value]
        if isinstance(node, Constant) and uniform_constant(node) is not None:
            return builder.constant(uniform_constant(node) or 0.0, node.type.dtype, name=node.name)
        if value in self.parts:
            return self._read_padded(value, node)
        if value in self.expression.inner:
            if isinstance(node, Map):
                return self._map(node, at)
            assert isinstance(node, View)
            return self.read(node.arg, at)
        if node.type.size == self.box.size and is_identity(self.shape, at):
            return builder.reshape(self.renamed[value], self.shape)
        if isinstance(node, View):
            joined = compose(self.shape, at, node.type.shape, node.map)
            if joined is not None:
                return self.read(node.arg, joined)
        if isinstance(node, Map) and value not in self.stored:
            return self._map(node, at)
        kind = TensorType(node.type.dtype, self.shape)
        return builder.add(View(type=kind, arg=self.renamed[value], map=at, origin=node.origin))

    def _map(self, node: Map, at: AffineMap) -> Value:
        args = tuple(self.read(arg, at) for arg in node.args)
        alone = all(self.builder.type(arg).shape == () for arg in args)
        kind = TensorType(node.type.dtype, () if alone else self.shape)
        return self.builder.add(replace(node, type=kind, args=args))

    def _read_padded(self, value: Value, node: Node) -> Value:
        total = self.builder.constant(0, node.type.dtype)
        for number in self.parts[value]:
            part = self.expression.padded[value][number]
            piece = self.read(part.value, part.inside(self.box))
            if part.accumulate:
                both = self.builder.type(total).shape, self.builder.type(piece).shape
                shape = self.shape if self.shape in both else ()
                kind = TensorType(node.type.dtype, shape)
                total = self.builder.add(Map(type=kind, fn="add", args=(total, piece), origin=node.origin))
            else:
                total = piece
        return total


__all__ = ["split_index_sets"]
