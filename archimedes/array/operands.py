"""Operands of functions that compute in reals."""

from __future__ import annotations

from typing import Any

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic
from archimedes.array.trace_context import default_real


def as_real(x: Any) -> SymbolicArray:
    """The array itself if it is real, else converted to the trace's real type."""
    array = as_symbolic(x)
    return array if array.dtype.kind == "f" else array.astype(default_real())
