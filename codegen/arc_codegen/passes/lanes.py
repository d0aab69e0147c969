"""Arrays of short vectors become short lists of arrays: ``x[n, 3]`` is ``x0[n]``, ``x1[n]`` and ``x2[n]``.

A sum of products over three numbers, for each of many points, is then arithmetic on whole arrays, which loops over the
points compute in registers. What is zero, or a view of a parameter, in one column is seen to be so; what is cheap can
be computed where it is read. (Structures of arrays instead of arrays of structures.)

The pass begins at products whose sum is short. From there it follows the axis: back to what is multiplied, and on to
what is made of the result.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from arc_codegen.ir.affine import contiguous_strides, positions, recognise
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import (
    AffineMap,
    Assemble,
    Contract,
    Gather,
    Graph,
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
from arc_codegen.passes.index_maps import IndexMaps
from arc_codegen.passes.lane_axes import LARGEST, Axis, LaneAxes, Place, Places, dimension, part_of, places_in
from arc_codegen.passes.rewriting import rebuild
from arc_codegen.passes.zero_elements import Zeros, zero_elements

_SHORT = 4
"""Longest axis that is taken apart to see zeros."""

_FEWEST = 64
"""Products of fewer elements are not begun at."""


def split_lanes(graph: Graph, *, most: int, elements: int = _FEWEST) -> Graph:
    """The graph with arrays taken apart along short axes that products sum over.

    Parameters
    ----------
    graph : Graph
    most : int
        Longest axis that is taken apart; less than 2 leaves all as it is.
    elements : int, optional
        Results of fewer elements than this stay as they are.
    """
    if most < 2:
        return graph
    while True:
        axes = LaneAxes(graph, most, elements)
        if not axes.seeds:
            return graph
        graph = rebuild(_Lanes(graph, axes).run(), IndexMaps())


def show_zeros(graph: Graph) -> Graph:
    """The graph with lanes, if some that are multiplied are zero throughout; else the graph itself.

    A triangular matrix for each of many groups has such lanes: what is above the diagonal.
    """
    if not LaneAxes(graph, _SHORT, _FEWEST).seeds:
        return graph
    folded = rebuild(rebuild(graph, IndexMaps()), simplify_arithmetic)
    known = zero_elements(folded)
    axes = LaneAxes(folded, _SHORT, _FEWEST)
    if all(zeros is None for zeros in known) or not axes.seeds:
        return graph
    lanes = _Lanes(folded, axes, known)
    apart = lanes.run()
    return apart if lanes.zeros_seen else graph


class _Lanes:
    """The graph anew, with lanes in place of the values that are taken apart."""

    def __init__(self, graph: Graph, axes: LaneAxes, known: Sequence[Zeros] = ()) -> None:
        self.graph = graph
        self.known = known  # structural zeros, if they are to be seen
        self.zeros_seen = False
        self.nodes = graph.nodes
        self.axes = axes
        self.builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
        self._whole: dict[Value, Value] = {}
        self._lanes: dict[Value, list[Value]] = {}

    def run(self) -> Graph:
        for value, node in enumerate(self.nodes):
            if not self.axes.live[value]:
                continue
            axis = self.axes.of.get(value)
            if axis is not None:
                self._lanes[value] = [self._lane(value, node, axis, k) for k in range(axis.extent)]
            elif value in self.axes.seeds:
                self._whole[value] = self._shaped(self._products(node, self._grid(node)), node.type.shape)
            elif isinstance(node, Reduce) and self._over_lanes(node):
                self._whole[value] = self._shaped(self._added(node), node.type.shape)
            elif not isinstance(node, View) or self.axes.axis(value) is None:
                self._whole[value] = self.builder.add(node.with_operands(tuple(map(self.whole, node.operands))))
        return self.builder.finish([Output(output.name, self.whole(output.value)) for output in self.graph.outputs])

    # -- reading -------------------------------------------------------------------------------------------------

    def whole(self, value: Value) -> Value:
        """A value as one tensor."""
        known = self._whole.get(value)
        if known is not None:
            return known
        node = self.nodes[value]
        axis = self.axes.of.get(value)
        if axis is None:  # a view of lanes
            known = self.builder.add(node.with_operands(tuple(map(self.whole, node.operands))))
        else:
            known = self._together(self._lanes[value], axis, node.type, node.origin)
        self._whole[value] = known
        return known

    def read(self, value: Value, places: Places) -> Value:
        """Elements of an old value at flat positions, as a vector."""
        node = self.nodes[value]
        axis = self.axes.of.get(value)
        if isinstance(node, View) and node.type.size <= LARGEST:
            return self.read(node.arg, positions(node.type.shape, node.map).ravel()[places])
        if isinstance(node, Gather):
            found = np.asarray(node.table, np.int64)[places]
            if (found >= 0).all():
                return self.read(node.arg, found)
        lane = None if axis is None else axis.lane_of(places)
        if axis is not None and lane is not None:
            return self._picked(self._lanes[value][lane], axis.within(places))
        return self._picked(self.whole(value), places)

    def _picked(self, value: Value, places: Places) -> Value:
        """Elements of a new value, as a vector."""
        kind = self.builder.type(value)
        if places.size == kind.size and np.array_equal(places, np.arange(kind.size)):
            return self._shaped(value, (kind.size,))
        affine = recognise(places)
        if affine is None:
            return self.builder.gather(value, places)
        shape, amap = affine
        return self._shaped(self.builder.view(value, shape, amap.offset, amap.strides), (places.size,))

    def _shaped(self, value: Value, shape: tuple[int, ...]) -> Value:
        if self.builder.type(value).shape == shape:
            return value
        return self.builder.view(value, shape, 0, contiguous_strides(shape))

    # -- lanes ---------------------------------------------------------------------------------------------------

    def _lane(self, value: Value, node: Node, axis: Axis, lane: int) -> Value:
        own = axis.places(node.type.size, lane)
        if isinstance(node, Map):
            args = tuple(self.whole(a) if not self.nodes[a].type.shape else self.read(a, own) for a in node.args)
            return self._map(node, node.fn, args)
        assert isinstance(node, (Contract, Reduce))
        if value in self.axes.seeds:
            return self._products(node, self._grid(node)[:, own])
        place = part_of(node.type.shape, axis)
        assert place is not None
        if isinstance(node, Reduce):
            ((_, own_place),) = places_in(node, place, self.nodes)
            part = self._slice(node.arg, [(own_place, lane)])
            kind = TensorType(node.type.dtype, place.lane_shape(node.type.shape))
            return self._shaped(self.builder.add(replace(node, type=kind, arg=part)), (kind.size,))
        return self._contract(node, ((place, lane),), own)

    def _contract(self, node: Contract, chosen: tuple[tuple[Place, int], ...], own: Places) -> Value:
        """The elements ``own`` of a product: those in the ``chosen`` lanes of axes of its result."""
        operands: list[Value] = []
        for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
            own_lanes = [
                (p.moved(labels.index(node.out_labels[p.number])), k)
                for p, k in chosen
                if node.out_labels[p.number] in labels
            ]
            other = self.axes.place(operand)
            if not own_lanes and other is not None and labels[other.number] in node.out_labels:
                return self._contract_twice(node, chosen, own, other.moved(node.out_labels.index(labels[other.number])))
            if own_lanes:
                operands.append(self._slice(operand, own_lanes))
            else:
                operands.append(self.whole(operand))
        shape = node.type.shape
        for place, _ in chosen:
            shape = place.lane_shape(shape)
        kind = TensorType(node.type.dtype, shape)
        if node.init is not None:
            operands.append(self._shaped(self.read(node.init, own), shape))
        part = replace(node.with_operands(tuple(operands)), type=kind)
        return self._shaped(self.builder.add(part), (kind.size,))

    def _contract_twice(
        self, node: Contract, chosen: tuple[tuple[Place, int], ...], own: Places, other: Place
    ) -> Value:
        """A lane of a product whose second operand is taken apart too, put together from its own lanes."""
        shape = node.type.shape
        for place, _ in chosen:
            shape = place.lane_shape(shape)
        axis = other.axis(shape)
        lanes = []
        for k in range(axis.extent):
            part = own[axis.places(own.size, k)]
            lanes.append(self._contract(node, (*chosen, (other, k)), part))
        return self._together(lanes, axis, TensorType(node.type.dtype, (own.size,)), node.origin)

    def _together(self, lanes: Sequence[Value], axis: Axis, kind: TensorType, origin: Origin | None) -> Value:
        parts = []
        for k, lane in enumerate(lanes):
            rows = self._shaped(lane, (kind.size // (axis.extent * axis.inner), axis.inner))
            strides = (axis.extent * axis.inner, 1)
            parts.append(Part(value=rows, target=AffineMap(k * axis.inner, strides)))
        return self.builder.add(Assemble(type=kind, parts=tuple(parts), origin=origin))

    def _slice(self, value: Value, chosen: Sequence[tuple[Place, int]]) -> Value:
        """An old value in the lanes of one or more of its axes, of its rank."""
        whole = shape = self.nodes[value].type.shape
        places = np.arange(math.prod(whole), dtype=np.int64)
        for place, lane in chosen:
            axis = place.axis(whole)
            places = places[places // axis.inner % axis.extent == lane]
            shape = place.lane_shape(shape)
        return self._shaped(self.read(value, places), shape)

    def _grid(self, node: Node) -> Places:
        """Index tuples of all elements, a row for each axis."""
        return np.indices(node.type.shape, dtype=np.int64).reshape(len(node.type.shape), -1)

    def _products(self, node: Node, index: Places) -> Value:
        """A sum of few products, for the elements at ``index``."""
        assert isinstance(node, Contract)
        label = node.sum_labels[0]
        at = dict(zip(node.out_labels, index, strict=True))
        extents = dict(
            zip(
                (*node.a_labels, *node.b_labels),
                (*self.nodes[node.a].type.shape, *self.nodes[node.b].type.shape),
                strict=True,
            )
        )
        total: Value | None = None
        if node.init is not None:
            total = self.read(node.init, np.ravel_multi_index(tuple(index), node.type.shape).astype(np.int64))
        for k in range(extents[label]):
            here = {**at, label: np.full(index.shape[1], k, np.int64)}
            factors = []
            for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
                shape = self.nodes[operand].type.shape
                strides = contiguous_strides(shape)
                places = np.zeros(index.shape[1], np.int64)
                for one, stride in zip(labels, strides, strict=True):
                    places += stride * here[one]
                factors.append(self._factor(operand, places))
            if node.fused and total is not None:
                total = self._map(node, "fma", (*factors, total))
            else:
                product = self._map(node, "mul", tuple(factors))
                total = product if total is None else self._map(node, "add", (total, product))
        assert total is not None
        return total

    def _factor(self, value: Value, places: Places) -> Value:
        """What is multiplied: structural zeros stay such."""
        zeros = self.known[value] if self.known else None
        if zeros is None or not zeros[places if zeros.size > 1 else np.zeros_like(places)].all():
            return self.read(value, places)
        self.zeros_seen = True
        return self.builder.assemble(self.nodes[value].type.dtype, (places.size,), ())

    def _over_lanes(self, node: Reduce) -> bool:
        axis = self.axes.axis(node.arg)
        shape = self.nodes[node.arg].type.shape
        return axis is not None and len(node.axes) == 1 and axis == dimension(shape, node.axes[0]).axis(shape)

    def _added(self, node: Reduce) -> Value:
        """A reduction over the axis that is taken apart."""
        shape = self.nodes[node.arg].type.shape
        size = math.prod(shape)
        axis = dimension(shape, node.axes[0]).axis(shape)
        lanes = [self.read(node.arg, axis.places(size, k)) for k in range(axis.extent)]
        total = lanes[0]
        for lane in lanes[1:]:
            total = self._map(node, node.fn, (total, lane))
        return total

    def _map(self, node: Node, fn: str, args: tuple[Value, ...]) -> Value:
        size = next(self.builder.type(arg).size for arg in args if self.builder.type(arg).shape)
        origin = node.origin
        if origin is not None and origin.name:
            origin = replace(origin, name="")  # a part of what the user calls so
        return self.builder.add(Map(type=TensorType(node.type.dtype, (size,)), fn=fn, args=args, origin=origin))


__all__ = ["split_lanes"]
