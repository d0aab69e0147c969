"""Products of stacks of matrices, and whatever else sums products over named axes of two arrays."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence

from archimedes.array.construct import from_flat
from archimedes.array.contraction_hooks import call_contraction
from archimedes.array.core import SymbolicArray
from archimedes.array.promotion import Operand, common_type
from archimedes.array.trace_context import record

SMALL = 512
"""Products up to which single operations are as good, and can be traced with kind="SX" too."""


def contract(
    a: SymbolicArray,
    a_labels: Sequence[Hashable],
    b: SymbolicArray,
    b_labels: Sequence[Hashable],
    out: Sequence[Hashable],
) -> SymbolicArray:
    """Products of ``a`` and ``b`` of real type, summed over the labels that ``out`` lacks.

    A label has one extent, and stands in at least two of the three.
    """
    extents = dict(zip(a_labels, a.shape, strict=True)) | dict(zip(b_labels, b.shape, strict=True))
    numbers = {label: number for number, label in enumerate(extents)}
    of_a, of_b, of_out = (tuple(numbers[label] for label in labels) for labels in (a_labels, b_labels, out))
    result = call_contraction(a.flat_mx, of_a, b.flat_mx, of_b, of_out, tuple(extents.values()))
    dtype = common_type([Operand(a.dtype), Operand(b.dtype)])
    return from_flat(record(result), tuple(extents[label] for label in out), dtype)


def is_worth_it(a: SymbolicArray, b: SymbolicArray, extents: Sequence[int]) -> bool:
    """Whether one contraction beats an operation for each slice: enough products, of reals."""
    return math.prod(extents) > SMALL and a.dtype.kind == b.dtype.kind == "f"
