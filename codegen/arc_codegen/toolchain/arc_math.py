"""The runtime's arc_math as a library of this machine, for the reference interpreters: C, so with the bits of C."""

from __future__ import annotations

import ctypes
import functools
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arc_codegen.errors import IRError
from arc_codegen.ir.math_library import MathLibrary, SystemMath
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType
from arc_codegen.runtime_sources import closure, exists, text_of
from arc_codegen.toolchain.errors import LibraryLoadError
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.toolchain.shared_library import shared_library

FUNCTIONS: Final = {
    name: f"arc_{op.libm}f"
    for name, op in SCALAR_OPS.items()
    if op.libm and not op.exact and exists(f"arc_{op.libm}f.c")
}
"""Operations that are not exact, and the function of the runtime that computes each in float32."""

_LOOP = """#include "arc_strict.h"
#include "arc_math.h"

void map_{function}(long long n, {parameters}, float *result);
void map_{function}(long long n, {parameters}, float *result) {{
  for (long long i = 0; i < n; ++i) {{
    result[i] = {function}({arguments});
  }}
}}
"""


class ArcMath:
    """Functions of float32 are those of arc_math, those of float64 those of the platform, as in the generated C.

    Parameters
    ----------
    fused : bool
        The variant for ``fma="on"``.

    Raises
    ------
    CompilerNotFoundError
        There is no C compiler (ARC701, ARC702).
    ToolchainError
        It fails, or ``fused`` is asked of a machine without the instruction (ARC716).

    Notes
    -----
    A function is compiled when it is first asked for.
    """

    def __init__(self, *, fused: bool) -> None:
        self._compiler = find_compiler()
        self._flags = ("-DARC_FMA=1", *fma_flags(self._compiler)) if fused else ()
        self._libraries: dict[str, ctypes.CDLL] = {}
        self._system = SystemMath()

    def _library(self, fn: str) -> ctypes.CDLL:
        """The library of one function and its loop over arrays; a program rarely needs more than a few."""
        found = self._libraries.get(fn)
        if found is not None:
            return found
        names = closure(["arc_math.h", "arc_strict.h", f"{_c_name(fn)}.c"])
        files = {name: text_of(name) for name in names} | {"map.c": _loop(fn)}
        sources = [name for name in files if name.endswith(".c")]
        with shared_library(files, sources, compiler=self._compiler, flags=self._flags) as path:
            try:
                return self._libraries.setdefault(fn, ctypes.CDLL(str(path)))
            except OSError as error:
                raise LibraryLoadError(
                    f"the compiled arc_math cannot be loaded: {error}",
                    code="ARC704",
                    hint="If the folder is on a file system mounted noexec, set ARC_CODEGEN_CACHE (and TMPDIR) to "
                    "another; if the compiler in CC builds for another machine, name one for this machine.",
                ) from error

    def function(self, fn: str, dtype: DType) -> Callable[..., float]:
        """The function of Python floats."""
        if dtype is not DType.F32:
            return self._system.function(fn, dtype)
        function = self._library(fn)[_c_name(fn)]
        function.argtypes = [ctypes.c_float] * SCALAR_OPS[fn].arity
        function.restype = ctypes.c_float
        return function

    def evaluate(self, fn: str, args: tuple[NDArray[Any], ...], dtype: DType) -> NDArray[Any]:
        """The function of arrays of one shape, element by element."""
        if dtype is not DType.F32:
            return self._system.evaluate(fn, args, dtype)
        function = self._library(fn)[f"map_{_c_name(fn)}"]
        operands = [np.ascontiguousarray(arg, np.float32) for arg in args]
        result = np.empty(args[0].shape, np.float32)
        pointers = [ctypes.c_void_p(array.ctypes.data) for array in (*operands, result)]
        function.restype = None
        function(ctypes.c_longlong(result.size), *pointers)
        return result


@functools.cache
def arc_math(*, fused: bool) -> MathLibrary:
    """The library; one for the process.

    Examples
    --------
    >>> float(arc_math(fused=False).function("exp", DType.F32)(0.0))
    1.0
    """
    return ArcMath(fused=fused)


def _c_name(fn: str) -> str:
    try:
        return FUNCTIONS[fn]
    except KeyError:
        raise IRError(
            f"{fn!r} in f32 is not a function of arc_math",
            code="ARC419",
            hint="evaluate it by NumPy, or add it to the runtime",
        ) from None


def _loop(fn: str) -> str:
    """C that applies a function to arrays."""
    operands = "abc"[: SCALAR_OPS[fn].arity]
    parameters = ", ".join(f"const float *{operand}" for operand in operands)
    arguments = ", ".join(f"{operand}[i]" for operand in operands)
    return _LOOP.format(function=_c_name(fn), parameters=parameters, arguments=arguments)
