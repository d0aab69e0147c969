"""How an array is held in CasADi: dense, with its nonzeros in C order.

CasADi's matrices are column-major. A rank-2 array (m, n) is an n x m matrix, rank 0 is 1 x 1, rank 1 is n x 1, higher
ranks are N x 1; so the nonzeros of every array are its elements in C order, and a reshape moves nothing.
"""

from __future__ import annotations

import functools
import math
from typing import Any, TypeAlias

import casadi as ca
import numpy as np
from numpy.typing import NDArray

Positions: TypeAlias = NDArray[np.int64]
"""Flat positions in C order, in an array of the shape of what is read."""

_binary = ca.MX.binary
_SUB, _ADD, _DIV, _MUL = ca.OP_SUB, ca.OP_ADD, ca.OP_DIV, ca.OP_MUL


def carrier_shape(shape: tuple[int, ...]) -> tuple[int, int]:
    """Rows and columns of the CasADi matrix that holds an array of this shape."""
    if len(shape) == 2:
        return shape[1], shape[0]
    return math.prod(shape), 1


def shaped(mx: ca.MX, rows: int, columns: int) -> ca.MX:
    """The same nonzeros under another shape; no node if it has it already."""
    if mx.shape == (rows, columns):
        return mx
    return ca.reshape(mx, rows, columns)


def constant(values: NDArray[Any]) -> ca.MX:
    """Known elements of any shape, exactly: the sign of zeros is kept."""
    if values.ndim == 0:
        return scalar_constant(float(values))
    rows, columns = carrier_shape(values.shape)
    flat = np.ascontiguousarray(values, dtype=np.float64).ravel()
    if flat.size and np.all(flat == flat[0]) and np.any(np.signbit(flat) & (flat == 0)):
        # CasADi folds a constant of equal elements into one value, and takes -0.0 and 0.0 for equal.
        return shaped(_apart(flat), rows, columns)
    return ca.MX(ca.DM(flat.reshape(columns, rows).T)) if rows * columns else ca.MX(rows, columns)


def scalar_constant(value: float) -> ca.MX:
    """One known number, exactly."""
    if value == 0.0 and math.copysign(1.0, value) < 0.0:
        return disguised(value)
    return _plain_constant(value)


@functools.lru_cache(maxsize=4096)
def _plain_constant(value: float) -> ca.MX:
    return ca.MX(value)


def disguised(value: float) -> ca.MX:
    """One known number as an element of a constant vector, so that CasADi does not see which number it is.

    Even with simplification off it rewrites ``0 + x`` to x (wrong for x = -0.0), ``0 - x`` to -x (wrong for 0.0) and
    ``1 / x`` and ``-1 / x`` to a reciprocal node, which then turns ``y * (1 / x)`` into ``y / x`` and ``1 / (1 / x)``
    into x.
    """
    return _disguised(abs(value), math.copysign(1.0, value) < 0.0)


@functools.lru_cache(maxsize=16)
def _disguised(magnitude: float, negative: bool) -> ca.MX:  # of equal keys, 0.0 and -0.0, a cache keeps one
    # The second element must differ in value, or the vector is folded into one number.
    return ca.MX(ca.DM([-magnitude if negative else magnitude, magnitude + 1.0])).nz[0]


def _zeros_like(zeros: ca.MX) -> ca.MX:
    """Zeros in disguise: the number 0.0, or an array's."""
    if zeros.numel() == 1:
        return disguised(0.0)
    return shaped(_apart(np.zeros(zeros.numel())), *zeros.shape)


def _apart(flat: NDArray[np.float64]) -> ca.MX:
    """A column of equal numbers as the beginning of a constant vector that has another one behind them."""
    return ca.MX(ca.DM(np.append(flat, flat[0] + 1.0))).nz[: flat.size]


def number_in_disguise(values: NDArray[Any]) -> bool:
    """Whether the first element of a constant vector is a number of the user's that `disguised` holds."""
    return values.shape == (2,) and bool(values[1] == np.abs(values[0]) + 1.0)


@functools.lru_cache(maxsize=2)
def zero_of_an_array(negative: bool) -> ca.MX:
    """A zero that the user read from an array of NumPy's: in a trace it is an element of an array too.

    What is known to be zero in an array is left out of the code; the number 0.0 is computed with.
    """
    zero = -0.0 if negative else 0.0
    return ca.MX(ca.DM([zero, zero, 1.0])).nz[0]


def binary(op: int, a: ca.MX, b: ca.MX) -> ca.MX:
    """One binary node that computes exactly ``op(a, b)``; a 1 x 1 operand is used for every element."""
    if a.is_constant():
        numbers = _DISGUISED.get(op)
        if numbers is not None:
            for number in numbers:
                if a.is_value(number):
                    a = _zeros_like(a) if number == 0.0 else disguised(number)
                    break
        elif op == _MUL:
            a, b = b, a  # 2 * x would become a doubling node, and (2 * x) - x then x, which differs on overflow
    elif op == _ADD and b.is_constant() and b.is_value(0.0):
        b = _zeros_like(b)  # -x + 0 would become 0 - x, and that -x
    if op in _SPREAD and a.shape != b.shape:
        a, b = spread(a, b), spread(b, a)
    return _binary(op, a, b)


_SPREAD = frozenset(
    {
        *(_ADD, _SUB, _MUL, _DIV),
        *(ca.OP_POW, ca.OP_ATAN2, ca.OP_HYPOT, ca.OP_FMIN, ca.OP_FMAX, ca.OP_FMOD, ca.OP_REMAINDER, ca.OP_COPYSIGN),
    }
)
"""Operations with a derivative by both operands."""


def spread(mx: ca.MX, like: ca.MX) -> ca.MX:
    """A traced 1 x 1 matrix repeated to the shape of another.

    Where CasADi simplifies, that is in derivatives, it makes ``(x + s) - x`` s, of the shape of s: with a matrix x and
    a number s the result would have lost its shape. And of ``s / x`` its reverse sweep takes the derivative by s as a
    product of two vectors, cotangents and ``1 / x``: where ``np.where`` has not chosen ``s / x``, since x is zero, that
    is zero times infinity. Element by element, masks stay outermost, and what is summed is masked.
    """
    if mx.is_constant() or mx.numel() != 1 or like.numel() == 1:
        return mx
    # A product, of which CasADi sums the derivatives in one operation; a read of one element it would sum one by one.
    return _binary(_MUL, ca.MX.ones(*like.shape), mx)


_DISGUISED = {_ADD: (0.0,), _SUB: (0.0,), _DIV: (1.0, -1.0)}


def keep_apart(mx: ca.MX) -> ca.MX:
    """The same value behind a multiplication with one (exact), across which CasADi does not rewrite."""
    return _binary(_MUL, mx, disguised(1.0))
