"""CasADi's scalar operations, by name, on values of the graph IR: one table for SX and MX alike."""

from __future__ import annotations

import math
from collections.abc import Callable

import casadi as ca
from arc_codegen.ir.graph import Value
from arc_codegen.ir.types import DType

from archimedes.lower.doublings import double, subtract
from archimedes.lower.emitter import Emitter

OP_NAMES: dict[int, str] = {getattr(ca, name): name[3:] for name in dir(ca) if name.startswith("OP_")}
"""Operation code -> name. The codes move between versions of CasADi; the names do not."""

_DIRECT = {
    "MUL": "mul",
    "DIV": "div",
    "NEG": "neg",
    "EXP": "exp",
    "LOG": "log",
    "SQRT": "sqrt",
    "SIN": "sin",
    "COS": "cos",
    "TAN": "tan",
    "ASIN": "asin",
    "ACOS": "acos",
    "ATAN": "atan",
    "SINH": "sinh",
    "COSH": "cosh",
    "TANH": "tanh",
    "ASINH": "asinh",
    "ACOSH": "acosh",
    "ATANH": "atanh",
    "ATAN2": "atan2",
    "FLOOR": "floor",
    "CEIL": "ceil",
    "FMOD": "fmod",
    "REMAINDER": "remainder",
    "FABS": "abs",
    "SIGN": "sign",
    "COPYSIGN": "copysign",
    "ERF": "erf",
    "LOG1P": "log1p",
    "EXPM1": "expm1",
    "HYPOT": "hypot",
    "FMIN": "min",
    "FMAX": "max",
}


_WINITZKI = 0.147
"""The constant a of Winitzki's approximation of the inverse error function."""


def _power(emit: Emitter, base: Value, exponent: Value) -> Value:
    return emit.map("pow", base, exponent)


def _erfinv(emit: Emitter, y: Value) -> Value:
    """Inverse error function: the closed form of Winitzki (2008) refined by Newton steps on erf.

    Nothing in NumPy traces to it; it is here because CasADi's graphs can hold it. The start has a relative error
    below 2e-3 and each step squares it, so three reach float64.
    """
    one, zero = emit.constant(1.0), emit.constant(0.0)
    shape_constant = emit.constant(_WINITZKI)
    logarithm = emit.map("log", emit.map("mul", emit.map("sub", one, y), emit.map("add", one, y)))
    half_log = emit.map("mul", emit.constant(0.5), logarithm)
    t = emit.map("add", emit.constant(2.0 / (math.pi * _WINITZKI)), half_log)
    radicand = emit.map("sub", emit.map("mul", t, t), emit.map("div", logarithm, shape_constant))
    square = emit.map("max", emit.map("sub", emit.map("sqrt", radicand), t), zero)
    x = emit.map("copysign", emit.map("sqrt", square), y)
    for _ in range(3):
        residual = emit.map("sub", emit.map("erf", x), y)
        slope = emit.map("mul", emit.constant(math.sqrt(math.pi) / 2), emit.map("exp", emit.map("mul", x, x)))
        x = emit.map("sub", x, emit.map("mul", residual, slope))
    edge = emit.map("eq", emit.map("abs", y), one, dtype=DType.BOOL)
    return emit.select(edge, emit.map("copysign", emit.constant(math.inf), y), x)


_RULES: dict[str, Callable[..., Value]] = {
    "ADD": lambda emit, a, b: emit.add(a, b) if a != b else double(emit, a),
    "SUB": subtract,
    "POW": _power,
    "CONSTPOW": _power,
    "SQ": lambda emit, a: emit.map("mul", a, a),
    "TWICE": double,
    "INV": lambda emit, a: emit.map("div", emit.constant(1.0), a),
    "LT": lambda emit, a, b: emit.compare("lt", a, b),
    "LE": lambda emit, a, b: emit.compare("le", a, b),
    "EQ": lambda emit, a, b: emit.compare("eq", a, b),
    "NE": lambda emit, a, b: emit.compare("ne", a, b),
    "NOT": lambda emit, a: emit.logical("not", a),
    "AND": lambda emit, a, b: emit.logical("and", a, b),
    "OR": lambda emit, a, b: emit.logical("or", a, b),
    "IF_ELSE_ZERO": lambda emit, c, a: emit.if_else_zero(c, a),
    "ASSIGN": lambda emit, a: a,
    "LIFT": lambda emit, a, _b: a,
    "ERFINV": _erfinv,
}


def is_scalar_op(name: str) -> bool:
    """Whether the operation works element by element and has a lowering."""
    return name in _DIRECT or name in _RULES


def lower_scalar_op(emit: Emitter, name: str, args: list[Value]) -> Value:
    """The operation ``OP_<name>`` on values of one shape, or shape ()."""
    direct = _DIRECT.get(name)
    if direct is not None:
        return emit.map(direct, *args)
    return _RULES[name](emit, *args)
