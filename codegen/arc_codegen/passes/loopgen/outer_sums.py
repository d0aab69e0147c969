"""Products whose sums run across memory: the sum goes outside, rows are added to rows.

``out[i, j] = sum_k a[k, i] b[k, j]`` reads both operands with a stride along k. With k outside, the innermost loop runs
along rows of b and out; each element still gets its terms in the order of k, so the bits are the same.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.graph import Contract, Value, View
from arc_codegen.ir.loops import Let, Literal, Load, Ref, Store, Symbol
from arc_codegen.passes.loopgen.forms import Form, flat_form
from arc_codegen.passes.loopgen.products import product_added

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering

_FEWEST_TERMS = 16
_SHORTEST_ROW = 4


def write_outer_sum(nest: NestLowering, node: Contract, symbol: Symbol) -> bool:
    """Write the product into ``symbol`` with the sum outside, if that is the better order; else write nothing."""
    if node.init is not None or not node.out_labels:
        return False
    row = node.out_labels[-1]
    operands = ((node.a, node.a_labels), (node.b, node.b_labels))
    along = [(v, labels) for v, labels in operands if row in labels]
    across = [(v, labels) for v, labels in operands if row not in labels]
    if len(along) != 1 or not node.sum_labels:
        return False
    extents: dict[int, int] = {}
    for value, labels in operands:
        extents |= dict(zip(labels, nest.nodes[value].type.shape, strict=True))
    terms = math.prod(extents[label] for label in node.sum_labels)
    if terms < _FEWEST_TERMS or extents[row] < _SHORTEST_ROW:
        return False
    last = node.sum_labels[-1]
    strides = [_stride(nest, value, labels, last) for value, labels in operands]
    if any(stride is None or abs(stride) == 1 for stride in strides) or _stride(nest, *along[0], row) != 1:
        return False
    _write(nest, node, symbol, (across[0], along[0]), extents)
    return True


def _stride(nest: NestLowering, value: Value, labels: tuple[int, ...], label: int) -> int | None:
    """Distance in memory of neighbours along a label; None where the operand is not in memory, or has no such axis."""
    if label not in labels:
        return None
    axis = labels.index(label)
    if nest.plan.base[value] in nest.home:
        return contiguous_strides(nest.nodes[value].type.shape)[axis]
    node = nest.nodes[value]
    if isinstance(node, View) and nest.plan.base[node.arg] in nest.home:
        return node.map.strides[axis]
    return None


def _write(
    nest: NestLowering,
    node: Contract,
    symbol: Symbol,
    operands: tuple[tuple[Value, tuple[int, ...]], tuple[Value, tuple[int, ...]]],
    extents: dict[int, int],
) -> None:
    dtype = node.type.dtype
    shape = node.type.shape
    (factor, factor_labels), (rows, row_labels) = operands
    start = Literal(-0.0, dtype)
    nest.loops(
        (node.type.size,),
        lambda axes: nest.body.append(Store(symbol, axes[0].index(), start, node.origin)),
        node.origin,
    )
    outer = (*node.sum_labels, *node.out_labels[:-1])

    def across(axes: list[Form]) -> None:
        at = dict(zip(outer, axes, strict=True))
        place = flat_form([at[label] for label in factor_labels], nest.nodes[factor].type.shape)
        scale = nest.symbol("t")
        nest.body.append(Let(scale, nest.read(factor, place), node.origin))

        def along(inner: list[Form]) -> None:
            everywhere = at | {node.out_labels[-1]: inner[0]}
            index = flat_form([everywhere[label] for label in node.out_labels], shape).index()
            read = flat_form([everywhere[label] for label in row_labels], nest.nodes[rows].type.shape)
            total = product_added(node, Ref(scale, dtype), nest.read(rows, read), Load(symbol, index, dtype))
            nest.body.append(Store(symbol, index, total, node.origin))

        nest.loops((extents[node.out_labels[-1]],), along, node.origin)

    nest.loops([extents[label] for label in outer], across, node.origin)
