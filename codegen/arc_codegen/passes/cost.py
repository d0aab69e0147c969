"""The one place that decides between unrolled and looped, from what a node does and what is optimised for."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from arc_codegen.ir.graph import Assemble, Contract, Gather, Node, Reduce, View
from arc_codegen.ir.types import TensorType


@dataclass(frozen=True, slots=True)
class CostModel:
    """Limits of unrolling.

    Parameters
    ----------
    elements : int
        Arrays of up to this many elements are kept as scalars.
    terms : int
        Sums are unrolled while all their terms together are no more than this.
    """

    elements: int
    terms: int

    def unrolls(self, node: Node, operands: Sequence[TensorType]) -> bool:
        """Whether the node's elements are computed one by one as scalars."""
        if node.type.size > self.elements:
            return False
        if isinstance(node, (Reduce, Contract)):
            extents: dict[int, int] = {}
            if isinstance(node, Contract):
                extents = dict(
                    zip((*node.a_labels, *node.b_labels), operands[0].shape + operands[1].shape, strict=True)
                )
            terms = math.prod(extents.values()) if extents else operands[0].size
            return terms <= self.terms
        if isinstance(node, (View, Gather, Assemble)):
            return node.type.size <= self.elements
        return True


BY_GOAL = {
    "size": CostModel(elements=2, terms=4),
    "balanced": CostModel(elements=4, terms=16),
    "speed": CostModel(elements=16, terms=64),
}
"""Cost models by the option ``optimize``."""
