"""Spelling of constants: the shortest decimal that reads back exactly in the declared precision.

Shortest round-trip digits after Steele and White (1990), as NumPy prints them. No hexadecimal floats: C++ before 17
does not read them.
"""

from __future__ import annotations

import math

import numpy as np

from arc_codegen.errors import IRError
from arc_codegen.ir.types import DType

NON_FINITE = "ARC_INFINITY"
"""Stands for both macros of arc_scalar.h among the names that a module uses."""

_INT_RANGE = {DType.I32: (-(2**31), 2**31 - 1), DType.I64: (-(2**63), 2**63 - 1)}


def literal(value: float | int | bool, dtype: DType) -> str:
    """C text of ``value`` in the element type ``dtype``.

    Examples
    --------
    >>> literal(0.1, DType.F32), literal(-0.0, DType.F64), literal(1e-22, DType.F64), literal(-(2**31), DType.I32)
    ('0.1f', '-0.0', '1e-22', 'INT32_MIN')
    """
    if dtype is DType.BOOL:
        return "true" if value else "false"
    if dtype.is_integer:
        return _integer(int(value), dtype)
    return _real(float(value), dtype)


def uses_scalar_macros(value: float | int | bool) -> bool:
    """Whether the spelling needs ARC_INFINITY or ARC_NAN of arc_scalar.h."""
    return isinstance(value, float) and not math.isfinite(value)


def _integer(value: int, dtype: DType) -> str:
    low, high = _INT_RANGE[dtype]
    if not low <= value <= high:
        raise IRError(f"the constant {value} is not an {dtype.value}", code="ARC530", hint="this is a bug of the tool")
    bits = 8 * dtype.itemsize
    if value == low:
        return f"INT{bits}_MIN"  # -2147483648 is the minus of a constant too large for the type
    if dtype is DType.I64:
        return f"INT64_C({value})" if abs(value) > 2**31 - 1 else str(value)
    return str(value)


def _real(value: float, dtype: DType) -> str:
    single = dtype is DType.F32
    if math.isnan(value):
        return "ARC_NAN" if single else "(double)ARC_NAN"
    if math.isinf(value) or (single and not np.isfinite(_to_single(value))):
        infinity = "ARC_INFINITY" if single else "(double)ARC_INFINITY"
        return infinity if value > 0 else f"-{infinity}"
    scalar = _to_single(value) if single else np.float64(value)
    suffix = "f" if single else ""
    magnitude = abs(float(scalar))
    if magnitude == 0.0 or 1e-4 <= magnitude < 1e7:
        return np.format_float_positional(scalar, unique=True, trim="0") + suffix
    mantissa, exponent = np.format_float_scientific(scalar, unique=True, trim="-").split("e")
    return f"{mantissa}e{int(exponent)}{suffix}"


def _to_single(value: float) -> np.float32:
    with np.errstate(over="ignore", under="ignore"):
        return np.float32(value)
