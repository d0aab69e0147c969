"""Scalar operations on arrays, element by element, with exactly the meaning that `scalar` gives them.

NumPy computes what IEEE rounds correctly (the same bits on every machine); a math library the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.libm import evaluate_libm
from arc_codegen.ir.math_library import DEFAULT_MATH, math_library
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType

Array: TypeAlias = NDArray[Any]


def _sign(x: Array) -> Array:
    # x itself where neither compares: NaN.
    return np.where(x > 0, 1, np.where(x < 0, -1, np.where(x == 0, 0, x))).astype(x.dtype)


# The choices that C's fmax, fmin leave open and NumPy's vector code takes differently from machine to machine
# (sign of zero) are spelled out by selects.
_EXACT: dict[str, Callable[..., Any]] = {
    "neg": np.negative,
    "abs": np.abs,
    "sign": _sign,
    "sqrt": np.sqrt,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "rint": np.rint,
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "div": np.divide,
    "max": lambda a, b: np.where((a >= b) | np.isnan(a), a, b),
    "min": lambda a, b: np.where((a <= b) | np.isnan(a), a, b),
    "fmax": lambda a, b: np.where((a >= b) | np.isnan(b), a, b),
    "fmin": lambda a, b: np.where((a <= b) | np.isnan(b), a, b),
    "copysign": np.copysign,
    "lt": np.less,
    "le": np.less_equal,
    "eq": np.equal,
    "ne": np.not_equal,
    "and": np.logical_and,
    "or": np.logical_or,
    "not": np.logical_not,
    "select": np.where,
}


def evaluate(fn: str, args: Sequence[Array], dtype: DType, *, math: str = DEFAULT_MATH) -> Array:
    """Value of the scalar operation ``fn`` on arrays of one shape or of shape ().

    Parameters
    ----------
    fn : str
        Key of `SCALAR_OPS`.
    args : sequence of ndarray
        Operands; element types as the operation's signature asks.
    dtype : DType
        Element type of the result (the target of a ``cast``).
    math : str
        The library of the functions that are not exact: a name that `math_library.math_library` knows.

    Returns
    -------
    ndarray
        Of the operands' common shape, with element type ``dtype``.

    Raises
    ------
    IRError
        ARC419 for an operation that does not exist or the wrong number of operands.

    Examples
    --------
    >>> evaluate("max", [np.array([1.0, np.nan]), np.array(2.0)], DType.F64)
    array([ 2., nan])
    >>> evaluate("cast", [np.array([-1.5, 1e30, np.nan])], DType.I32)
    array([        -1, 2147483647,          0], dtype=int32)
    """
    op = SCALAR_OPS.get(fn)
    if op is None or op.arity != len(args):
        raise IRError(
            f"no scalar operation {fn!r} of {len(args)} operands",
            code="ARC419",
            hint="the operations and their signatures are in scalar.SCALAR_OPS",
        )
    with np.errstate(all="ignore"):
        if fn == "cast":
            return cast(args[0], dtype)
        exact = _EXACT.get(fn)
        if exact is not None:
            return np.asarray(exact(*args))
        operands = np.broadcast_arrays(*args) if len(args) > 1 else (args[0],)
        if op.exact:  # every library has the one right value
            return evaluate_libm(fn, operands, dtype)
        return math_library(math).evaluate(fn, operands, dtype)


def cast(x: Array, dtype: DType) -> Array:
    """Convert to ``dtype``: to an integer truncate, clamp to its range, NaN to 0; to bool ``!= 0``.

    An integer that does not fit a smaller integer type is clamped as a real would be.
    """
    with np.errstate(all="ignore"):
        if dtype is DType.BOOL:
            return np.asarray(x != 0)
        if not dtype.is_integer or x.dtype == np.bool_:
            return x.astype(dtype.numpy_name)
        info = np.iinfo(dtype.numpy_name)
        if x.dtype.kind == "i":
            return np.clip(x, info.min, info.max).astype(dtype.numpy_name)
        whole = np.trunc(x.astype(np.float64))
        # -2**31 and -2**63 are doubles, 2**63 - 1 is not: compare with the power of two above.
        low, above = float(info.min), -float(info.min)
        inside = (whole >= low) & (whole < above)
        result = np.where(inside, whole, 0.0).astype(dtype.numpy_name)
        result = np.where(whole >= above, info.max, result)
        return np.where(whole < low, info.min, result).astype(dtype.numpy_name)
