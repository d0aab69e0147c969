"""The C math library of the machine, called element by element.

NumPy evaluates sin, exp, ... with vector code of its own, whose last bits differ from the library that compiled C
calls. The interpreters therefore call that library itself, in the declared precision (``sinf`` for f32).
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType


@functools.cache
def _library() -> ctypes.CDLL:
    # Where nothing is found by that name the functions are part of the C runtime that Python itself is linked with.
    return ctypes.CDLL(ctypes.util.find_library("m"))


@functools.cache
def libm_function(fn: str, dtype: DType) -> Callable[..., float]:
    """C's function behind the scalar operation ``fn`` in the precision ``dtype``; takes and returns Python floats.

    Parameters
    ----------
    fn : str
        Operation of `SCALAR_OPS` that names a function of the math library.
    dtype : DType
        F32 (``sinf``) or F64 (``sin``).

    Raises
    ------
    IRError
        ARC419 if ``fn`` is no call of the math library.

    Examples
    --------
    >>> libm_function("exp2", DType.F64)(3.0)
    8.0
    """
    op = SCALAR_OPS.get(fn)
    if op is None or not op.libm or not dtype.is_real:
        raise IRError(
            f"{fn!r} in {dtype.value} is not a function of the C math library",
            code="ARC419",
            hint="evaluate it by NumPy, or name its C function in scalar.SCALAR_OPS",
        )
    single = dtype is DType.F32
    function = _library()[op.libm + ("f" if single else "")]
    real = ctypes.c_float if single else ctypes.c_double
    function.argtypes = [real] * op.arity
    function.restype = real
    return function


def evaluate_libm(fn: str, args: tuple[NDArray[Any], ...], dtype: DType) -> NDArray[Any]:
    """Apply the math library's ``fn`` to arrays of one shape, element by element.

    Examples
    --------
    >>> evaluate_libm("hypot", (np.array([3.0, 5.0]), np.array([4.0, 12.0])), DType.F64)
    array([ 5., 13.])
    """
    function = libm_function(fn, dtype)
    flat = [arg.ravel().tolist() for arg in args]
    result = np.fromiter(map(function, *flat), dtype=dtype.numpy_name, count=args[0].size)
    return result.reshape(args[0].shape)
