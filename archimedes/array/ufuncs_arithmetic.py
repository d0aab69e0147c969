"""Arithmetic ufuncs: sums, products, quotients, remainders, signs, roundings."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import casadi as ca
import numpy as np

from archimedes.array.carrier import keep_apart
from archimedes.array.core import SymbolicArray
from archimedes.array.elementwise import (
    Emit,
    binary_node,
    binary_of,
    define,
    elementwise_operation,
    gives_common,
    gives_number,
    gives_real,
    is_nan,
    never_zero,
    number,
    operand,
    refuses_bool,
    select,
    unary,
    unary_node,
    whole,
)
from archimedes.array.elementwise_hooks import call_elementwise
from archimedes.array.promotion import BOOL
from archimedes.array.ufunc_table import UFUNCS

_LT, _EQ, _NE, _MUL, _SUB, _ADD = ca.OP_LT, ca.OP_EQ, ca.OP_NE, ca.OP_MUL, ca.OP_SUB, ca.OP_ADD


def _by_kind(real: Emit, integer: Emit, boolean: Emit | None = None) -> dict[str, Emit]:
    """What to build for each kind of result; integers have no negative zero."""
    table: dict[str, Emit] = {"f": real, "i": lambda *operands: whole(integer(*operands))}
    if boolean is not None:
        table["b"] = boolean
    return table


def _magnitude(a: ca.MX) -> ca.MX:
    # CasADi takes a square root for its own magnitude, but that of -0.0 is -0.0.
    return unary_node(ca.OP_FABS, keep_apart(a) if a.op() == ca.OP_SQRT else a)


def _inverse(a: ca.MX) -> ca.MX:
    return binary_node(ca.OP_DIV, number(1.0), a)


def _integer_inverse(a: ca.MX) -> ca.MX:
    """1 and -1 are their own inverses; those of larger integers round to 0."""
    one = number(1.0)
    return select(binary_node(_EQ, unary_node(ca.OP_FABS, a), one), a, number(0.0))


# Of two booleans NumPy's + is `or` and its * is `and`.
define("add", gives_common, {"f": binary_of(_ADD), "i": binary_of(_ADD), "b": binary_of(ca.OP_OR)})
define("multiply", gives_common, _by_kind(binary_of(_MUL), binary_of(_MUL), binary_of(ca.OP_AND)))
define("subtract", refuses_bool("subtract", "^ or np.logical_xor"), binary_of(_SUB))
define("divide", gives_real, binary_of(ca.OP_DIV))
define("negative", refuses_bool("negative", "~ or np.logical_not"), _by_kind(unary(ca.OP_NEG), unary(ca.OP_NEG)))
define("positive", refuses_bool("positive", "the array itself"), lambda a: a)
define("fabs", gives_real, _magnitude)
define("sign", refuses_bool("sign", ".astype(int)"), unary(ca.OP_SIGN))
define("copysign", gives_real, binary_of(ca.OP_COPYSIGN))
define("square", gives_number, lambda a: binary_node(_MUL, a, a))
define("deg2rad", gives_real, lambda a: binary_node(_MUL, a, number(np.pi / 180.0)))
define("rad2deg", gives_real, lambda a: binary_node(_MUL, a, number(180.0 / np.pi)))
define("reciprocal", refuses_bool("reciprocal", ".astype(float)"), {"f": _inverse, "i": _integer_inverse})
UFUNCS["true_divide"] = UFUNCS["divide"]
UFUNCS["radians"], UFUNCS["degrees"] = UFUNCS["deg2rad"], UFUNCS["rad2deg"]


def _absolute(a: Any) -> SymbolicArray:
    array, facts = operand(a)
    if facts.dtype == BOOL:
        return array
    return elementwise_operation(gives_common, _magnitude, (a,))


UFUNCS["absolute"] = UFUNCS["abs"] = _absolute


# --- rounding: integers and booleans are whole already -------------------------------------------------------


def _rounding(emit: Emit) -> Any:
    def ufunc(a: Any) -> SymbolicArray:
        array, facts = operand(a)
        if facts.dtype.kind != "f":
            return array
        return elementwise_operation(gives_common, emit, (a,))

    return ufunc


UFUNCS["floor"] = _rounding(unary(ca.OP_FLOOR))
UFUNCS["ceil"] = _rounding(unary(ca.OP_CEIL))
UFUNCS["trunc"] = UFUNCS["fix"] = _rounding(functools.partial(call_elementwise, "trunc"))
define("rint", gives_real, functools.partial(call_elementwise, "rint"))


# --- quotients rounded down, and their remainders ------------------------------------------------------------


def _modulo(a: ca.MX, b: ca.MX) -> ca.MX:
    """Python's remainder, with the sign of ``b``, as NumPy computes it: exact, from C's fmod."""
    rest = binary_node(ca.OP_FMOD, a, b)
    zero = number(0.0)
    wrong_sign = binary_node(_NE, binary_node(_LT, rest, zero), binary_node(_LT, b, zero))
    shifted = select(wrong_sign, binary_node(_ADD, rest, b), rest)
    return select(binary_node(_EQ, rest, zero), binary_node(ca.OP_COPYSIGN, zero, b), shifted)


def _floor_quotient(a: ca.MX, b: ca.MX) -> ca.MX:
    """The quotient rounded down such that ``q * b + modulo`` is ``a``: NumPy's steps."""
    zero, one = number(0.0), number(1.0)
    rest = binary_node(ca.OP_FMOD, a, b)
    whole = binary_node(ca.OP_DIV, binary_node(_SUB, a, rest), b)
    has_rest = binary_node(_NE, rest, zero)
    wrong_sign = binary_node(_NE, binary_node(_LT, rest, zero), binary_node(_LT, b, zero))
    whole = select(binary_node(ca.OP_AND, has_rest, wrong_sign), binary_node(_SUB, whole, one), whole)
    low = unary_node(ca.OP_FLOOR, whole)
    nearest = select(binary_node(_LT, number(0.5), binary_node(_SUB, whole, low)), binary_node(_ADD, low, one), low)
    quotient = binary_node(ca.OP_DIV, a, b)
    signed_zero = binary_node(ca.OP_COPYSIGN, zero, quotient)
    result = select(binary_node(_EQ, whole, zero), signed_zero, nearest)
    return result if never_zero(b) else select(binary_node(_EQ, b, zero), quotient, result)


def _unless_zero(b: ca.MX, result_for: Callable[[ca.MX], ca.MX]) -> ca.MX:
    """The result for a divisor; 0 where the divisor is 0, as NumPy's integers have it."""
    if never_zero(b):
        return result_for(b)
    is_zero = binary_node(_EQ, b, number(0.0))
    return select(is_zero, number(0.0), result_for(select(is_zero, number(1.0), b)))


def _integer_quotient(a: ca.MX, b: ca.MX) -> ca.MX:
    """Of integers held as reals: the rounded real quotient lies on the right side of every integer below 2**53
    (float64) or 2**24 (float32).
    """
    return _unless_zero(b, lambda divisor: unary_node(ca.OP_FLOOR, binary_node(ca.OP_DIV, a, divisor)))


def _integer_modulo(a: ca.MX, b: ca.MX) -> ca.MX:
    def remainder(divisor: ca.MX) -> ca.MX:
        rest = binary_node(ca.OP_FMOD, a, divisor)
        wrong_sign = binary_node(_LT, binary_node(_MUL, unary_node(ca.OP_SIGN, rest), divisor), number(0.0))
        return select(wrong_sign, binary_node(_ADD, rest, divisor), rest)

    return _unless_zero(b, remainder)


def _integer_fmod(a: ca.MX, b: ca.MX) -> ca.MX:
    return _unless_zero(b, lambda divisor: binary_node(ca.OP_FMOD, a, divisor))


define("floor_divide", gives_number, _by_kind(_floor_quotient, _integer_quotient))
define("remainder", gives_number, _by_kind(_modulo, _integer_modulo))
define("fmod", gives_number, _by_kind(binary_of(ca.OP_FMOD), _integer_fmod))
UFUNCS["mod"] = UFUNCS["remainder"]


def _divmod(a: Any, b: Any) -> tuple[SymbolicArray, SymbolicArray]:
    return UFUNCS["floor_divide"](a, b), UFUNCS["remainder"](a, b)


UFUNCS["divmod"] = _divmod


def _modf(a: Any) -> tuple[SymbolicArray, SymbolicArray]:
    whole = UFUNCS["trunc"](a)
    rest = UFUNCS["subtract"](a, whole)
    finite = UFUNCS["where"](UFUNCS["isinf"](a), 0.0, rest)
    return UFUNCS["copysign"](finite, a), UFUNCS["multiply"](whole, 1.0)


UFUNCS["modf"] = _modf


# --- extrema -------------------------------------------------------------------------------------------------


def _ignoring_nan(op: int) -> Emit:
    """NumPy's fmax and fmin: of a number and NaN, the number."""

    def emit(a: ca.MX, b: ca.MX) -> ca.MX:
        return select(is_nan(b), a, select(is_nan(a), b, binary_node(op, a, b)))

    return emit


define("maximum", gives_common, binary_of(ca.OP_FMAX))
define("minimum", gives_common, binary_of(ca.OP_FMIN))
define("fmax", gives_common, _ignoring_nan(ca.OP_FMAX))
define("fmin", gives_common, _ignoring_nan(ca.OP_FMIN))


def _clip(a: Any, low: Any = None, high: Any = None) -> SymbolicArray:
    result = a
    if low is not None:
        result = UFUNCS["maximum"](result, low)
    return UFUNCS["minimum"](result, high) if high is not None else operand(result)[0]


UFUNCS["clip"] = _clip


def _invert(a: Any) -> SymbolicArray:
    array, facts = operand(a)
    if facts.dtype == BOOL:
        return elementwise_operation(gives_common, unary(ca.OP_NOT), (a,))
    if facts.dtype.kind == "f":
        return _refuse_bits("invert", array)
    minus_one = functools.partial(binary_node, _SUB)
    return elementwise_operation(gives_common, lambda x: minus_one(unary_node(ca.OP_NEG, x), number(1.0)), (a,))


def _refuse_bits(name: str, array: SymbolicArray) -> SymbolicArray:
    from archimedes.array.errors import located
    from archimedes.errors import ArcTypeError

    raise located(
        ArcTypeError,
        f"np.{name} of {array.dtype} values: bits of traced numbers cannot be combined",
        code="ARC124",
        hint="use comparisons and np.logical_* on booleans",
    )


UFUNCS["invert"] = UFUNCS["bitwise_not"] = _invert


def _bitwise(name: str, op: int) -> Any:
    def ufunc(a: Any, b: Any) -> SymbolicArray:
        for array, facts in (operand(a), operand(b)):
            if facts.dtype != BOOL:
                return _refuse_bits(name, array)
        return elementwise_operation(gives_common, binary_of(op), (a, b))

    return ufunc


UFUNCS["bitwise_and"] = _bitwise("bitwise_and", ca.OP_AND)
UFUNCS["bitwise_or"] = _bitwise("bitwise_or", ca.OP_OR)
UFUNCS["bitwise_xor"] = _bitwise("bitwise_xor", _NE)
