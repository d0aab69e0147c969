"""Element types: which type a result has.

The traced interior is one real type; integers and booleans are carried as real numbers and tracked beside the graph.
The rules are NumPy's (NEP 50), with one exception: float *constants* are weak. They take the real type of the traced
operands, or of the trace, as a ``const float`` does in C; so a float32 function stays float32 whatever its constants
are.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

import numpy as np

from archimedes.array.errors import located
from archimedes.array.trace_context import default_real
from archimedes.errors import ArcTypeError

DType: TypeAlias = np.dtype[Any]

FLOAT64: Final[DType] = np.dtype(np.float64)
FLOAT32: Final[DType] = np.dtype(np.float32)
INT64: Final[DType] = np.dtype(np.int64)
INT32: Final[DType] = np.dtype(np.int32)
BOOL: Final[DType] = np.dtype(np.bool_)
SUPPORTED: Final = (FLOAT64, FLOAT32, INT64, INT32, BOOL)


def element_type(dtype: Any) -> DType:
    """The supported element type that stands for ``dtype``; short integers become int64. Raises for the others."""
    wanted: DType = np.dtype(dtype)
    if wanted in SUPPORTED:
        return np.dtype(wanted.type)
    if wanted.kind in "iu" and np.can_cast(wanted, INT64):
        return INT64
    raise located(
        ArcTypeError,
        f"element type {wanted} is not supported",
        code="ARC101",
        hint="use float64, float32, int64, int32 or bool",
    )


def constant_type(dtype: Any) -> DType:
    """Element type of a constant in the current trace: reals take the trace's real type."""
    wanted = np.dtype(dtype)
    if wanted.kind == "f":
        return default_real()
    return element_type(wanted)


class Operand:
    """What promotion needs to know of an operand: its type, and whether it is weak (a constant or Python number)."""

    __slots__ = ("dtype", "value", "weak")

    def __init__(self, dtype: DType, *, weak: bool = False, value: Any = None) -> None:
        self.dtype = dtype
        self.weak = weak
        self.value = value


def real_type(operands: list[Operand]) -> DType:
    """The real type of an operation: that of its traced real operands, which must agree, else the trace's."""
    found: DType | None = None
    for operand in operands:
        if operand.dtype.kind == "f" and not operand.weak:
            if found is not None and operand.dtype != found:
                raise located(
                    ArcTypeError,
                    f"operands of types {found} and {operand.dtype} in one operation",
                    code="ARC102",
                    hint="convert one of them with .astype, or pass all arguments in one real type",
                )
            found = operand.dtype
    return found if found is not None else default_real()


def common_type(operands: list[Operand]) -> DType:
    """Type of a sum of the operands."""
    if any(operand.dtype.kind == "f" for operand in operands):
        return real_type(operands)
    promoted = np.result_type(*(operand.dtype if operand.value is None else operand.value for operand in operands))
    if promoted.kind == "f":  # int64 with uint64
        return default_real()
    return element_type(promoted)
