"""Libraries of elementary functions, by name: where the interpreters take sin, exp, ... from.

The last bits of these functions are those of whoever computes them, so an interpreter that is to give the bits of the
C asks the same library: the platform's (``"libm"``), or the runtime's arc_math (``"arc"``, ``"arc+fma"``). The latter
is C as well, compiled for this machine by the toolchain, which this package knows nothing of: it registers itself here.
Functions that IEEE 754 rounds correctly have one value only and are not asked for.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.libm import evaluate_libm, libm_function
from arc_codegen.ir.types import DType

DEFAULT_MATH = "arc"
"""The library that interpreters use unless they are told another."""


class MathLibrary(Protocol):
    """Functions of `SCALAR_OPS` that are not exact."""

    def function(self, fn: str, dtype: DType) -> Callable[..., float]:
        """The function of Python floats, in the precision ``dtype``."""

    def evaluate(self, fn: str, args: tuple[NDArray[Any], ...], dtype: DType) -> NDArray[Any]:
        """The function of arrays of one shape, element by element."""


class SystemMath:
    """The C math library of the machine.

    Examples
    --------
    >>> SystemMath().function("exp2", DType.F64)(3.0)
    8.0
    """

    def function(self, fn: str, dtype: DType) -> Callable[..., float]:
        """Its function of Python floats."""
        return libm_function(fn, dtype)

    def evaluate(self, fn: str, args: tuple[NDArray[Any], ...], dtype: DType) -> NDArray[Any]:
        """Its function of arrays of one shape, element by element."""
        return evaluate_libm(fn, args, dtype)


_LOADERS: dict[str, Callable[[], MathLibrary]] = {"libm": SystemMath}


def register_math_library(name: str, load: Callable[[], MathLibrary]) -> None:
    """Make a library known; ``load`` is called when it is first needed."""
    _LOADERS[name] = load
    math_library.cache_clear()


@functools.cache
def math_library(name: str) -> MathLibrary:
    """The library of that name.

    Raises
    ------
    IRError
        ARC419: there is none.

    Examples
    --------
    >>> math_library("libm").function("exp2", DType.F64)(3.0)
    8.0
    """
    load = _LOADERS.get(name)
    if load is None:
        known = ", ".join(sorted(_LOADERS))
        raise IRError(f"there is no math library {name!r}", code="ARC419", hint=f"registered are {known}")
    return load()
