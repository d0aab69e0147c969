"""Small arrays become scalars: their elements are computed one by one, in registers, and only those that are read.

Which arrays are small is the cost model's word. What scalar-indexed code assembled element by element and reads back
element by element needs no memory at all.
"""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from arc_codegen.ir.affine import part_positions, positions
from arc_codegen.ir.builder import GraphBuilder, constant_array
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Constant,
    Contract,
    Gather,
    Graph,
    Lookup,
    Map,
    Node,
    Output,
    Part,
    Reduce,
    Value,
    View,
)
from arc_codegen.ir.types import Origin, TensorType
from arc_codegen.passes.arithmetic import simplify_arithmetic
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.names import last_of_each_name
from arc_codegen.passes.rewriting import live_values
from arc_codegen.passes.smallness import choose_small


def scalarise(graph: Graph, cost: CostModel) -> Graph:
    """The graph with every array that ``cost`` calls small taken apart into scalars."""
    return _Scalarisation(graph, cost).run()


class _Scalarisation:
    def __init__(self, graph: Graph, cost: CostModel) -> None:
        self.graph = graph
        self.cost = cost
        self.builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
        self._whole: dict[Value, Value] = {}  # old value -> new value
        self._elements: dict[Value, list[Value]] = {}  # old value -> its elements, scalars of the new graph
        self._named = set(last_of_each_name(graph).values())
        self._names: dict[Value, Origin] = {}  # new value -> what the user calls it

    def run(self) -> Graph:
        live = live_values(self.graph)
        small = choose_small(self.graph, self.cost)
        for value, node in enumerate(self.graph.nodes):
            if not live[value]:
                continue
            if value in small:
                self._elements[value] = self._name_elements(value, node, self._take_apart(node))
            else:
                operands = tuple(self.whole(operand) for operand in node.operands)
                self._whole[value] = self.builder.add(node.with_operands(operands))
        outputs = [Output(output.name, self.whole(output.value)) for output in self.graph.outputs]
        return self._named_nodes(self.builder.finish(outputs))

    # -- old values in the new graph -----------------------------------------------------------------------------

    def whole(self, value: Value) -> Value:
        """The value as one tensor; elements are put together once."""
        known = self._whole.get(value)
        if known is None:
            node = self.graph.nodes[value]
            strides: tuple[int, ...] = ()
            parts = tuple(Part(value=e, target=AffineMap(k, strides)) for k, e in enumerate(self._elements[value]))
            known = self.builder.add(Assemble(type=node.type, parts=parts, origin=node.origin))
            self._whole[value] = known
        return known

    def element(self, value: Value, position: int) -> Value:
        """One element as a scalar."""
        elements = self._elements.get(value)
        if elements is not None:
            return elements[position]
        node = self.graph.nodes[value]
        if node.type.shape == ():
            return self.whole(value)
        if isinstance(node, Constant):
            return self.builder.constant(constant_array(node).ravel()[position], node.type.dtype, name=node.name)
        view = View(
            type=TensorType(node.type.dtype, ()),
            arg=self.whole(value),
            map=AffineMap(int(position), ()),
            origin=None,
        )
        return self.builder.add(view)

    def _operand(self, value: Value, position: int) -> Value:
        return self.element(value, 0 if self.graph.nodes[value].type.shape == () else position)

    # -- nodes ---------------------------------------------------------------------------------------------------

    def _name_elements(self, value: Value, node: Node, elements: list[Value]) -> list[Value]:
        """Element k of the array that the user calls ``h`` is ``h<k>``; a number keeps its name."""
        origin = node.origin
        if origin is not None and value in self._named:
            for k, element in enumerate(elements):
                if isinstance(self.builder.node(element), Map):
                    name = f"{origin.name}{k}" if len(elements) > 1 else origin.name
                    self._names.setdefault(element, replace(origin, name=name))
        return elements

    def _named_nodes(self, graph: Graph) -> Graph:
        nodes = list(graph.nodes)
        for value, origin in self._names.items():
            nodes[value] = replace(nodes[value], origin=origin)
        return replace(graph, nodes=tuple(nodes))

    def _map(self, node: Node, fn: str, *args: Value) -> Value:
        origin = node.origin
        if origin is not None and origin.name and node.type.shape:
            origin = replace(origin, name="")  # an intermediate result of the element
        scalar = Map(type=TensorType(node.type.dtype, ()), fn=fn, args=args, origin=origin)
        return simplify_arithmetic(self.builder, scalar)

    def _take_apart(self, node: Node) -> list[Value]:
        size = node.type.size
        if isinstance(node, Map):
            return [self._map(node, node.fn, *(self._operand(arg, k) for arg in node.args)) for k in range(size)]
        if isinstance(node, View):
            return [self.element(node.arg, int(p)) for p in positions(node.type.shape, node.map).ravel()]
        if isinstance(node, Gather):
            zero = self._zero(node)
            return [self.element(node.arg, p) if p >= 0 else zero for p in node.table]
        if isinstance(node, Lookup):
            return [self._lookup(node, k) for k in range(size)]
        if isinstance(node, Reduce):
            return self._reduce(node)
        if isinstance(node, Contract):
            return self._contract(node)
        assert isinstance(node, Assemble)
        return self._assemble(node)

    def _zero(self, node: Node) -> Value:
        return self.builder.constant(np.zeros((), node.type.dtype.numpy_name))

    def _lookup(self, node: Lookup, position: int) -> Value:
        places = tuple(self._operand(place, position) for place in node.at.places)
        at = replace(node.at, places=places, grids=tuple(self.whole(grid) for grid in node.at.grids))
        scalar = TensorType(node.type.dtype, ())
        return self.builder.add(Lookup(type=scalar, arg=self.whole(node.arg), at=at, origin=node.origin))

    def _reduce(self, node: Reduce) -> list[Value]:
        shape = self.graph.nodes[node.arg].type.shape
        grid = np.arange(int(np.prod(shape))).reshape(shape)
        kept = [axis for axis in range(len(shape)) if axis not in node.axes]
        rows = grid.transpose([*kept, *node.axes]).reshape(node.type.size, -1)
        if rows.shape[1] == 0:
            identity = 1.0 if node.fn == "mul" else -0.0
            return [self.builder.constant(identity, node.type.dtype)] * node.type.size
        results = []
        for row in rows:
            total = self.element(node.arg, int(row[0]))
            for position in row[1:]:
                total = self._map(node, node.fn, total, self.element(node.arg, int(position)))
            results.append(total)
        return results

    def _contract(self, node: Contract) -> list[Value]:
        a_type, b_type = self.graph.nodes[node.a].type, self.graph.nodes[node.b].type
        extents = dict(zip(node.a_labels, a_type.shape, strict=True)) | dict(
            zip(node.b_labels, b_type.shape, strict=True)
        )
        summed = node.sum_labels
        results = []
        for k, out in enumerate(itertools.product(*(range(extents[label]) for label in node.out_labels))):
            at = dict(zip(node.out_labels, out, strict=True))
            total = self.element(node.init, k) if node.init is not None else None
            for inner in itertools.product(*(range(extents[label]) for label in summed)):
                at |= dict(zip(summed, inner, strict=True))
                left = np.ravel_multi_index([at[label] for label in node.a_labels], a_type.shape)
                right = np.ravel_multi_index([at[label] for label in node.b_labels], b_type.shape)
                factors = self.element(node.a, int(left)), self.element(node.b, int(right))
                if node.fused and total is not None:
                    total = self._map(node, "fma", *factors, total)
                    continue
                product = self._map(node, "mul", *factors)
                total = product if total is None else self._map(node, "add", total, product)
            results.append(self.builder.constant(-0.0, node.type.dtype) if total is None else total)
        return results

    def _assemble(self, node: Assemble) -> list[Value]:
        if node.base is not None:
            elements = [self.element(node.base, k) for k in range(node.type.size)]
        else:
            elements = [self._zero(node)] * node.type.size
        for part in node.parts:
            shape = self.graph.nodes[part.value].type.shape
            for k, place in enumerate(part_positions(shape, part).tolist()):
                value = self._operand(part.value, k)
                elements[place] = self._map(node, "add", elements[place], value) if part.accumulate else value
        return elements
