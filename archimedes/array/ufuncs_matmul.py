"""The matrix product: vectors, matrices and stacks of them, as ``np.matmul``."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from archimedes.array.contractions import contract, is_worth_it
from archimedes.array.core import SymbolicArray
from archimedes.array.elementwise import operand
from archimedes.array.errors import located
from archimedes.array.primitives import broadcast_shape, cast, concatenate_flat, gather, matmul2
from archimedes.array.promotion import common_type
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcValueError


def matmul(a: Any, b: Any) -> SymbolicArray:
    """Product over the last axis of ``a`` and the last but one of ``b``."""
    (left, left_facts), (right, right_facts) = operand(a), operand(b)
    _check(left.shape, right.shape)
    dtype = common_type([left_facts, right_facts])
    # One real type on both sides: a constant takes that of the trace.
    left, right = _typed(left, dtype), _typed(right, dtype)
    if left.ndim == 1:
        row = matmul(left.reshape(1, -1), right)
        return row.reshape(row.shape[:-1] if right.ndim == 1 else row.shape[:-2] + row.shape[-1:])
    if right.ndim == 1:
        return matmul(left, right.reshape(-1, 1)).reshape(left.shape[:-1])
    if right.ndim == 2:  # the stack of the left is one tall matrix
        tall = left.reshape(math.prod(left.shape[:-1]), left.shape[-1])
        return matmul2(tall, right).reshape((*left.shape[:-1], right.shape[-1]))
    return _stacks(left, right)


def _typed(array: SymbolicArray, dtype: Any) -> SymbolicArray:
    if array.dtype.kind == dtype.kind == "f":
        return SymbolicArray(array._storage, array._positions, array.shape, dtype)
    return cast(array, dtype)


def _check(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    if not left or not right or left[-1] != right[-2 if len(right) > 1 else 0]:
        raise located(
            ArcValueError,
            f"matrix product of shapes {left} and {right}",
            code="ARC108",
            hint="the last axis of the left must be as long as the last but one of the right; scale with *",
        )


def _stacks(left: SymbolicArray, right: SymbolicArray) -> SymbolicArray:
    """A stack of products, the stacks broadcast against each other."""
    stack = broadcast_shape([left.shape[:-2], right.shape[:-2]])
    if is_worth_it(left, right, (*stack, *left.shape[-2:], right.shape[-1])):
        return _contracted(left, right, stack)
    lefts, rights = _matrices(left, stack), _matrices(right, stack)
    products = [
        matmul2(gather(left, i), gather(right, j))
        for i, j in zip(lefts.reshape(-1, *left.shape[-2:]), rights.reshape(-1, *right.shape[-2:]), strict=True)
    ]
    shape = (*stack, left.shape[-2], right.shape[-1])
    return concatenate_flat(products).reshape(shape) if products else gather(left, np.zeros(shape, np.int64))


def _contracted(left: SymbolicArray, right: SymbolicArray, stack: tuple[int, ...]) -> SymbolicArray:
    """The same as one operation; the axes of the stack are named by their distance from the matrix."""

    def named(array: SymbolicArray, row: str, column: str) -> tuple[SymbolicArray, tuple[str, ...]]:
        # An axis of length 1 has no name: it is the other operand's that counts.
        kept = [k for k, extent in enumerate(array.shape[:-2]) if extent != 1]
        shape = (*(array.shape[k] for k in kept), *array.shape[-2:])
        return array.reshape(shape), (*(f"stack {array.ndim - 2 - k}" for k in kept), row, column)

    a, a_labels = named(left, "row", "inner")
    b, b_labels = named(right, "inner", "column")
    out = [f"stack {len(stack) - k}" for k, extent in enumerate(stack) if extent != 1]
    product = contract(a, a_labels, b, b_labels, (*out, "row", "column"))
    return product.reshape((*stack, left.shape[-2], right.shape[-1]))


def _matrices(array: SymbolicArray, stack: tuple[int, ...]) -> np.ndarray[Any, Any]:
    grid = np.arange(array.size, dtype=np.int64).reshape(array.shape)
    return np.broadcast_to(grid, stack + array.shape[-2:])


UFUNCS["matmul"] = matmul
