"""Expressions of padded arrays, taken apart where the padding begins: no array of zeros is made to be added up.

The derivative of a slice is an array of zeros with the slice's cotangent in its place; a stencil's gradient adds up
several of them. Between the borders of their parts, each of them is either zero or a part: the expression is written
once for each such box, over the parts themselves, and the boxes are put together. This is index-set splitting (Allen
and Kennedy, Optimizing Compilers for Modern Architectures, 2002, section 5.7), done where index sets are still arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.affine import compose, is_identity
from arc_codegen.ir.builder import GraphBuilder, uniform_constant
from arc_codegen.ir.graph import AffineMap, Assemble, Constant, Graph, Map, Node, Output, Part, Value, View
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.boxes import Box, Placed, cut_into_boxes, placed_parts, refined_space
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.rewriting import live_values
from arc_codegen.passes.smallness import choose_small

_CHEAP = frozenset({"add", "sub", "mul", "neg", "abs", "fma", "select", "lt", "le", "eq", "ne", "and", "or", "not"})
"""Computing these again for two neighbours costs less than memory between them."""


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
        if isinstance(node, Map) and root not in taken and root not in small and readers[root] and node.type.size > 1:
            expression = _expression(graph, root, readers)
            if expression is not None and expression.worth(graph, cost):
                found[root] = expression
                taken |= expression.inner
    if not found:
        return graph
    return _Splitting(graph, found).run()


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
    """Maps over one index set, read by nobody else, with padded arrays among what they read."""

    root: Value
    inner: set[Value]
    """The maps, and reshapes between them."""
    space: tuple[int, ...]
    padded: dict[Value, list[Placed]]
    boxes: list[tuple[Box, tuple[int | None, ...]]]
    """Each with the part that each padded array, in order, has there."""

    def worth(self, graph: Graph, cost: CostModel) -> bool:
        """Whether the code for all boxes stays within what the cost model allows."""
        operations = len(self.boxes) * sum(isinstance(graph.nodes[value], Map) for value in self.inner)
        for number, parts in enumerate(self.padded.values()):
            dear = [len(_recomputed(graph, part.value)) for part in parts]
            for box, pattern in self.boxes:
                part = pattern[number]
                if part is not None and box != parts[part].box:
                    operations += dear[part]
        return operations <= cost.split_work


def _expression(graph: Graph, root: Value, readers: Sequence[set[Value]]) -> _Expression | None:
    nodes = graph.nodes
    size = nodes[root].type.size
    inner = {root}
    leaves: set[Value] = set(nodes[root].operands)
    for value in range(root - 1, -1, -1):
        if value not in leaves or not readers[value] <= inner:
            continue
        node = nodes[value]
        if node.type.size == size and (isinstance(node, Map) or _is_reshape(graph, node)):
            leaves.discard(value)
            leaves.update(node.operands)
            inner.add(value)
    arrays: list[tuple[Value, Assemble]] = []
    for value in sorted(leaves):
        node = nodes[value]
        if (
            isinstance(node, Assemble)
            and node.type.size == size
            and readers[value] <= inner
            and _is_padded(graph, node)
        ):
            arrays.append((value, node))
    if not arrays:
        return None
    space = refined_space(graph, size, [node for _, node in arrays])
    if space is None:
        return None
    padded: dict[Value, list[Placed]] = {}
    for value, node in arrays:
        placed = placed_parts(graph, node, space)
        if placed is None:
            return None
        padded[value] = placed
    return _Expression(root, inner, space, padded, cut_into_boxes(space, list(padded.values())))


def _is_reshape(graph: Graph, node: Node) -> bool:
    return (
        isinstance(node, View)
        and graph.nodes[node.arg].type.size == node.type.size
        and is_identity(node.type.shape, node.map)
    )


def _is_padded(graph: Graph, node: Assemble) -> bool:
    """Whether an array is made of affine parts among zeros, none of them a single element."""
    return node.base is None and all(
        isinstance(part.target, AffineMap) and not part.accumulate and graph.nodes[part.value].type.size > 1
        for part in node.parts
    )


def _recomputed(graph: Graph, value: Value) -> set[Value]:
    """The cheap maps behind a value, which each box that reads a piece of it computes for itself."""
    found: set[Value] = set()
    pending = [value]
    while pending:
        current = pending.pop()
        node = graph.nodes[current]
        if isinstance(node, View):
            pending.append(node.arg)
        elif isinstance(node, Map) and node.fn in _CHEAP and node.type.shape and current not in found:
            found.add(current)
            pending.extend(node.args)
    return found


class _Splitting:
    """Rebuilds the graph, with the chosen expressions box by box."""

    def __init__(self, graph: Graph, expressions: dict[Value, _Expression]) -> None:
        self.graph = graph
        self.expressions = expressions
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
        parts = []
        for box, pattern in expression.boxes:
            target = box.positions(expression.space)
            written = _Box(self, expression, box, pattern)
            parts.append(Part(value=written.whole(expression.root, target), target=target))
        return self.builder.add(Assemble(type=node.type, parts=tuple(parts), origin=node.origin))


class _Box:
    """One box of an expression: elements of values at affine positions, over the shape of the box."""

    def __init__(self, splitting: _Splitting, expression: _Expression, box: Box, pattern: Sequence[int | None]) -> None:
        self.graph = splitting.graph
        self.builder = splitting.builder
        self.renamed = splitting.renamed
        self.expression = expression
        self.box = box
        self.shape = box.shape
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
        if isinstance(node, Map) and node.fn in _CHEAP:
            return self._map(node, at)
        kind = TensorType(node.type.dtype, self.shape)
        return builder.add(View(type=kind, arg=self.renamed[value], map=at, origin=node.origin))

    def _map(self, node: Map, at: AffineMap) -> Value:
        args = tuple(self.read(arg, at) for arg in node.args)
        alone = all(self.builder.type(arg).shape == () for arg in args)
        kind = TensorType(node.type.dtype, () if alone else self.shape)
        return self.builder.add(replace(node, type=kind, args=args))

    def _read_padded(self, value: Value, node: Node) -> Value:
        number = self.parts[value]
        if number is None:
            return self.builder.constant(0, node.type.dtype)
        part = self.expression.padded[value][number]
        return self.read(part.value, part.inside(self.box))


__all__ = ["split_index_sets"]
