"""Spelling of test vectors: hexadecimal floating constants, which are C99 and exact."""

from __future__ import annotations

import math
import textwrap
from collections.abc import Sequence
from typing import Any

import numpy as np

from arc_codegen.c.literals import literal
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.types import DType

_COLUMNS = 92
_DTYPES = {dtype.numpy_name: dtype for dtype in DType}


def hex_float(value: float, *, single: bool) -> str:
    """C constant of exactly this value.

    Examples
    --------
    >>> hex_float(3.0, single=True), hex_float(-0.0, single=False), hex_float(2.0**-149, single=True)
    ('0x1.8p+1f', '-0x0p+0', '0x1p-149f')
    """
    suffix = "f" if single else ""
    if math.isnan(value):
        return "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    mantissa, exponent = value.hex().split("p")
    digits = mantissa.rstrip("0").rstrip(".") if "." in mantissa else mantissa
    return f"{digits}p{exponent}{suffix}"


def elements(array: Array) -> list[str]:
    """C constants of the elements of an array, in C order."""
    dtype = _DTYPES[array.dtype.name]
    flat: list[Any] = np.asarray(array).ravel().tolist()
    if dtype.is_real:
        return [hex_float(value, single=dtype is DType.F32) for value in flat]
    return [literal(value, dtype) for value in flat]


def wrapped(constants: Sequence[str], *, indent: str) -> str:
    """Constants with commas between them, on lines of a readable length; all but the first begin with ``indent``.

    Examples
    --------
    >>> wrapped(["1.0f", "2.0f"], indent="  ")
    '1.0f, 2.0f'
    """
    lines = textwrap.wrap(", ".join(constants), _COLUMNS, break_long_words=False, break_on_hyphens=False)
    return f"\n{indent}".join(lines)
