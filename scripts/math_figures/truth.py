"""The truth in many digits: decides where the C library's double is not enough."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Any

from mpmath import mp, mpf

from math_figures.contract import MathFunction
from math_figures.sweeps import Sweep

__all__ = ["confirmed_ulp", "float_of"]

DIGITS = 120
"""Enough for the reduction of arguments up to 2^128, and 50 digits more."""

_TRUTH: dict[str, Callable[..., Any]] = {
    **{name: getattr(mp, name) for name in ("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "hypot")},
    **{name: getattr(mp, name) for name in ("exp", "expm1", "log", "log1p", "sinh", "cosh", "tanh", "erf")},
    **{name: getattr(mp, name) for name in ("asinh", "acosh", "atanh")},
    "exp2": lambda x: mpf(2) ** x,
    "log2": lambda x: mp.log(x, 2),
    "log10": mp.log10,
    "pow": mp.power,
    "cbrt": lambda x: mp.sign(x) * mp.cbrt(abs(x)),
}


def float_of(bits: int) -> float:
    """The float32 of these bits."""
    return float(struct.unpack("<f", struct.pack("<I", bits))[0])


def confirmed_ulp(function: MathFunction, found: Sweep) -> float:
    """The largest error that a sweep found, in ulp of the true value, computed with many digits."""
    with mp.workdps(DIGITS):
        arguments = [mpf(float_of(found.x)), mpf(float_of(found.y))][: function.arguments]
        truth = _TRUTH[function.name[:-1]](*arguments)
        exponent = max(mp.frexp(abs(truth))[1] - 1, -126)
        return float(abs(mpf(float_of(found.result)) - truth) / mpf(2) ** (exponent - 23))
