"""Sums of arrays that are zero but for a part each: their parts put together, instead of arrays of zeros added up.

The derivative of a slice is an array of zeros with the slice's cotangent in its place. What reads k slices of an array
has k of those arrays, and k - 1 sums of them, for its cotangent.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from arc_codegen.ir.affine import part_positions, span
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.graph import AffineMap, Assemble, Map, Node, Part, Value

_MOST_PARTS = 64
"""Parts of a sum that are compared with each other; beyond, the sum stays a sum."""

_ENUMERATED = 1 << 14
"""Elements of two parts, of overlapping extent, that are compared one by one."""


class PaddedSums:
    """The rule; it remembers values that are never -0.0, to which adding +0.0 changes nothing."""

    def __init__(self) -> None:
        self._never_minus_zero: set[Value] = set()

    def __call__(self, builder: GraphBuilder, node: Node) -> Value:
        if not isinstance(node, Map) or node.fn != "add":
            return builder.add(node)
        a, b = (builder.node(arg) for arg in node.args)
        if isinstance(a, Assemble) and isinstance(b, Assemble) and is_padded(a) and is_padded(b):
            parts = self._merged(builder, node, a.parts, b.parts)
            if parts is not None:
                return builder.add(Assemble(type=node.type, parts=parts, origin=node.origin))
        return builder.add(node)

    def _merged(
        self, builder: GraphBuilder, node: Map, a_parts: tuple[Part, ...], b_parts: tuple[Part, ...]
    ) -> tuple[Part, ...] | None:
        """The parts of the sum, None unless those of both operands are in the same places or apart."""
        if len(a_parts) + len(b_parts) > _MOST_PARTS:
            return None
        partners: dict[int, int] = {}
        for i, a in enumerate(a_parts):
            for j, b in enumerate(b_parts):
                if a.target == b.target and builder.type(a.value) == builder.type(b.value):
                    if i in partners or j in partners.values():
                        return None  # a part that is overwritten by a later one of its own array
                    partners[i] = j
                elif not _are_apart(builder, a, b):
                    return None
        merged = []
        for i, part in enumerate(a_parts):
            if i in partners:
                merged.append(replace(part, value=self._sum(builder, node, part.value, b_parts[partners[i]].value)))
            else:
                merged.append(replace(part, value=self._plus_zero(builder, node, part.value)))
        taken = set(partners.values())
        merged += [
            replace(part, value=self._plus_zero(builder, node, part.value))
            for j, part in enumerate(b_parts)
            if j not in taken
        ]
        return tuple(merged)

    def _sum(self, builder: GraphBuilder, node: Map, a: Value, b: Value) -> Value:
        total = builder.add(replace(node, type=builder.type(a), args=(a, b)))
        if not self._never_minus_zero.isdisjoint((a, b)):
            self._never_minus_zero.add(total)
        return total

    def _plus_zero(self, builder: GraphBuilder, node: Map, value: Value) -> Value:
        """What was added to the zeros around the other operand's parts: as a sum, since -0.0 + 0.0 is 0.0."""
        if value in self._never_minus_zero:
            return value
        kind = builder.type(value)
        zero = builder.constant(np.zeros((), kind.dtype.numpy_name), kind.dtype)
        total = builder.add(replace(node, type=kind, args=(value, zero)))
        self._never_minus_zero.add(total)
        return total


def is_padded(node: Assemble) -> bool:
    """Whether an assembly is zero but for its parts, each element written and not added to."""
    return node.base is None and not any(part.accumulate for part in node.parts)


def _are_apart(builder: GraphBuilder, a: Part, b: Part) -> bool:
    """Whether two parts write no element in common, as far as that is cheap to find out."""
    (a_first, a_last), (b_first, b_last) = _extent(builder, a), _extent(builder, b)
    if a_last < b_first or b_last < a_first or a_first > a_last or b_first > b_last:
        return True
    if builder.type(a.value).size + builder.type(b.value).size > _ENUMERATED:
        return False
    return not np.isin(_places(builder, a), _places(builder, b)).any()


def _extent(builder: GraphBuilder, part: Part) -> tuple[int, int]:
    """First and last position; of no elements: nowhere."""
    kind = builder.type(part.value)
    if kind.size == 0:
        return 0, -1
    if isinstance(part.target, AffineMap):
        return span(kind.shape, part.target)
    return min(part.target), max(part.target)


def _places(builder: GraphBuilder, part: Part) -> npt.NDArray[np.int64]:
    return part_positions(builder.type(part.value).shape, part)
