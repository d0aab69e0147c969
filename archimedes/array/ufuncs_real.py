"""Functions of real numbers: exponentials, logarithms, trigonometric and hyperbolic functions, norms of pairs."""

from __future__ import annotations

import functools
from typing import Final

import casadi as ca

from archimedes.array.carrier import keep_apart
from archimedes.array.elementwise import (
    binary_node,
    binary_of,
    define,
    gives_real,
    never_zero,
    number,
    select,
    unary,
    unary_node,
)
from archimedes.array.elementwise_hooks import call_elementwise
from archimedes.array.ufunc_table import UFUNCS

_NODES: Final = {
    "sqrt": ca.OP_SQRT,
    "exp": ca.OP_EXP,
    "expm1": ca.OP_EXPM1,
    "log1p": ca.OP_LOG1P,
    "sin": ca.OP_SIN,
    "cos": ca.OP_COS,
    "tan": ca.OP_TAN,
    "arcsin": ca.OP_ASIN,
    "arccos": ca.OP_ACOS,
    "arctan": ca.OP_ATAN,
    "sinh": ca.OP_SINH,
    "cosh": ca.OP_COSH,
    "tanh": ca.OP_TANH,
    "arcsinh": ca.OP_ASINH,
    "arccosh": ca.OP_ACOSH,
    "arctanh": ca.OP_ATANH,
    "erf": ca.OP_ERF,
}

for _name, _op in _NODES.items():
    define(_name, gives_real, unary(_op))
for _name in ("exp2", "log2", "log10", "cbrt"):
    define(_name, gives_real, functools.partial(call_elementwise, _name))
define("arctan2", gives_real, binary_of(ca.OP_ATAN2))

_ARRAY_API_NAMES: Final = {
    "acos": "arccos",
    "acosh": "arccosh",
    "asin": "arcsin",
    "asinh": "arcsinh",
    "atan": "arctan",
    "atan2": "arctan2",
    "atanh": "arctanh",
}
for _new, _old in _ARRAY_API_NAMES.items():
    UFUNCS[_new] = UFUNCS[_old]


def _log(a: ca.MX) -> ca.MX:
    # CasADi turns the logarithm of an exponential node into its operand, with simplification off as well.
    return unary_node(ca.OP_LOG, keep_apart(a) if a.op() == ca.OP_EXP else a)


define("log", gives_real, _log)


def _hypot(a: ca.MX, b: ca.MX) -> ca.MX:
    """Length of (a, b); the derivative at the origin, where the rule divides zero by zero, is 0."""
    if never_zero(a) or never_zero(b):
        return binary_node(ca.OP_HYPOT, a, b)
    zero = number(0.0)
    origin = binary_node(ca.OP_AND, binary_node(ca.OP_EQ, a, zero), binary_node(ca.OP_EQ, b, zero))
    length = binary_node(ca.OP_HYPOT, select(origin, number(1.0), a), b)
    return select(origin, zero, length)


define("hypot", gives_real, _hypot)


def _logaddexp(a: ca.MX, b: ca.MX) -> ca.MX:
    """log(exp(a) + exp(b)) without overflow: the larger, plus log1p of a number up to 1.

    Choosing sides by one comparison, not by extrema, keeps first and second derivatives right where a equals b.
    """
    a_larger = binary_node(ca.OP_LE, b, a)
    high, low = select(a_larger, a, b), select(a_larger, b, a)
    same_infinity = binary_node(
        ca.OP_AND,
        binary_node(ca.OP_EQ, a, b),
        binary_node(ca.OP_EQ, unary_node(ca.OP_FABS, a), number(float("inf"))),
    )
    gap = select(same_infinity, number(0.0), binary_node(ca.OP_SUB, low, high))
    return binary_node(ca.OP_ADD, high, unary_node(ca.OP_LOG1P, unary_node(ca.OP_EXP, gap)))


define("logaddexp", gives_real, _logaddexp)


def _expit(a: ca.MX) -> ca.MX:
    """1 / (1 + exp(-a)); only exponentials of negative numbers, so that neither value nor derivative overflows."""
    positive = binary_node(ca.OP_LE, number(0.0), a)
    shrunk = unary_node(ca.OP_EXP, select(positive, unary_node(ca.OP_NEG, a), a))
    numerator = select(positive, number(1.0), shrunk)
    return binary_node(ca.OP_DIV, numerator, binary_node(ca.OP_ADD, shrunk, number(1.0)))


define("expit", gives_real, _expit)
