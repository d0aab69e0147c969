"""Element-by-element operations: operands, broadcasting, types and the node, in one place.

A ufunc is a rule for the type of its result and a function that builds its nodes from operands that are matrices
of the result's shape, or 1 x 1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

import casadi as ca
import numpy as np

from archimedes.array.carrier import binary, constant, scalar_constant, shaped, zero_of_an_array
from archimedes.array.construct import computed, made
from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.primitives import aligned, as_symbolic, broadcast_shape, operand_of
from archimedes.array.promotion import (
    BOOL,
    FLOAT64,
    INT64,
    DType,
    Operand,
    common_type,
    constant_type,
    real_type,
)
from archimedes.array.storage import Storage
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError

Rule: TypeAlias = Callable[[list[Operand]], DType]
"""Type of the result from the operands."""

Emit: TypeAlias = Callable[..., ca.MX]
"""Matrices of the operands -> matrix of the result."""

_ADD, _MUL, _NOT, _IF = ca.OP_ADD, ca.OP_MUL, ca.OP_NOT, ca.OP_IF_ELSE_ZERO
unary_node = ca.MX.unary
binary_node = binary

_PYTHON_TYPES = {float: FLOAT64, int: INT64, bool: BOOL}


def operand(value: Any) -> tuple[SymbolicArray, Operand]:
    """A value as a traced array, and what promotion needs to know of it."""
    if type(value) is SymbolicArray:
        return value, Operand(value.dtype)
    kind = type(value)
    if kind in _PYTHON_TYPES:
        dtype = constant_type(_PYTHON_TYPES[kind])
        mx = scalar_constant(float(value))
        array = SymbolicArray(Storage(mx, 1), None, (), dtype, held=mx)
        return array, Operand(dtype, weak=True, value=value)
    if isinstance(value, np.floating) and value == 0:
        mx = zero_of_an_array(bool(np.signbit(value)))
        array = SymbolicArray(Storage(mx, 1), None, (), constant_type(FLOAT64), held=mx)
    else:
        array = as_symbolic(value)
    return array, operand_of(value, array)


def elementwise_operation(rule: Rule, emit: Emit | Mapping[str, Emit], args: tuple[Any, ...]) -> SymbolicArray:
    """Apply one operation: convert, promote, broadcast, emit; what is emitted may depend on the kind of the result."""
    pairs = [operand(value) for value in args]
    dtype = rule([facts for _, facts in pairs])
    shapes = [array._shape for array, _ in pairs]
    shape = shapes[0]
    if any(other != shape for other in shapes):
        shape = broadcast_shape(shapes)
    if 0 in shape:
        return SymbolicArray(Storage(constant(np.zeros(shape)), 0), None, shape, dtype)
    build = emit[dtype.kind] if isinstance(emit, Mapping) else emit
    result = build(*[aligned(array, shape) for array, _ in pairs])
    size = math.prod(shape)
    if size != 1 == result.numel():  # operands that do not enter the result, as in x**0, still set its shape
        return made(shaped(result, 1, 1).nz[[0] * size], shape, dtype)
    ordered = all(array.in_c_order for array, _ in pairs)
    return computed(result, shape, dtype, in_c_order=ordered)


def define(name: str, rule: Rule, emit: Emit | Mapping[str, Emit]) -> None:
    """Enter a ufunc of this name into the table."""

    def ufunc(*args: Any) -> SymbolicArray:
        return elementwise_operation(rule, emit, args)

    ufunc.__name__ = name
    UFUNCS[name] = ufunc


# --- rules ----------------------------------------------------------------------------------------------------------


def gives_bool(operands: list[Operand]) -> DType:
    """Comparisons and logic; the operands must still have one real type."""
    if any(facts.dtype.kind == "f" for facts in operands):
        real_type(operands)
    return BOOL


def gives_real(operands: list[Operand]) -> DType:
    """Functions of real numbers: integers and booleans become real."""
    return real_type(operands)


def gives_common(operands: list[Operand]) -> DType:
    """Functions that exist for every type."""
    return common_type(operands)


def gives_number(operands: list[Operand]) -> DType:
    """Functions for which NumPy counts booleans as small integers."""
    dtype = common_type(operands)
    return INT64 if dtype == BOOL else dtype


def refuses_bool(name: str, instead: str) -> Rule:
    """`gives_common`, but two booleans are an error, as in NumPy."""

    def rule(operands: list[Operand]) -> DType:
        dtype = common_type(operands)
        if dtype == BOOL:
            raise located(ArcTypeError, f"np.{name} of booleans", code="ARC123", hint=f"use {instead}")
        return dtype

    return rule


# --- nodes that several ufuncs are built of ---------------------------------------------------------------------------


def unary(op: int) -> Emit:
    """One unary node."""
    return lambda a: unary_node(op, a)


def binary_of(op: int) -> Emit:
    """One binary node."""
    return lambda a, b: binary_node(op, a, b)


def select(condition: ca.MX, a: ca.MX, b: ca.MX) -> ca.MX:
    """``a`` where the condition (0 or 1) holds, else ``b``.

    The nodes are those of ``ca.if_else``: ADD(IF_ELSE_ZERO(c, a), IF_ELSE_ZERO(NOT(c), b)). Their derivative rules
    pass the mask on, so nothing of the side not chosen reaches a derivative. Lowering rebuilds the pair to one select,
    since the sum loses the sign of -0.0. Of a constant zero under a constant condition only the second term is left.
    """
    return binary_node(_ADD, ca.MX.binary(_IF, condition, a), ca.MX.binary(_IF, unary_node(_NOT, condition), b))


def is_number(a: ca.MX) -> ca.MX:
    """Whether an element is not NaN. Not by ``a == a``, which CasADi folds when it differentiates."""
    return binary_node(ca.OP_LE, a, number(float("inf")))


def is_nan(a: ca.MX) -> ca.MX:
    """Whether an element is NaN."""
    return unary_node(_NOT, is_number(a))


def never_zero(a: ca.MX) -> bool:
    """Whether an operand is a constant without zeros, so that no code need ask."""
    return a.is_constant() and bool(np.all(a.to_DM().full() != 0.0))


def number(value: float) -> ca.MX:
    """A constant operand."""
    return scalar_constant(value)


def whole(a: ca.MX) -> ca.MX:
    """An integer result: there is no negative zero among integers, so that ``1 / (0 * -1)`` is NumPy's inf."""
    return binary_node(_ADD, a, number(0.0))


def truth(a: ca.MX, facts: DType) -> ca.MX:
    """``a != 0``; ``a`` itself if it is boolean."""
    return a if facts == BOOL else binary_node(ca.OP_NE, a, number(0.0))
