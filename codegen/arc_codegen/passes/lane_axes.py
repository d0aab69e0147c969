"""Axes along which values are taken apart: where they lie in a tensor, and how they go through operations.

From products whose sum is short, an axis is followed back to what is multiplied, and on to what is made of the result;
through views by where each of their elements is read.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import positions
from arc_codegen.ir.graph import Contract, Graph, Map, Node, Reduce, Value, View
from arc_codegen.passes.rewriting import live_values

Places: TypeAlias = npt.NDArray[np.int64]

LARGEST = 1 << 14
"""Arrays of more elements are not looked into: every element of a view is followed to where it is read."""


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


class LaneAxes:
    """Which values are taken apart, and along which axis."""

    def __init__(self, graph: Graph, most: int, elements: int) -> None:
        self.nodes = graph.nodes
        self.most = most
        self.live = live_values(graph)
        self.seeds = {
            value
            for value, node in enumerate(graph.nodes)
            if self.live[value]
            and elements <= node.type.size <= LARGEST
            and node.type.shape
            and short_sum(node, graph.nodes, most) is not None
        }
        self.of: dict[Value, Axis] = {}
        found = set(self.seeds)
        while found:
            self._find(found)
            found = {value for value in range(len(graph.nodes)) if self._follows(value)}
            self.seeds |= found

    def _follows(self, value: Value) -> bool:
        """Whether a product, of any size, sums over an axis along which an operand is taken apart."""
        node = self.nodes[value]
        if value in self.seeds or not self.live[value] or not node.type.shape:
            return False
        label = short_sum(node, self.nodes, self.most)
        if label is None:
            return False
        assert isinstance(node, Contract)
        for operand, labels in ((node.a, node.a_labels), (node.b, node.b_labels)):
            if label in labels and self.nodes[operand].type.size <= LARGEST:
                shape = self.nodes[operand].type.shape
                if self.axis(operand) == dimension(shape, labels.index(label)).axis(shape):
                    return True
        return False

    def _find(self, seeds: Iterable[Value]) -> None:
        for value in seeds:
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
        while isinstance(node, View) and node.type.size <= LARGEST:
            through = self._through(node, axis)
            if through is None:
                return
            value, axis = node.arg, through
            node = self.nodes[value]
        fits = isinstance(node, Map) or (
            isinstance(node, (Contract, Reduce)) and part_of(node.type.shape, axis) is not None
        )
        if fits and value not in self.of and node.type.size <= LARGEST:
            self.of[value] = axis

    def axis(self, value: Value) -> Axis | None:
        """The axis along which a value is taken apart; a view may have that of what it reads."""
        node = self.nodes[value]
        if not isinstance(node, View) or node.type.size > LARGEST:
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
            for operand, own in places_in(node, place, self.nodes):
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


def places_in(node: Contract | Reduce, place: Place, nodes: tuple[Node, ...]) -> Iterator[tuple[Value, Place]]:
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
