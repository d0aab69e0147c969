"""CasADi's C for a kernel, at its best: float32 throughout, and the same functions of arc_math as everyone calls."""

from __future__ import annotations

import re
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import casadi as ca

from benchmarks.casadi_jacobians import one_by_one, together
from benchmarks.casadi_native import Form, simplified, trace_native
from benchmarks.kernels.kernel import Kernel

_OPTIONS: Final[dict[str, Any]] = {"casadi_real": "float", "casadi_int": "int", "with_header": False, "verbose": False}

_LITERAL: Final = re.compile(r"(?<![\w.])(\d+\.\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+)(?![\w.])")

_FUNCTIONS: Final = (
    *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
    *("exp", "log", "expm1", "log1p", "pow", "atan2", "hypot", "erf", "sqrt", "fmod", "remainder", "floor", "ceil"),
    *("fabs", "copysign"),
)
_CALL: Final = re.compile(rf"(?<![\w.])({'|'.join(_FUNCTIONS)})(?=\s*\()")
_COMMENT: Final = re.compile(r"/\*.*?\*/", re.DOTALL)
_WORK: Final = re.compile(r"if \((sz_\w+)\) \*\1 = (\d+);")


@dataclass(frozen=True, slots=True)
class CasadiC:
    """Repaired C and what a caller has to provide for it.

    Parameters
    ----------
    source : str
    work : dict
        Number of elements of ``arg``, ``res``, ``iw`` and ``w``.
    seconds : float
        From tracing to the text of the C.
    """

    source: str
    work: dict[str, int]
    seconds: float


def casadi_c(kernel: Kernel, *, form: Form | Literal["own"], cse: bool) -> CasadiC:
    """C of a kernel.

    Parameters
    ----------
    kernel : Kernel
    form : {"mx", "sx", "scan", "scan-sx", "own"}
        Arrays, scalars, CasADi's own loops with a body of arrays or of scalars; or as the kernel itself says.
    cse : bool
        Whether `casadi.cse` merges common subexpressions.
    """
    began = time.process_time()
    if form == "own":
        assert kernel.scalar_loops is not None
        given = kernel.scalar_loops()
        symbols = given.mx_in()
        results = [ca.densify(result) for result in given.call(symbols, True, False)]
    else:
        symbols, results = _fewest_operations(kernel, form)
    if form == "sx":
        function = ca.Function(kernel.name, symbols, results).expand()
        if cse:
            scalars = function.sx_in()
            function = ca.Function(kernel.name, scalars, ca.cse(function.call(scalars, True, False)))
    else:
        function = ca.Function(kernel.name, symbols, ca.cse(results) if cse else results)
    with tempfile.TemporaryDirectory(prefix="arc-bench-") as folder:
        generator = ca.CodeGenerator(kernel.name, _OPTIONS)
        generator.add(function)
        text = Path(generator.generate(f"{folder}/")).read_text(encoding="utf-8")
    seconds = time.process_time() - began
    return CasadiC(repaired(text), work_sizes(text), seconds)


def _fewest_operations(kernel: Kernel, form: Form) -> tuple[list[ca.MX], list[ca.MX]]:
    """Symbols and results, with Jacobians for each argument or for all together, whichever is the cheaper."""
    ways = [simplified(trace_native(kernel, form, jacobians=way)) for way in (one_by_one, together)]
    if form not in ("mx", "sx"):
        return ways[0]
    return min(ways, key=lambda way: _operations(ca.Function("counted", *way)))


def _operations(function: ca.Function) -> int:
    """Of scalars; of arrays where a node has no scalars, as tables and CasADi's own solvers have none."""
    try:
        return int(function.expand().n_instructions())
    except RuntimeError:
        return int(function.n_instructions())


def repaired(text: str) -> str:
    """CasADi's C in float32: literals with their suffix, the runtime's functions, no double.

    Examples
    --------
    >>> repaired("w0 = sin((2.*w1)); w2 = casadi_fmax(1e-3,w0);")
    'w0 = arc_sinf((2.f*w1)); w2 = casadi_fmax(1e-3f,w0);'
    """
    text = _COMMENT.sub("", text)
    text = _LITERAL.sub(lambda found: f"{found[1]}f", text)
    text = _CALL.sub(lambda found: f"arc_{found[1]}f", text)
    # Its own replacement for compilers before C99: a comparison, where the function of the library is a call.
    text = text.replace("return fmin(x, y);", "return x<y ? x : y;").replace(
        "return fmax(x, y);", "return x>y ? x : y;"
    )
    return re.sub(r"#\s*include <math\.h>", '#include <math.h>\n#include "arc_math.h"\n#include "arc_scalar.h"', text)


def work_sizes(text: str) -> dict[str, int]:
    """Elements of the arrays that a caller provides, as the generated ``_work`` states them."""
    found = {name.removeprefix("sz_"): int(size) for name, size in _WORK.findall(text)}
    return {name: found[name] for name in ("arg", "res", "iw", "w")}
