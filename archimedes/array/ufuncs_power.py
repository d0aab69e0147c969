"""Powers: small whole exponents become products, a half a square root, the rest CasADi's power."""

from __future__ import annotations

from typing import Any, Final

import casadi as ca
import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.elementwise import (
    Emit,
    binary_node,
    binary_of,
    elementwise_operation,
    gives_number,
    number,
    operand,
    select,
    unary_node,
)
from archimedes.array.errors import located
from archimedes.array.promotion import Operand
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError, ArcValueError

LARGEST_PRODUCT_EXPONENT: Final = 16
"""Whole exponents up to this size become products by repeated squaring: at most 8 multiplications, and an error of
at most 16 roundings, as against a call of ``pow``."""


def _product_power(base: ca.MX, exponent: int) -> ca.MX:
    """``base ** exponent`` for a whole exponent that is not negative, by repeated squaring."""
    if exponent == 0:
        return number(1.0)  # of NaN as well
    while exponent % 2 == 0:
        base, exponent = binary_node(ca.OP_MUL, base, base), exponent // 2
    result = square = base
    while exponent := exponent // 2:
        square = binary_node(ca.OP_MUL, square, square)
        if exponent % 2:
            result = binary_node(ca.OP_MUL, result, square)
    return result


def _scalar_power(exponent: float) -> Emit:
    if exponent == 0.5:
        return lambda a: unary_node(ca.OP_SQRT, a)
    if exponent == int(exponent) and abs(exponent) <= LARGEST_PRODUCT_EXPONENT:
        whole = int(exponent)
        if whole >= 0:
            return lambda a: _product_power(a, whole)
        return lambda a: binary_node(ca.OP_DIV, number(1.0), _product_power(a, -whole))
    return lambda a: binary_node(ca.OP_POW, a, number(exponent))


def _power(a: Any, b: Any) -> SymbolicArray:
    exponent = _known(b)
    base = operand(a)[1]
    if exponent is None:
        return _traced_exponent(a, b, base, operand(b)[1])
    whole = exponent.dtype.kind in "iub"
    if whole and base.dtype.kind != "f" and np.any(exponent < 0):
        raise located(
            ArcValueError,
            "integers to negative integer powers",
            code="ARC125",
            hint="make the base real: x.astype(float) ** n",
        )
    if exponent.ndim == 0 and np.isfinite(exponent):
        return _typed(a, b, _scalar_power(float(exponent)))
    small = np.isfinite(exponent) & (np.abs(exponent) <= LARGEST_PRODUCT_EXPONENT)
    if exponent.size and np.all(small) and np.all(exponent == np.floor(exponent)):
        return _power_of_each(a, exponent.astype(np.int64), b)
    return elementwise_operation(gives_number, binary_of(ca.OP_POW), (a, b))


def _known(value: Any) -> np.ndarray[Any, Any] | None:
    """The exponent as an array of numbers; None if it is traced."""
    if isinstance(value, SymbolicArray):
        return None
    array = np.asarray(value)
    return array if array.dtype.kind in "fiub" else None


def _typed(a: Any, b: Any, emit: Emit) -> SymbolicArray:
    """One operand, but the type (and shape) of an operation of two."""
    return elementwise_operation(gives_number, lambda base, _: emit(base), (a, b))


def _traced_exponent(a: Any, b: Any, base: Operand, exponent: Operand) -> SymbolicArray:
    if base.dtype.kind != "f" and exponent.dtype.kind == "i":
        raise located(
            ArcTypeError,
            "an integer to a traced integer power: it has no integer value where the exponent is negative",
            code="ARC126",
            hint="make the base real: x.astype(float) ** n",
        )
    bases = _known(a)
    has_zero = bases is not None and np.any((bases == 0) & ~np.signbit(bases))
    emit = _power_of_constant_zero if has_zero else binary_of(ca.OP_POW)
    return elementwise_operation(gives_number, emit, (a, b))


def _power_of_constant_zero(base: ca.MX, exponent: ca.MX) -> ca.MX:
    """Constants, some of them 0, to traced powers: CasADi's derivative would be ``log(0) * 0``, NaN, where it is 0."""
    zero, one = number(0.0), number(1.0)
    negative, infinity = binary_node(ca.OP_LT, exponent, zero), number(float("inf"))
    of_zero = select(binary_node(ca.OP_EQ, exponent, zero), one, select(negative, infinity, exponent))
    at_zero = select(binary_node(ca.OP_LT, zero, exponent), zero, of_zero)
    is_zero = binary_node(ca.OP_EQ, base, zero)
    return select(is_zero, at_zero, binary_node(ca.OP_POW, select(is_zero, one, base), exponent))


def _power_of_each(a: Any, exponents: np.ndarray[Any, Any], b: Any) -> SymbolicArray:
    """Whole exponents that differ by element, as in ``x[:, None] ** np.arange(4)``.

    Repeated squaring with constant masks: CasADi's power has the derivative ``0 * 0**-1``, NaN, at 0 for exponent 0.
    """
    result: SymbolicArray | None = None
    square, bits = a, np.abs(exponents)
    while True:
        taken = (bits & 1).astype(bool)
        if result is None:
            result = UFUNCS["where"](taken, square, 1)
        elif np.any(taken):
            result = UFUNCS["multiply"](result, UFUNCS["where"](taken, square, 1))
        bits = bits >> 1
        if not np.any(bits):
            break
        square = UFUNCS["multiply"](square, square)
    negative = exponents < 0
    if np.any(negative):
        inverse = UFUNCS["divide"](1.0, result)
        result = inverse if np.all(negative) else UFUNCS["where"](negative, inverse, result)
    return elementwise_operation(gives_number, lambda x, _: x, (result, b))


UFUNCS["power"] = UFUNCS["pow"] = _power
UFUNCS["float_power"] = lambda a, b: _power(UFUNCS["multiply"](a, 1.0), b)
