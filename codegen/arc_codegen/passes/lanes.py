"""Arrays of short vectors become short lists of arrays: ``x[n, 3]`` is ``x0[n]``, ``x1[n]`` and ``x2[n]``.

A sum of products over three numbers, for each of many points, is then arithmetic on whole arrays, which loops over the
points compute in registers. What is zero, or a view of a parameter, in one column is seen to be so; what is cheap can
be computed where it is read. (Structures of arrays instead of arrays of structures.)

The pass begins at products whose sum is short. From there it follows the axis: back to what is multiplied, and on to
what is made of the result.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

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
from arc_codegen.passes.rewriting import live_values, rebuild
from arc_codegen.passes.zero_elements import Zeros, zero_elements

Places: TypeAlias = npt.NDArray[np.int64]

_SHORT = 4
"""Longest axis that is taken apart to see zeros."""

_FEWEST = 64
"""Products of fewer elements are not begun at."""

_LARGEST = 1 << 14
"""Arrays of more elements are not looked into: every element of a view is followed to where it is read."""


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
        axes = _Axes(graph, most, elements)
        if not axes.seeds:
            return graph
        graph = rebuild(_Lanes(graph, axes).run(), IndexMaps())


def show_zeros(graph: Graph) -> Graph:
    """The graph with lanes, if some that are multiplied are zero throughout; else the graph itself.

    A triangular matrix for each of many groups has such lanes: what is above the diagonal.
    """
    if not _Axes(graph, _SHORT, _FEWEST).seeds:
        return graph
    folded = rebuild(rebuild(graph, IndexMaps()), simplify_arithmetic)
    known = zero_elements(folded)
    axes = _Axes(folded, _SHORT, _FEWEST)
    if all(zeros is None for zeros in known) or not axes.seeds:
        return graph
    lanes = _Lanes(folded, axes, known)
    apart = lanes.run()
    return apart if lanes.zeros_seen else graph


@dataclass(frozen=True, slots=True)
class Axis:
    """An axis of a tensor: element ``(a * extent + lane) * inner + b`` is element (a, b) of a lane."""

    extent: int
    inner: int

    def places(self, size: int, lane: int) -> Places:
        """Flat positions of a lane of a tensor of ``size`` elements."""
        rows = np.arange(size // (self.extent * self.inner), dtype=np.int64)[:, np.newaxis]
        return ((rows * self.extent + lane) * self.inner + np.arange(self.inner)).ravel()

    def lane_of(self, places: Places) -> int | None:
        """The lane that all positions are in, None where they are in several."""
        lanes = places // self.inner % self.extent
        return int(lanes[0]) if lanes.size and (lanes == lanes[0]).all() else None

    def within(self, places: Places) -> Places:
        """Positions within their lanes."""
        return places // (self.inner * self.extent) * self.inner + places % self.inner


@dataclass(frozen=True, slots=True)
class Place:
    """Where an axis lies in a shape: dimension ``number`` is rows of ``extent`` lanes of ``inner`` elements."""

    number: int
    extent: int
    inner: int

    def axis(self, shape: tuple[int, ...]) -> Axis:
        """The axis in a tensor of this shape."""
        return Axis(self.extent, self.inner * math.prod(shape[self.number + 1 :]))

    def moved(self, number: int) -> Place:
        """The same in another dimension, of another tensor."""
        return replace(self, number=number)

    def lane_shape(self, shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of a lane, of the same rank."""
        return (*shape[: self.number], shape[self.number] // self.extent, *shape[self.number + 1 :])


def dimension(shape: tuple[int, ...], number: int) -> Place:
    """A whole dimension as an axis."""
    return Place(number, shape[number], 1)


def part_of(shape: tuple[int, ...], axis: Axis) -> Place | None:
    """Where an axis lies in a shape, None where it lies across dimensions."""
    for number, extent in enumerate(shape):
        below = math.prod(shape[number + 1 :])
        if extent > 1 and axis.inner % below == 0 and extent % (axis.extent * (axis.inner // below)) == 0:
            return Place(number, axis.extent, axis.inner // below)
    return None


def short_sum(node: Node, nodes: tuple[Node, ...], most: int) -> int | None:
    """The label that a product sums over, if it is one, and short."""
    if not isinstance(node, Contract) or len(node.sum_labels) != 1:
        return None
    label = node.sum_labels[0]
    labels, value = (node.a_labels, node.a) if label in node.a_labels else (node.b_labels, node.b)
    return label if 1 < nodes[value].type.shape[labels.index(label)] <= most else None


class _Axes:
    """Which values are taken apart, and along which axis."""

    def __init__(self, graph: Graph, most: int, elements: int) -> None:
        self.nodes = graph.nodes
        self.most = most
        self.live = live_values(graph)
        self.seeds = {
            value
            for value, node in enumerate(graph.nodes)
            if self.live[value]
            and elements <= node.type.size <= _LARGEST
            and short_sum(node, graph.nodes, most) is not None
        }
        self.of: dict[Value, Axis] = {}
        if self.seeds:
            self._find()

    def _find(self) -> None:
        for value in self.seeds:
            self._from_product(value)
        known = -1
        while len(self.of) > known:
            known = len(self.of)
            for value in reversed(range(len(self.nodes))):
                if value in self.of:
                    self._back(value, self.of[value])
            for value in range(len(self.nodes)):
                if self.live[value] and value not in self.of:
                    axis = self._onward(value)
                    if axis is not None:
                        self._give(value, axis)

    def _give(self, value: Value, axis: Axis) -> None:
        """Take a value apart, or what it is a view of."""
        node = self.nodes[value]
        while isinstance(node, View) and node.type.size <= _LARGEST:
            through = self._through(node, axis)
            if through is None:
                return
            value, axis = node.arg, through
            node = self.nodes[value]
        fits = isinstance(node, Map) or (
            isinstance(node, (Contract, Reduce)) and part_of(node.type.shape, axis) is not None
        )
        if fits and value not in self.of and node.type.size <= _LARGEST:
            self.of[value] = axis

    def axis(self, value: Value) -> Axis | None:
        """The axis along which a value is taken apart; a view may have that of what it reads."""
        node = self.nodes[value]
        if not isinstance(node, View) or node.type.size > _LARGEST:
            return self.of.get(value)
        read = self.axis(node.arg)
        if read is None:
            return None
        places = positions(node.type.shape, node.map).ravel()
        for axis in _axes_of_length(node.type.size, read.extent):
            lanes = [read.lane_of(places[axis.places(places.size, k)]) for k in range(axis.extent)]
            if None not in lanes and len(set(lanes)) == len(lanes):
                return axis
        return None

    def _through(self, node: View, axis: Axis) -> Axis | None:
        """The axis of what a view reads that the axis of the view goes along."""
        places = positions(node.type.shape, node.map).ravel()
        lanes = [places[axis.places(places.size, k)] for k in range(axis.extent)]
        for read in _axes_of_length(self.nodes[node.arg].type.size, axis.extent):
            found = [read.lane_of(lane) for lane in lanes]
            if None not in found and len(set(found)) == len(found):
                return read
        return None

    def _from_product(self, value: Value) -> None:
        node = self.nodes[value]
        assert isinstance(node, Contract)
        label = node.sum_labels[0]
        for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
            if label in labels:
                shape = self.nodes[operand].type.shape
                self._give(operand, dimension(shape, labels.index(label)).axis(shape))
        for number, out in enumerate(node.out_labels):
            alone = (out in node.a_labels) != (out in node.b_labels)
            if alone and 1 < node.type.shape[number] <= self.most and value not in self.of:
                self.of[value] = dimension(node.type.shape, number).axis(node.type.shape)

    def _back(self, value: Value, axis: Axis) -> None:
        node = self.nodes[value]
        if isinstance(node, Map):
            for arg in node.args:
                if self.nodes[arg].type.shape:
                    self._give(arg, axis)
        elif isinstance(node, (Contract, Reduce)):
            place = part_of(node.type.shape, axis)
            assert place is not None
            for operand, own in _places_in(node, place, self.nodes):
                self._give(operand, own.axis(self.nodes[operand].type.shape))

    def _onward(self, value: Value) -> Axis | None:
        """The axis of a value whose operand is taken apart."""
        node = self.nodes[value]
        if isinstance(node, Map):
            axes = (self.axis(arg) for arg in node.args if self.nodes[arg].type.shape)
            return next((axis for axis in axes if axis is not None), None)
        if isinstance(node, Reduce):
            place = self.place(node.arg)
            if place is None or place.number in node.axes:
                return None
            return place.moved(place.number - sum(k < place.number for k in node.axes)).axis(node.type.shape)
        if isinstance(node, Contract):
            for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
                place = self.place(operand)
                if place is not None and labels[place.number] in node.out_labels:
                    return place.moved(node.out_labels.index(labels[place.number])).axis(node.type.shape)
        return None

    def place(self, value: Value) -> Place | None:
        """Where the axis of a value lies in its shape."""
        axis = self.axis(value)
        return None if axis is None else part_of(self.nodes[value].type.shape, axis)


def _places_in(node: Contract | Reduce, place: Place, nodes: tuple[Node, ...]) -> Iterator[tuple[Value, Place]]:
    """Where an axis of the result lies in the operands that have it."""
    if isinstance(node, Reduce):
        kept = [k for k in range(len(nodes[node.arg].type.shape)) if k not in node.axes]
        yield node.arg, place.moved(kept[place.number])
        return
    label = node.out_labels[place.number]
    for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
        if label in labels:
            yield operand, place.moved(labels.index(label))


def _axes_of_length(size: int, extent: int) -> Iterator[Axis]:
    if size % extent == 0:
        yield from (Axis(extent, inner) for inner in range(1, size // extent + 1) if size // extent % inner == 0)


class _Lanes:
    """The graph anew, with lanes in place of the values that are taken apart."""

    def __init__(self, graph: Graph, axes: _Axes, known: Sequence[Zeros] = ()) -> None:
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
        if isinstance(node, View) and node.type.size <= _LARGEST:
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
            ((_, own_place),) = _places_in(node, place, self.nodes)
            part = self._slice(node.arg, own_place, lane)
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
                ((place, lane),) = own_lanes
                operands.append(self._slice(operand, place, lane))
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

    def _slice(self, value: Value, place: Place, lane: int) -> Value:
        """A lane of an old value, of its rank."""
        shape = self.nodes[value].type.shape
        return self._shaped(self.read(value, place.axis(shape).places(math.prod(shape), lane)), place.lane_shape(shape))

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
