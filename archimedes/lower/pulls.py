"""A sum of products with one matrix is the product of the sum: pulls are added up before they are multiplied.

A derivative by what was broadcast, such as a centre that many points were measured from, is a sum over the points;
where they were multiplied by one matrix, each cotangent was multiplied by its transpose before. Added up first, they
are multiplied once. What the user wrote stays as it is; the order of operations in a derivative is ours, and the same
for all goals and machines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from arc_codegen.ir.affine import is_identity
from arc_codegen.ir.graph import Contract, Map, Value, View

if TYPE_CHECKING:
    from archimedes.lower.emitter import Emitter


def sum_of_rows(emit: Emitter, rows: Value) -> Value:
    """The sum over the first axis of a matrix; where its rows are products with one matrix, that is outside the sum."""
    found = _product_of_sums(emit, rows) if emit.origin is None else None
    return emit.reduce("add", rows, (0,)) if found is None else found


def _product_of_sums(emit: Emitter, rows: Value) -> Value | None:
    count, size = emit.shape(rows)
    value, negative = rows, False
    while True:
        node = emit.builder.node(value)
        if isinstance(node, View) and emit.size(node.arg) == node.type.size and is_identity(node.type.shape, node.map):
            value = node.arg
        elif isinstance(node, Map) and node.fn == "neg" and node.origin is None:
            value, negative = node.args[0], not negative
        else:
            break
    if not isinstance(node, Contract) or node.origin is not None or node.init is not None:
        return None
    label = node.out_labels[0] if node.out_labels else None
    if label is None or node.type.shape[0] != count or (label in node.a_labels) == (label in node.b_labels):
        return None
    a, b, a_labels, b_labels = node.a, node.b, node.a_labels, node.b_labels
    if label in b_labels:
        b, b_labels = _summed(emit, b, b_labels, label)
    else:
        a, a_labels = _summed(emit, a, a_labels, label)
    found = emit.reshape(emit.contract(a, b, a_labels, b_labels, node.out_labels[1:]), (size,))
    return emit.map("neg", found) if negative else found


def _summed(emit: Emitter, operand: Value, labels: tuple[int, ...], label: int) -> tuple[Value, tuple[int, ...]]:
    total = emit.reduce("add", operand, (labels.index(label),))
    return total, tuple(other for other in labels if other != label)
