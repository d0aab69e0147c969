"""Twice a product is the product with twice a number in it: the number is doubled once, the products every time.

The derivative of ``x * x`` is ``s * x + s * x``, where the seed s is often one number for all elements, such as the
factor of a sum of squares. Doubling is exact, so it makes no difference where it is done, but at the ends of the range:
where the number itself overflows, and where a product is subnormal and rounds differently. Twice a quotient by a double
is the quotient, likewise: derivatives of roots are full of them. What the user wrote stays as it is; the order of
operations in a derivative is ours, and the same for all goals and machines.
"""

from __future__ import annotations

import math
from dataclasses import replace

from arc_codegen.ir.graph import Map, Reduce, Value, View

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


def subtract(emit: Emitter, a: Value, b: Value) -> Value:
    """``a - b``; of ``-b - b`` the negative of a double, which has the same bits."""
    node = emit.builder.node(a)
    if isinstance(node, Map) and node.fn == "neg" and node.args[0] == b:
        return emit.map("neg", double(emit, b))
    return emit.map("sub", a, b)


def _doubled(emit: Emitter, value: Value, depth: int) -> Value | None:
    """Twice a value, if a number in it can be doubled, or a number that it is divided by is itself a double."""
    node = emit.builder.node(value)
    if not depth or (node.origin is not None and not isinstance(node, View)):
        return None
    match node:
        case View():
            if emit.shape(node.arg) == ():
                return _number(emit, node.arg, node.type.shape)
            moved = _doubled(emit, node.arg, depth - 1) if emit.size(node.arg) <= node.type.size else None
            return None if moved is None else emit.view(moved, node.type.shape, node.map)
        case Reduce(fn="add"):
            moved = _doubled(emit, node.arg, depth - 1)
            return None if moved is None else emit.builder.add(replace(node, arg=moved))
        case Map(fn="neg"):
            moved = _doubled(emit, node.args[0], depth - 1)
            return None if moved is None else emit.map("neg", moved)
        case Map(fn="mul"):
            for k in (1, 0):
                moved = _factor(emit, node, k, depth)
                if moved is not None:
                    return emit.map("mul", *(moved if j == k else arg for j, arg in enumerate(node.args)))
        case Map(fn="div"):
            half = _halved(emit, node.args[1])
            if half is not None:
                return emit.map("div", node.args[0], half)
            moved = _factor(emit, node, 0, depth)
            return None if moved is None else emit.map("div", moved, node.args[1])
    return None


def _factor(emit: Emitter, node: Map, k: int, depth: int) -> Value | None:
    """Twice an operand of a product or quotient."""
    arg = node.args[k]
    if emit.shape(arg) == ():
        return emit.map("add", arg, arg) if node.type.size > 1 else _doubled(emit, arg, depth - 1)
    return _doubled(emit, arg, depth - 1)


def _number(emit: Emitter, scalar: Value, shape: tuple[int, ...]) -> Value | None:
    """Twice a number that is there for several elements."""
    if math.prod(shape) < 2:
        return None
    return emit.broadcast(emit.map("add", scalar, scalar), shape)


def _halved(emit: Emitter, value: Value) -> Value | None:
    """x of ``x + x``."""
    node = emit.builder.node(value)
    if isinstance(node, Map) and node.fn == "add" and node.args[0] == node.args[1] and node.origin is None:
        return node.args[0]
    return None


__all__ = ["double", "subtract"]
