"""Making traced arrays from CasADi matrices."""

from __future__ import annotations

import math
from typing import Any

import casadi as ca

from archimedes.array.carrier import carrier_shape
from archimedes.array.core import SymbolicArray
from archimedes.array.promotion import FLOAT64, DType, element_type
from archimedes.array.storage import Storage
from archimedes.array.trace_context import record


def symbol(name: str, shape: tuple[int, ...], dtype: Any = FLOAT64) -> SymbolicArray:
    """An argument of the traced function: read-only.

    Examples
    --------
    >>> symbol("x", (3,))
    SymbolicArray(shape=(3,), dtype=float64)
    """
    mx = ca.MX.sym(name, *carrier_shape(shape))
    # Arguments count as arrays in C order, whatever the layout of those that a call brings.
    storage = Storage(mx, math.prod(shape), read_only=True, in_c_order=True)
    return SymbolicArray(storage, None, shape, element_type(dtype))


def from_held(mx: ca.MX, shape: tuple[int, ...], dtype: DType) -> SymbolicArray:
    """An array from a matrix whose nonzeros are its elements in C order; the matrix is made dense."""
    dense = mx if mx.is_dense() else ca.densify(mx)
    return SymbolicArray(Storage(dense, math.prod(shape)), None, shape, dtype)


def from_flat(mx: ca.MX, shape: tuple[int, ...], dtype: DType) -> SymbolicArray:
    """An array from a column of its elements in C order."""
    return from_held(mx, shape, dtype)


def computed(mx: ca.MX, shape: tuple[int, ...], dtype: DType, *, in_c_order: bool = False) -> SymbolicArray:
    """`made`, for a matrix that has the carrier's rows and columns."""
    storage = Storage(record(mx), math.prod(shape), in_c_order=in_c_order)
    return SymbolicArray(storage, None, shape, dtype, held=mx)


def made(mx: ca.MX, shape: tuple[int, ...], dtype: DType, *, in_c_order: bool = False) -> SymbolicArray:
    """`from_held` for a dense matrix that the user's current line made: its origin is recorded."""
    return SymbolicArray(Storage(record(mx), math.prod(shape), in_c_order=in_c_order), None, shape, dtype)
