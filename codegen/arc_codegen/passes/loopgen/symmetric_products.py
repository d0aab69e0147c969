"""Products of a matrix with its own transpose: one triangle is computed, the other copied.

``out[p, q] = sum_k a[k, p] a[k, q]`` and ``out[q, p]`` are sums of the same products in the same order, and a product
does not depend on the order of its factors: they have the same bits.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from arc_codegen.ir.affine import contiguous_strides
from arc_codegen.ir.graph import Contract, Value, View
from arc_codegen.ir.loops import Expr, Index, Let, Literal, Load, Ref, Store, Symbol
from arc_codegen.passes.loopgen.forms import Form, flat_form
from arc_codegen.passes.loopgen.products import product_added

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering

_FEWEST_TERMS = 16


def write_symmetric_product(nest: NestLowering, node: Contract, symbol: Symbol) -> bool:
    """Write the product into ``symbol``, if it is one of a matrix with itself that is short enough; else nothing.

    The sum goes outside: a row is read once and multiplied by itself, all products of the triangle one after another.
    """
    if node.init is not None or len(node.out_labels) != 2 or not node.sum_labels:
        return False
    size = node.type.shape[0]
    shape = nest.nodes[node.a].type.shape
    extents = dict(zip(node.a_labels, shape, strict=True))
    summed = [extents.get(label, 0) for label in node.sum_labels]
    if size < 2 or size * (size + 1) // 2 > nest.cost.triangle or math.prod(summed) < _FEWEST_TERMS:
        return False
    own = next((label for label in node.out_labels if label in node.a_labels), None)
    if own is None or not _same_elements(nest, node):
        return False
    _write(nest, node, symbol, own, summed)
    return True


def _same_elements(nest: NestLowering, node: Contract) -> bool:
    """Whether both operands are one matrix in memory, seen with the labels of the result swapped."""
    first, second = node.out_labels
    swapped = {first: second, second: first}
    places = [_place(nest, value, labels) for value, labels in ((node.a, node.a_labels), (node.b, node.b_labels))]
    if places[0] is None or places[1] is None:
        return False
    base, offset, strides = places[0]
    mirrored = (base, offset, {swapped.get(label, label): stride for label, stride in strides.items()})
    return mirrored == places[1] and (first in strides) != (second in strides)


def _place(nest: NestLowering, value: Value, labels: tuple[int, ...]) -> tuple[Value, int, dict[int, int]] | None:
    """Array in memory, first element and distance of neighbours along each label."""
    shape = nest.nodes[value].type.shape
    base = nest.plan.base[value]
    if base in nest.home:
        return base, 0, dict(zip(labels, contiguous_strides(shape), strict=True))
    node = nest.nodes[value]
    if isinstance(node, View) and nest.plan.base[node.arg] in nest.home:
        return nest.plan.base[node.arg], node.map.offset, dict(zip(labels, node.map.strides, strict=True))
    return None


def _write(nest: NestLowering, node: Contract, symbol: Symbol, own: int, summed: list[int]) -> None:
    dtype = node.type.dtype
    size = node.type.shape[0]
    start = Literal(-0.0, dtype)
    nest.loops(
        (node.type.size,),
        lambda axes: nest.body.append(Store(symbol, axes[0].index(), start, node.origin)),
        node.origin,
    )

    def triangle(axes: list[Form]) -> None:
        at = dict(zip(node.sum_labels, axes, strict=True))
        row: list[Expr] = []
        for k in range(size):
            place = flat_form([Form(k) if label == own else at[label] for label in node.a_labels], shape)
            element = nest.symbol("t")
            nest.body.append(Let(element, nest.read(node.a, place), node.origin))
            row.append(Ref(element, dtype))
        for p in range(size):
            for q in range(p + 1):
                index = Index(size * p + q)
                total = product_added(node, row[p], row[q], Load(symbol, index, dtype))
                nest.body.append(Store(symbol, index, total, node.origin))

    shape = nest.nodes[node.a].type.shape
    nest.loops(summed, triangle, node.origin)
    for p in range(size):
        for q in range(p):
            below = Load(symbol, Index(size * p + q), dtype)
            nest.body.append(Store(symbol, Index(size * q + p), below, node.origin))


__all__ = ["write_symmetric_product"]
