"""Literals of every element type."""

from __future__ import annotations

from arc_codegen.ir.loops import Literal
from arc_codegen.ir.types import DType


def zero_literal(dtype: DType) -> Literal:
    """+0, or false."""
    return Literal(0.0 if dtype.is_real else False if dtype is DType.BOOL else 0, dtype)
