"""Algebra that keeps every bit: constant folding of exact operations, identities of IEEE arithmetic.

Each rule holds for all operands, NaN, infinities and both zeros included; what holds only for some (``x + 0``, which
turns -0.0 into +0.0; ``x * 0``; ``x - x``) is not here. Functions that are not correctly rounded are not folded: the
result would depend on the math library of the machine that generates.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from arc_codegen.ir.builder import GraphBuilder, constant_array, uniform_constant
from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.graph import AffineMap, Constant, Map, Node, Value, View
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType, TensorType

_FOLD_LIMIT = 4096
"""Largest constant that folding makes, in elements."""


def simplify_arithmetic(builder: GraphBuilder, node: Node) -> Value:
    """Add a `Map` in its simplest form; other nodes as they are."""
    if not isinstance(node, Map):
        return builder.add(node)
    folded = _fold(builder, node)
    if folded is not None:
        return folded
    lifted = _lift_broadcast(builder, node)
    if lifted is not None:
        return lifted
    rule = _RULES.get(node.fn)
    result = rule(builder, node) if rule is not None else None
    if result is None:
        return builder.add(node)
    return _shaped(builder, result, node)


def known_number(builder: GraphBuilder, value: Value) -> float | None:
    """The one number that all elements of a value are, if that is known."""
    node = builder.node(value)
    if isinstance(node, View):
        node = builder.node(node.arg)
    if isinstance(node, Constant):
        return uniform_constant(node)
    return None


def _shaped(builder: GraphBuilder, value: Value, node: Map) -> Value:
    """A result that may be one operand of shape (), given the node's shape."""
    shape = node.type.shape
    if builder.type(value).shape == shape:
        return value
    return builder.add(
        View(
            type=TensorType(node.type.dtype, shape), arg=value, map=AffineMap(0, (0,) * len(shape)), origin=node.origin
        )
    )


def _fold(builder: GraphBuilder, node: Map) -> Value | None:
    if not SCALAR_OPS[node.fn].exact or node.type.size > _FOLD_LIMIT:
        return None
    arrays = []
    for arg in node.args:
        operand = builder.node(arg)
        if not isinstance(operand, Constant):
            return None
        arrays.append(constant_array(operand))
    result = np.broadcast_to(evaluate(node.fn, arrays, node.type.dtype), node.type.shape)
    return builder.constant(result, node.type.dtype, origin=node.origin)


def _lift_broadcast(builder: GraphBuilder, node: Map) -> Value | None:
    """An operation on broadcast scalars is the broadcast of the operation on the scalars."""
    if not node.type.shape:
        return None
    scalars = []
    for arg in node.args:
        operand = builder.node(arg)
        if operand.type.shape == ():
            scalars.append(arg)
        elif isinstance(operand, View) and builder.type(operand.arg).shape == () and operand.map.offset == 0:
            scalars.append(operand.arg)
        else:
            return None
    single = replace(node, type=TensorType(node.type.dtype, ()), args=tuple(scalars))
    return _shaped(builder, simplify_arithmetic(builder, single), node)


def _operand(builder: GraphBuilder, value: Value, fn: str) -> Map | None:
    node = builder.node(value)
    return node if isinstance(node, Map) and node.fn == fn else None


def _is_minus_zero(number: float | None) -> bool:
    return number == 0 and math.copysign(1.0, number) < 0


def _map(builder: GraphBuilder, node: Map, fn: str, *args: Value) -> Value:
    return simplify_arithmetic(builder, replace(node, fn=fn, args=args))


def _add(builder: GraphBuilder, node: Map) -> Value | None:
    a, b = node.args
    if a == b:  # exact, and the operand is read once
        return _map(builder, node, "mul", builder.constant(2.0, node.type.dtype), a)
    for one, other in ((a, b), (b, a)):
        if _is_minus_zero(known_number(builder, one)):
            return other
        negated = _operand(builder, one, "neg")
        if negated is not None:  # -p + q = q - p exactly
            return _map(builder, node, "sub", other, negated.args[0])
    for one, other in ((b, a), (a, b)):
        opposite = _opposite(builder, one)
        if opposite is not None:
            return _map(builder, node, "sub", other, opposite)
    return None


def _opposite(builder: GraphBuilder, value: Value) -> Value | None:
    """For a product with a negative number, the one with its magnitude: differences share it with sums."""
    product = _operand(builder, value, "mul")
    if product is None:
        return None
    for one, other in (product.args, product.args[::-1]):
        number = known_number(builder, one)
        if number is not None and number < 0:
            return _map(builder, product, "mul", builder.constant(-number, product.type.dtype), other)
    return None


def _sub(builder: GraphBuilder, node: Map) -> Value | None:
    a, b = node.args
    number = known_number(builder, b)
    if number == 0 and not _is_minus_zero(number):
        return a
    if _is_minus_zero(known_number(builder, a)):
        return _map(builder, node, "neg", b)
    negated = _operand(builder, b, "neg")
    if negated is not None:
        return _map(builder, node, "add", a, negated.args[0])
    opposite = _opposite(builder, b)
    if opposite is not None:
        return _map(builder, node, "add", a, opposite)
    return None


def _mul(builder: GraphBuilder, node: Map) -> Value | None:
    a, b = node.args
    for one, other in ((a, b), (b, a)):
        number = known_number(builder, one)
        if number == 1.0:
            return other
        if number == -1.0:
            return _map(builder, node, "neg", other)
    first, second = _operand(builder, a, "neg"), _operand(builder, b, "neg")
    if first is not None and second is not None:
        return _map(builder, node, "mul", first.args[0], second.args[0])
    for negated, other in ((first, b), (second, a)):
        if negated is not None and negated.type.shape == node.type.shape:  # signs move outward, where they meet others
            return _map(builder, node, "neg", _map(builder, node, "mul", negated.args[0], other))
    return None


def _div(builder: GraphBuilder, node: Map) -> Value | None:
    a, b = node.args
    number = known_number(builder, b)
    if number == 1.0:
        return a
    if number is not None and math.isfinite(number) and number != 0:
        mantissa, exponent = math.frexp(number)
        small = 120 if node.type.dtype is DType.F32 else 1000
        if abs(mantissa) == 0.5 and abs(exponent) < small:  # a power of two: its reciprocal is exact
            factor = builder.constant(1.0 / number, node.type.dtype)
            return _map(builder, node, "mul", a, factor)
    return None


def _neg(builder: GraphBuilder, node: Map) -> Value | None:
    inner = _operand(builder, node.args[0], "neg")
    if inner is not None:
        return inner.args[0]
    product = _operand(builder, node.args[0], "mul")
    if product is not None:
        for one, other in (product.args, product.args[::-1]):
            number = known_number(builder, one)
            if number is not None:
                return _map(builder, node, "mul", builder.constant(-number, node.type.dtype), other)
    return None


def _abs(builder: GraphBuilder, node: Map) -> Value | None:
    for fn in ("neg", "abs"):
        inner = _operand(builder, node.args[0], fn)
        if inner is not None:
            return _map(builder, node, "abs", inner.args[0])
    return None


def _select(builder: GraphBuilder, node: Map) -> Value | None:
    condition, then, orelse = node.args
    number = known_number(builder, condition)
    if number is not None:
        return then if number else orelse
    if then == orelse:
        return then
    negated = _operand(builder, condition, "not")
    if negated is not None:
        return _map(builder, node, "select", negated.args[0], orelse, then)
    inner_then, inner_orelse = _operand(builder, then, "select"), _operand(builder, orelse, "select")
    if inner_then is not None and inner_then.args[0] == condition:  # asked before, with the answer yes
        return _map(builder, node, "select", condition, inner_then.args[1], orelse)
    if inner_orelse is not None and inner_orelse.args[0] == condition:
        return _map(builder, node, "select", condition, then, inner_orelse.args[2])
    return None


def _not(builder: GraphBuilder, node: Map) -> Value | None:
    inner = _operand(builder, node.args[0], "not")
    return inner.args[0] if inner is not None else None


def _and(builder: GraphBuilder, node: Map) -> Value | None:
    return _logical(builder, node, neutral=True)


def _or(builder: GraphBuilder, node: Map) -> Value | None:
    return _logical(builder, node, neutral=False)


def _logical(builder: GraphBuilder, node: Map, *, neutral: bool) -> Value | None:
    a, b = node.args
    if a == b:
        return a
    for one, other in ((a, b), (b, a)):
        number = known_number(builder, one)
        if number is not None:
            return other if bool(number) == neutral else one
    return None


def _extremum(builder: GraphBuilder, node: Map) -> Value | None:
    return node.args[0] if node.args[0] == node.args[1] else _one_comparison(builder, node)


def _one_comparison(builder: GraphBuilder, node: Map) -> Value | None:
    """An extremum of which one operand is a number: where the comparison fails, the other one is it, or is NaN.

    ``max`` and ``min`` want NaN then, ``fmax`` and ``fmin`` the number. Of equal operands the first is the result.
    """
    first, second = node.args
    for number, other in ((first, second), (second, first)):
        if not _never_nan(builder, number):
            continue
        fn = "lt" if (number == second) == (node.fn in ("max", "min")) else "le"
        takes_number = node.fn in ("max", "min")
        rising = (node.fn in ("max", "fmax")) == takes_number
        truth = TensorType(DType.BOOL, node.type.shape)
        sides = (other, number) if rising else (number, other)
        question = simplify_arithmetic(builder, replace(node, fn=fn, args=sides, type=truth))
        chosen = (number, other) if takes_number else (other, number)
        return _map(builder, node, "select", question, *chosen)
    return None


def _never_nan(builder: GraphBuilder, value: Value) -> bool:
    """Whether no element can be NaN: constants, and numbers made from integers and truths."""
    node = builder.node(value)
    if isinstance(node, View):
        node = builder.node(node.arg)
    if isinstance(node, Constant):
        return not np.isnan(constant_array(node)).any()
    return isinstance(node, Map) and node.fn == "cast" and not builder.type(node.args[0]).dtype.is_real


def _eq(builder: GraphBuilder, node: Map) -> Value | None:
    truth = _number_of_a_truth(builder, node)
    return None if truth is None else _map(builder, node, "not", truth)


def _ne(builder: GraphBuilder, node: Map) -> Value | None:
    return _number_of_a_truth(builder, node)


def _number_of_a_truth(builder: GraphBuilder, node: Map) -> Value | None:
    """The boolean whose number, 0 or 1, is compared with 0."""
    for one, other in (node.args, node.args[::-1]):
        number = _operand(builder, one, "cast")
        if number is not None and known_number(builder, other) == 0:
            return number.args[0] if builder.type(number.args[0]).dtype is DType.BOOL else None
    return None


def _cast(builder: GraphBuilder, node: Map) -> Value | None:
    source = builder.type(node.args[0]).dtype
    if source is node.type.dtype:
        return node.args[0]
    inner = _operand(builder, node.args[0], "cast")
    if inner is not None and node.type.dtype is DType.BOOL and builder.type(inner.args[0]).dtype is DType.BOOL:
        return inner.args[0]
    return None


_RULES = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "select": _select,
    "eq": _eq,
    "ne": _ne,
    "not": _not,
    "and": _and,
    "or": _or,
    "max": _extremum,
    "min": _extremum,
    "fmax": _extremum,
    "fmin": _extremum,
    "cast": _cast,
}

__all__ = ["known_number", "simplify_arithmetic"]
