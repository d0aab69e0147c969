"""Twice a product is the product with twice a number in it: the number is doubled once, the products every time.

The derivative of ``x * x`` is ``s * x + s * x``, where the seed s is often one number for all elements, such as the
factor of a sum of squares. Doubling is exact, so it makes no difference where it is done, but at the ends of the range:
where the number itself overflows, and where a product is subnormal and rounds differently. What the user wrote stays as
it is; the order of operations in a derivative is ours, and the same for all goals and machines.
"""

from __future__ import annotations

from arc_codegen.ir.graph import Map, Value, View

from archimedes.lower.emitter import Emitter

_DEEPEST = 8
"""Products of products that are looked into."""


def double(emit: Emitter, value: Value) -> Value:
    """``value + value``; what the user did not write, with the doubling at a number if there is one."""
    if emit.origin is None:
        moved = _doubled(emit, value, _DEEPEST)
        if moved is not None:
            return moved
    return emit.map("add", value, value)


def _doubled(emit: Emitter, value: Value, depth: int) -> Value | None:
    """Twice a number repeated for all elements, or a product with one; None for anything else."""
    node = emit.builder.node(value)
    if not depth or (node.origin is not None and not isinstance(node, View)):
        return None
    if isinstance(node, View):
        number = emit.builder.node(node.arg)
        if number.type.shape != () or node.type.size < 2:
            return None
        return emit.broadcast(emit.map("add", node.arg, node.arg), node.type.shape)
    if isinstance(node, Map) and node.fn == "neg":
        moved = _doubled(emit, node.args[0], depth - 1)
        return None if moved is None else emit.map("neg", moved)
    if isinstance(node, Map) and node.fn == "mul":
        for k in (1, 0):
            moved = _doubled(emit, node.args[k], depth - 1)
            if moved is not None:
                return emit.map("mul", *(moved if j == k else arg for j, arg in enumerate(node.args)))
    return None


__all__ = ["double"]
