"""Running error of NumPy's universal functions: bounds on slopes and bends, thresholds, complex steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special
from strategies.running_error import (
    LIBM_ULPS,
    UFUNCS,
    Array,
    Bounded,
    U,
    UncertainError,
    chosen,
    distance,
    hull,
    magnitude,
    require,
    smooth,
    with_kinks,
    without_slope,
)

Curve = Callable[[Array, Array, Array, Array], Any]
"""A bound on the hull from its lower and upper end, its largest and smallest magnitude."""


# --- functions of one operand: |f'| and |f''| on the hull ------------------------------------------------------------


def _tan_slope(lo: Array, hi: Array, m: Array, s: Array) -> Array:
    near_pole = np.minimum(np.abs(np.cos(lo)), np.abs(np.cos(hi))) < 0.05 + (hi - lo)
    return np.where(near_pole, np.inf, 1 + np.maximum(np.abs(np.tan(lo)), np.abs(np.tan(hi))) ** 2)


def _above(lo: Array, bound: float, slope: Array) -> Array:
    """A slope that holds above a pole or the end of the domain."""
    return np.where(lo > bound, slope, np.inf)


_LN2, _LN10, _DEGREE = np.log(2.0), np.log(10.0), np.pi / 180
_CURVES: dict[str, tuple[Curve, Curve]] = {
    "negative": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 0.0),
    "positive": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 0.0),
    "deg2rad": (lambda lo, hi, m, s: _DEGREE, lambda lo, hi, m, s: 0.0),
    "rad2deg": (lambda lo, hi, m, s: 1 / _DEGREE, lambda lo, hi, m, s: 0.0),
    "square": (lambda lo, hi, m, s: 2 * m, lambda lo, hi, m, s: 2.0),
    "reciprocal": (lambda lo, hi, m, s: s**-2.0, lambda lo, hi, m, s: 2 * s**-3.0),
    "sqrt": (lambda lo, hi, m, s: _above(lo, 0, 0.5 * s**-0.5), lambda lo, hi, m, s: 0.25 * s**-1.5),
    "cbrt": (lambda lo, hi, m, s: s ** (-2 / 3) / 3, lambda lo, hi, m, s: 2 / 9 * s ** (-5 / 3)),
    "exp": (lambda lo, hi, m, s: np.exp(hi), lambda lo, hi, m, s: np.exp(hi)),
    "expm1": (lambda lo, hi, m, s: np.exp(hi), lambda lo, hi, m, s: np.exp(hi)),
    "exp2": (lambda lo, hi, m, s: _LN2 * np.exp2(hi), lambda lo, hi, m, s: np.exp2(hi)),
    "log": (lambda lo, hi, m, s: _above(lo, 0, 1 / s), lambda lo, hi, m, s: s**-2.0),
    "log2": (lambda lo, hi, m, s: _above(lo, 0, 1 / (s * _LN2)), lambda lo, hi, m, s: s**-2.0 / _LN2),
    "log10": (lambda lo, hi, m, s: _above(lo, 0, 1 / (s * _LN10)), lambda lo, hi, m, s: s**-2.0 / _LN10),
    "log1p": (lambda lo, hi, m, s: _above(lo, -1, 1 / (1 + lo)), lambda lo, hi, m, s: (1 + lo) ** -2.0),
    "sin": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 1.0),
    "cos": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 1.0),
    "tan": (_tan_slope, lambda lo, hi, m, s: 2 * _tan_slope(lo, hi, m, s) ** 1.5),
    "arcsin": (lambda lo, hi, m, s: _above(1 - m, 0, (1 - m**2) ** -0.5), lambda lo, hi, m, s: m * (1 - m**2) ** -1.5),
    "arccos": (lambda lo, hi, m, s: _above(1 - m, 0, (1 - m**2) ** -0.5), lambda lo, hi, m, s: m * (1 - m**2) ** -1.5),
    "arctan": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 1.0),
    "sinh": (lambda lo, hi, m, s: np.cosh(m), lambda lo, hi, m, s: np.cosh(m)),
    "cosh": (lambda lo, hi, m, s: np.cosh(m), lambda lo, hi, m, s: np.cosh(m)),
    "tanh": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 1.0),
    "arcsinh": (lambda lo, hi, m, s: 1.0, lambda lo, hi, m, s: 1.0),
    "arccosh": (lambda lo, hi, m, s: _above(lo, 1, (s**2 - 1) ** -0.5), lambda lo, hi, m, s: m * (s**2 - 1) ** -1.5),
    "arctanh": (
        lambda lo, hi, m, s: _above(1 - m, 0, 1 / (1 - m**2)),
        lambda lo, hi, m, s: 2 * m * (1 - m**2) ** -2.0,
    ),
    "erf": (lambda lo, hi, m, s: 2 / np.sqrt(np.pi), lambda lo, hi, m, s: 1.0),
    "expit": (lambda lo, hi, m, s: 0.25, lambda lo, hi, m, s: 0.1),
}
_ULPS = {
    "negative": 0.0,
    "positive": 0.0,
    "square": 0.5,
    "reciprocal": 0.5,
    "sqrt": 0.5,
    "deg2rad": 2.0,
    "rad2deg": 2.0,
}


def _cauchy_riemann(f: Callable[[Any], Any], slope: Callable[[Any], Any]) -> Callable[[Array], Array]:
    """The complex step of a function that NumPy does not have in the complex plane: ``f(x) + i f'(x) y``."""
    return lambda z: f(z.real) + 1j * (slope(z.real) * z.imag)


_STEPPED: dict[str, Callable[[Array], Array]] = {
    "deg2rad": lambda z: z * _DEGREE,
    "rad2deg": lambda z: z / _DEGREE,
    "cbrt": _cauchy_riemann(np.cbrt, lambda x: 1 / (3 * np.cbrt(x) ** 2)),
    "erf": _cauchy_riemann(special.erf, lambda x: 2 / np.sqrt(np.pi) * np.exp(-x * x)),
    "expit": lambda z: 1 / (1 + np.exp(-z)),
}


def _unary(name: str) -> Callable[[Bounded], Bounded]:
    ufunc = getattr(np, name, None) or getattr(special, name)
    slope, bend = _CURVES[name]
    stepped = _STEPPED.get(name, ufunc)

    def rule(x: Bounded) -> Bounded:
        value = ufunc(x.value)
        if value.dtype.kind != "f":
            return without_slope(value)
        with np.errstate(all="ignore"):
            ends = (*hull(x), magnitude(x), distance(x))
            return smooth(
                value, [x], [slope(*ends)], [[bend(*ends)]], stepped(x.stepped), ulps=_ULPS.get(name, LIBM_ULPS)
            )

    return rule


for _name in _CURVES:
    UFUNCS[_name] = _unary(_name)
UFUNCS["radians"], UFUNCS["degrees"] = UFUNCS["deg2rad"], UFUNCS["rad2deg"]


def _absolute(x: Bounded) -> Bounded:
    sign = np.where(x.stepped.real < 0, -1.0, 1.0)
    result = Bounded(np.abs(x.value), x.error, x.paths, x.slope_error, sign * x.stepped)
    return with_kinks(result, distance(x) == 0)


UFUNCS["absolute"] = UFUNCS["fabs"] = _absolute


# --- arithmetic of two operands --------------------------------------------------------------------------------------


def _add(x: Bounded, y: Bounded) -> Bounded:
    return smooth(x.value + y.value, [x, y], [1.0, 1.0], [[0.0, 0.0]] * 2, x.stepped + y.stepped)


def _subtract(x: Bounded, y: Bounded) -> Bounded:
    return smooth(x.value - y.value, [x, y], [1.0, 1.0], [[0.0, 0.0]] * 2, x.stepped - y.stepped)


def _multiply(x: Bounded, y: Bounded) -> Bounded:
    bends = [[0.0, 1.0], [1.0, 0.0]]
    return smooth(x.value * y.value, [x, y], [magnitude(y), magnitude(x)], bends, x.stepped * y.stepped)


def _divide(x: Bounded, y: Bounded) -> Bounded:
    require(distance(y) > 0)
    a, b = magnitude(x), distance(y)
    bends = [[0.0, b**-2.0], [b**-2.0, 2 * a * b**-3.0]]
    # Half a unit for the quotient, and as much for dividing by a reciprocal in the derivative.
    return smooth(x.value / y.value, [x, y], [1 / b, a * b**-2.0], bends, x.stepped / y.stepped)


def _hypot(x: Bounded, y: Bounded) -> Bounded:
    least = np.hypot(distance(x), distance(y))
    with np.errstate(all="ignore"):
        bends = [[1 / least] * 2] * 2
        stepped = np.sqrt(x.stepped**2 + y.stepped**2)
        result = smooth(np.hypot(x.value, y.value), [x, y], [1.0, 1.0], bends, stepped, ulps=LIBM_ULPS)
    return with_kinks(result, least == 0)


def _arctan2(y: Bounded, x: Bounded) -> Bounded:
    # The cut lies on the negative x axis, and at zero the signs of zeros decide.
    require((distance(y) > 0) | (hull(x)[0] > 0))
    least = np.hypot(distance(x), distance(y))
    bends = [[least**-2.0] * 2] * 2
    a, b = y.stepped, x.stepped
    slope = (b.real * a.imag - a.real * b.imag) / (a.real**2 + b.real**2)
    value = np.arctan2(y.value, x.value)
    return smooth(value, [y, x], [1 / least] * 2, bends, value + 1j * slope, ulps=LIBM_ULPS)


def _logaddexp(x: Bounded, y: Bounded) -> Bounded:
    value = np.logaddexp(x.value, y.value)
    weight = special.expit((x.stepped - y.stepped).real)
    slope = weight * x.stepped.imag + (1 - weight) * y.stepped.imag
    # Computed as the larger plus a logarithm, either of which may exceed the result.
    scale = magnitude(x) + magnitude(y)
    return smooth(value, [x, y], [1.0, 1.0], [[0.25, 0.25]] * 2, value + 1j * slope, ulps=LIBM_ULPS, scale=scale)


def _power(x: Bounded, y: Bounded) -> Bounded:
    n = y.value.astype(float)
    known = not (np.any(y.error) or np.any(y.paths))
    if known and np.all(n == np.rint(n)) and np.all(np.abs(n) <= 16):
        return _whole_power(x, y, n)
    require(hull(x)[0] > 0)
    (lo, hi), (low, high) = hull(x), hull(y)
    most = np.maximum(np.abs(low), np.abs(high))
    logarithm = np.maximum(np.abs(np.log(lo)), np.abs(np.log(hi)))
    top = np.max(np.broadcast_arrays(lo**low, lo**high, hi**low, hi**high), axis=0)
    mixed = top / lo * (1 + most * logarithm)
    bends = [[most * (most + 1) * top / lo**2, mixed], [mixed, logarithm**2 * top]]
    a, b = x.stepped, y.stepped
    value = x.value**y.value
    slope = value * (b.real * a.imag / a.real + np.log(a.real) * b.imag)
    return smooth(value, [x, y], [most * top / lo, logarithm * top], bends, value + 1j * slope, ulps=LIBM_ULPS)


def _whole_power(x: Bounded, y: Bounded, n: Array) -> Bounded:
    """Made of at most eight products, each factor rounded up to |n| times: |n| roundings in all, or a call of pow."""
    if np.any(n < 0):
        require(np.all(distance(x) > 0))
    base = np.where(n < 0, distance(x), magnitude(x))
    with np.errstate(all="ignore"):
        slope = np.where(n == 0, 0.0, np.abs(n) * base ** (n - 1))
        bend = np.where((n == 0) | (n == 1), 0.0, np.abs(n * (n - 1)) * base ** (n - 2))
        z = x.stepped
        rate = np.where(n == 0, 0.0, n * z.real ** (n - 1))
    value = x.value**y.value
    stepped = value + 1j * np.where(n == 0, 0.0, rate * z.imag)
    ulps = max(LIBM_ULPS, float(np.max(np.abs(n), initial=0.0)))
    return smooth(value, [x, y], [slope, 0.0], [[bend, 0.0], [0.0, 0.0]], stepped, ulps=ulps)


UFUNCS |= {
    "add": _add,
    "subtract": _subtract,
    "multiply": _multiply,
    "divide": _divide,
    "true_divide": _divide,
    "hypot": _hypot,
    "arctan2": _arctan2,
    "logaddexp": _logaddexp,
    "power": _power,
}


# --- comparisons, logic ----------------------------------------------------------------------------------------------


def _certain_order(x: Bounded, y: Bounded) -> Array:
    exact = (x.error == 0) & (y.error == 0)
    gap = np.abs(np.subtract(x.value, y.value, dtype=float))
    return exact | (gap > 2 * (x.error + y.error))


def _certain_sign(x: Bounded) -> Array:
    return (x.error == 0) | (distance(x) > 0)


def _comparison(name: str) -> Callable[[Bounded, Bounded], Bounded]:
    def rule(x: Bounded, y: Bounded) -> Bounded:
        require(_certain_order(x, y))
        return without_slope(getattr(np, name)(x.value, y.value))

    return rule


def _logical(name: str) -> Callable[..., Bounded]:
    def rule(*operands: Bounded) -> Bounded:
        for x in operands:
            require(_certain_sign(x))
        return without_slope(getattr(np, name)(*(x.value for x in operands)))

    return rule


for _name in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
    UFUNCS[_name] = _comparison(_name)
for _name in ("logical_and", "logical_or", "logical_xor", "logical_not", "sign", "isfinite", "isnan", "isinf"):
    UFUNCS[_name] = _logical(_name)
for _name in ("invert", "bitwise_and", "bitwise_or", "bitwise_xor"):
    UFUNCS[_name] = _logical(_name)


# --- roundings, remainders -------------------------------------------------------------------------------------------


def _rounding(name: str) -> Callable[[Bounded], Bounded]:
    ufunc = getattr(np, name)

    def rule(x: Bounded) -> Bounded:
        lo, hi = hull(x)
        require(ufunc(lo) == ufunc(hi))
        return without_slope(ufunc(x.value))

    return rule


for _name in ("floor", "ceil", "trunc", "rint"):
    UFUNCS[_name] = _rounding(_name)


def _quotient(x: Bounded, y: Bounded, rounded: Callable[[Any], Any]) -> Array:
    """The quotient rounded to an integer, which no rounding error may change."""
    require(distance(y) > 0)
    quotient = x.value / y.value
    reach = (2 * x.error + 2 * np.abs(quotient) * y.error) / distance(y) + 4 * U * np.abs(quotient)
    low, high = rounded(quotient - reach), rounded(quotient + reach)
    # At 0 the sign of the remainder changes even where rounding towards zero does not.
    require((low == high) & (np.sign(quotient - reach) == np.sign(quotient + reach)))
    return np.asarray(low)


def _remainder(ufunc: np.ufunc, rounded: Callable[[Any], Any]) -> Callable[[Bounded, Bounded], Bounded]:
    def rule(x: Bounded, y: Bounded) -> Bounded:
        whole = _quotient(x, y, rounded)
        value = ufunc(x.value, y.value)
        # C's fmod is exact; bringing it to the other sign is one addition.
        stepped = x.stepped - whole * y.stepped
        result = smooth(value, [x, y], [1.0, np.abs(whole)], [[0.0, 0.0]] * 2, stepped, scale=magnitude(y))
        return with_kinks(result, result.value == 0)

    return rule


def _floor_divide(x: Bounded, y: Bounded) -> Bounded:
    _quotient(x, y, np.floor)
    return without_slope(x.value // y.value)


UFUNCS["remainder"] = UFUNCS["mod"] = _remainder(np.remainder, np.floor)
UFUNCS["fmod"] = _remainder(np.fmod, np.trunc)
UFUNCS["floor_divide"] = _floor_divide
UFUNCS["divmod"] = lambda x, y: (UFUNCS["floor_divide"](x, y), UFUNCS["remainder"](x, y))


# --- choices ---------------------------------------------------------------------------------------------------------


def _extremum(name: str, *, larger: bool) -> Callable[[Bounded, Bounded], Bounded]:
    def rule(x: Bounded, y: Bounded) -> Bounded:
        first = x.value >= y.value if larger else x.value <= y.value
        certain = np.abs(np.subtract(x.value, y.value, dtype=float)) > 2 * (x.error + y.error)
        result = chosen(first, x, y, getattr(np, name)(x.value, y.value))
        error = np.where(certain, result.error, np.maximum(x.error, y.error))
        kink = Bounded(result.value, error, np.maximum(x.paths, y.paths), *result.parts[3:])
        # Even where the chosen side has no slope the other may; a certain choice has none of it.
        return with_kinks(kink, ~certain) if not np.all(certain) else result

    return rule


for _name, _larger in (("maximum", True), ("fmax", True), ("minimum", False), ("fmin", False)):
    UFUNCS[_name] = _extremum(_name, larger=_larger)


def _copysign(x: Bounded, y: Bounded) -> Bounded:
    # Zeros of either sign are equal, so a program may compute the other one.
    require((distance(y) > 0) & (y.value != 0))
    value = np.copysign(x.value, y.value)
    sign = np.where((x.stepped.real < 0) == (y.value < 0), 1.0, -1.0)
    wide = np.zeros(value.shape)
    result = Bounded(value, x.error + wide, x.paths + wide, x.slope_error + wide, sign * x.stepped)
    return with_kinks(result, distance(x) + wide == 0)


def _heaviside(x: Bounded, y: Bounded) -> Bounded:
    require(_certain_sign(x))
    value = np.heaviside(x.value, y.value)
    flat = without_slope(value)
    result = chosen(x.value == 0, y, flat, value)
    return with_kinks(result, np.zeros(value.shape, bool))


UFUNCS["copysign"] = _copysign
UFUNCS["heaviside"] = _heaviside

__all__ = ["UncertainError"]
