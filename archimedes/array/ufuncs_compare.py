"""Comparisons, logic, choice, and the questions whether a number is finite."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.elementwise import (
    Emit,
    binary_node,
    binary_of,
    define,
    elementwise_operation,
    gives_bool,
    gives_real,
    is_nan,
    is_number,
    number,
    operand,
    select,
    truth,
    unary_node,
)
from archimedes.array.promotion import DType, Operand, common_type
from archimedes.array.ufunc_table import UFUNCS

define("less", gives_bool, binary_of(ca.OP_LT))
define("less_equal", gives_bool, binary_of(ca.OP_LE))
define("greater", gives_bool, lambda a, b: binary_node(ca.OP_LT, b, a))
define("greater_equal", gives_bool, lambda a, b: binary_node(ca.OP_LE, b, a))
# A comparison of a value with itself asks for NaN.
define("equal", gives_bool, lambda a, b: is_number(a) if _same(a, b) else binary_node(ca.OP_EQ, a, b))
define("not_equal", gives_bool, lambda a, b: is_nan(a) if _same(a, b) else binary_node(ca.OP_NE, a, b))


def _same(a: ca.MX, b: ca.MX) -> bool:
    return a.__hash__() == b.__hash__()


def _logical(emit: Callable[..., ca.MX]) -> Callable[..., SymbolicArray]:
    def ufunc(*args: Any) -> SymbolicArray:
        types = [operand(value)[1].dtype for value in args]

        def of_truths(*values: ca.MX) -> ca.MX:
            return emit(*(truth(value, dtype) for value, dtype in zip(values, types, strict=True)))

        return elementwise_operation(gives_bool, of_truths, args)

    return ufunc


UFUNCS["logical_and"] = _logical(binary_of(ca.OP_AND))
UFUNCS["logical_or"] = _logical(binary_of(ca.OP_OR))
UFUNCS["logical_xor"] = _logical(binary_of(ca.OP_NE))
UFUNCS["logical_not"] = _logical(lambda a: unary_node(ca.OP_NOT, a))


def _where(condition: Any, a: Any, b: Any) -> SymbolicArray:
    mask = operand(condition)[1].dtype

    def rule(operands: list[Operand]) -> DType:
        return common_type(operands[1:])

    def emit(c: ca.MX, x: ca.MX, y: ca.MX) -> ca.MX:
        return select(truth(c, mask), x, y)

    return elementwise_operation(rule, emit, (condition, a, b))


UFUNCS["where"] = _where


def _real_question(emit: Emit, *, of_integers: bool) -> Callable[[Any], SymbolicArray]:
    def ufunc(a: Any) -> SymbolicArray:
        array, facts = operand(a)
        if facts.dtype.kind != "f":
            return operand(np.full(array.shape, of_integers))[0]
        return elementwise_operation(gives_bool, emit, (a,))

    return ufunc


def _magnitude(a: ca.MX) -> ca.MX:
    return unary_node(ca.OP_FABS, a)


_INF = float("inf")
UFUNCS["isnan"] = _real_question(is_nan, of_integers=False)
UFUNCS["isinf"] = _real_question(lambda a: binary_node(ca.OP_EQ, _magnitude(a), number(_INF)), of_integers=False)
UFUNCS["isfinite"] = _real_question(lambda a: binary_node(ca.OP_LT, _magnitude(a), number(_INF)), of_integers=True)
# The sign of zero is seen by copysign only.
UFUNCS["signbit"] = _real_question(
    lambda a: binary_node(ca.OP_LT, binary_node(ca.OP_COPYSIGN, number(1.0), a), number(0.0)), of_integers=False
)


def _heaviside(a: ca.MX, at_zero: ca.MX) -> ca.MX:
    zero = number(0.0)
    step = select(binary_node(ca.OP_LT, zero, a), number(1.0), select(binary_node(ca.OP_LT, a, zero), zero, a))
    return select(binary_node(ca.OP_EQ, a, zero), at_zero, step)


define("heaviside", gives_real, _heaviside)
