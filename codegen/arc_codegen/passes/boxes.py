"""Boxes of an index space: where the parts of assemblies lie, and the pieces between their borders."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import contiguous_strides, part_positions, positions
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Value, View

Positions: TypeAlias = npt.NDArray[np.int64]

Pattern: TypeAlias = tuple[tuple[int, ...], ...]
"""For each of several arrays, the numbers of its parts that make up its elements in a box."""

_ENUMERATED = 1 << 16
"""Spaces of more elements than this are left whole: parts are recognised element by element."""


@dataclass(frozen=True, slots=True)
class Box:
    """``low[k] <= i[k] < high[k]`` along each axis of a space."""

    low: tuple[int, ...]
    high: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Extents, without those of 1."""
        extents = [high - low for low, high in zip(self.low, self.high, strict=True)]
        return tuple(extent for extent in extents if extent > 1)

    @property
    def size(self) -> int:
        return math.prod(self.shape)

    def positions(self, space: Sequence[int]) -> AffineMap:
        """Flat positions in the space, by the indices of the box."""
        return self.mapped(0, contiguous_strides(space))

    def mapped(self, offset: int, strides: Sequence[int]) -> AffineMap:
        """``offset + sum(stride * i)`` over the indices i of the space, as a map over the shape of the box."""
        kept = tuple(s for s, a, b in zip(strides, self.low, self.high, strict=True) if b - a > 1)
        return AffineMap(offset + sum(s * a for s, a in zip(strides, self.low, strict=True)), kept)

    def __contains__(self, other: Box) -> bool:
        return all(a <= b for a, b in zip(self.low, other.low, strict=True)) and all(
            a >= b for a, b in zip(self.high, other.high, strict=True)
        )


@dataclass(frozen=True, slots=True)
class Placed:
    """A part of an assembly, which fills ``box``; at index i stands its element ``offset + sum(strides * i)``."""

    value: Value
    box: Box
    offset: int
    strides: tuple[int, ...]
    accumulate: bool = False

    def inside(self, box: Box) -> AffineMap:
        """The elements of the part that are in a box inside its own."""
        return box.mapped(self.offset, self.strides)


def refined_space(graph: Graph, size: int, arrays: Iterable[Assemble | View]) -> tuple[int, ...] | None:
    """The coarsest shape of ``size`` elements whose axes the parts run along; None where there is none.

    A view of an assembly has the axes of its own shape.
    """
    cuts = {1, size}
    for node in arrays:
        if isinstance(node, View):
            strides = contiguous_strides(node.type.shape)
            cuts.update(s for s, e in zip(strides, node.type.shape, strict=True) if e > 1)
            continue
        for part in node.parts:
            assert isinstance(part.target, AffineMap)
            shape = graph.nodes[part.value].type.shape
            cuts.update(abs(s) for s, e in zip(part.target.strides, shape, strict=True) if e > 1)
    if size > _ENUMERATED or 0 in cuts:
        return None
    ordered = sorted(cuts)
    if any(high % low for low, high in itertools.pairwise(ordered)):
        return None
    return tuple(high // low for low, high in reversed(list(itertools.pairwise(ordered))))


def placed_parts(graph: Graph, node: Assemble, seen: Positions, space: Sequence[int]) -> list[Placed] | None:
    """The parts of an assembly as boxes of the space, whose element k is element ``seen[k]`` of the assembly.

    None where one is no box, or adds to one element twice.
    """
    if node.type.size > _ENUMERATED:
        return None
    found: list[Placed] = []
    for part in node.parts:
        places = part_positions(graph.nodes[part.value].type.shape, part)
        if np.unique(places).size < places.size:
            return None
        element = np.full(node.type.size, -1, dtype=np.int64)
        element[places] = np.arange(places.size)
        elements = element[seen]
        visible = np.flatnonzero(elements >= 0)
        if not visible.size:
            continue
        placed = _placed(part.value, visible, elements[visible], space)
        if placed is None:
            return None
        found.append(replace(placed, accumulate=part.accumulate))
    return found


def _placed(value: Value, places: Positions, elements: Positions, space: Sequence[int]) -> Placed | None:
    indices = np.unravel_index(places, tuple(space))
    low = tuple(int(axis.min()) for axis in indices)
    high = tuple(int(axis.max()) + 1 for axis in indices)
    box = Box(low, high)
    if box.size != places.size:
        return None
    element = np.full(tuple(b - a for a, b in zip(low, high, strict=True)), -1, dtype=np.int64)
    element[tuple(axis - a for axis, a in zip(indices, low, strict=True))] = elements
    first = int(element.flat[0])
    strides = tuple(
        int(np.take(element, 1, axis).flat[0]) - first if n > 1 else 0 for axis, n in enumerate(element.shape)
    )
    if not np.array_equal(positions(element.shape, AffineMap(first, strides)), element):
        return None
    return Placed(value, box, first - sum(s * a for s, a in zip(strides, low, strict=True)), strides)


def cut_into_boxes(space: Sequence[int], arrays: Sequence[Sequence[Placed]]) -> list[tuple[Box, Pattern]]:
    """Boxes that fill the space, in each of which each array has the same parts everywhere."""
    borders = [
        sorted({0, extent, *(edge for parts in arrays for p in parts for edge in (p.box.low[k], p.box.high[k]))})
        for k, extent in enumerate(space)
    ]
    pieces = [
        Box(tuple(a for a, _ in edges), tuple(b for _, b in edges))
        for edges in itertools.product(*(itertools.pairwise(axis) for axis in borders))
    ]
    boxes = [(piece, tuple(_parts_around(piece, parts) for parts in arrays)) for piece in pieces]
    for axis in reversed(range(len(space))):
        boxes = _merged(boxes, axis)
    return sorted(boxes, key=lambda item: item[0].low)


def _parts_around(piece: Box, parts: Sequence[Placed]) -> tuple[int, ...]:
    """The last part that is written over what was there, and those added to it."""
    found: list[int] = []
    for k, part in enumerate(parts):
        if piece in part.box:
            found = [*found, k] if part.accumulate else [k]
    return tuple(found)


def _merged(boxes: list[tuple[Box, Pattern]], axis: int) -> list[tuple[Box, Pattern]]:
    """Neighbours along an axis with the same parts in them as one box."""

    def apart(item: tuple[Box, Pattern]) -> tuple[object, ...]:
        box = item[0]
        return (*(edges for k, edges in enumerate(zip(box.low, box.high, strict=True)) if k != axis), box.low[axis])

    out: list[tuple[Box, Pattern]] = []
    for box, pattern in sorted(boxes, key=apart):
        if out and out[-1][1] == pattern and _adjoin(out[-1][0], box, axis):
            out[-1] = Box(out[-1][0].low, box.high), pattern
        else:
            out.append((box, pattern))
    return out


def _adjoin(first: Box, second: Box, axis: int) -> bool:
    same = all(
        (a, b) == (c, d)
        for k, (a, b, c, d) in enumerate(zip(first.low, first.high, second.low, second.high, strict=True))
        if k != axis
    )
    return same and first.high[axis] == second.low[axis]


__all__ = ["Box", "Pattern", "Placed", "cut_into_boxes", "placed_parts", "refined_space"]
