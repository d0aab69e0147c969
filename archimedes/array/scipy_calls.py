"""SciPy's functions run compiled code on numbers, and do not ask what their arguments are: what to write instead."""

from __future__ import annotations

import sys
from types import FrameType, FunctionType
from typing import Final

from arc_codegen.ir.types import Origin

from archimedes.array.trace_context import is_internal
from archimedes.errors import ArcTypeError

INSTEAD: Final = {
    "scipy.linalg.cholesky": "arc.linalg.cholesky",
    "scipy.linalg.cho_factor": "arc.linalg.cho_factor",
    "scipy.linalg.cho_solve": "arc.linalg.cho_solve",
    "scipy.linalg.solve_triangular": "arc.linalg.solve_triangular",
    "scipy.linalg.solve": "arc.linalg.solve",
    "scipy.linalg.lstsq": "arc.linalg.lstsq",
    "scipy.linalg.qr": "arc.linalg.qr",
    "scipy.linalg.inv": "np.linalg.inv",
    "scipy.linalg.det": "np.linalg.det",
    "scipy.linalg.pinv": "np.linalg.pinv",
    "scipy.linalg.norm": "np.linalg.norm",
}
"""SciPy's function -> one that can be traced."""


def scipy_error() -> ArcTypeError | None:
    """The error for the call of a SciPy function that is under way, None where there is none."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and is_internal(frame.f_code.co_filename):
        frame = frame.f_back
    called = ""
    while frame is not None and _is_scipy(frame):
        called = _public_name(frame) or called
        frame = frame.f_back
    if not called:
        return None
    instead = INSTEAD.get(called)
    hint = f"use {instead}" if instead else "write it with NumPy's functions and those of arc.linalg (docs/linalg.md)"
    where = str(Origin(frame.f_code.co_filename, frame.f_lineno)) if frame is not None else None
    return ArcTypeError(f"{called} computes with numbers, and cannot be traced", code="ARC175", hint=hint, where=where)


def _is_scipy(frame: FrameType) -> bool:
    module = str(frame.f_globals.get("__name__", ""))
    return module.startswith("scipy.") or frame.f_code.co_filename.startswith("<__array_function__")


def _public_name(frame: FrameType) -> str:
    """``scipy.linalg.cholesky`` for a function that SciPy exports under this name, or for one that wraps it."""
    wrapped = [value for value in frame.f_locals.values() if isinstance(value, FunctionType)]
    modules = [str(frame.f_globals.get("__name__", "")), *(function.__module__ for function in wrapped)]
    names = [frame.f_code.co_name, *(function.__name__ for function in wrapped)]
    for module, name in zip(modules, names, strict=True):
        package = ".".join(module.split(".")[:2])
        if module.startswith("scipy.") and not name.startswith("_") and hasattr(sys.modules.get(package), name):
            return f"{package}.{name}"
    return ""
