"""Signatures: parameters of an exported function, their declarators and dimension macros."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from arc_codegen.c import ast
from arc_codegen.c.module import CParameter
from arc_codegen.c.names import NameScope
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.ir.loops import Buffer, LoopFunction, Symbol
from arc_codegen.ir.types import DType

_WORK_HINTS = {DType.F32: "work", DType.F64: "work", DType.I32: "iwork", DType.I64: "lwork", DType.BOOL: "bwork"}


def parameter(buffer: Buffer, name: str) -> CParameter:
    """The parameter for an input or output buffer.

    Rank 0 goes by value in and by pointer out; rank 1 tells its length; higher ranks are pointers to
    row-major elements.
    """
    reads = buffer.kind == "input"
    shape = buffer.shape if buffer.shape or buffer.size == 1 else (buffer.size,)
    ctype = CTYPES[buffer.dtype]
    qualified = f"const {ctype}" if reads else ctype
    if shape == () and reads:
        syntax, pointer = ast.Parameter(ctype, name), False
    elif len(shape) == 1 and buffer.size > 0:
        syntax, pointer = ast.Parameter(qualified, f"{name}[{buffer.size}]"), True
    else:
        syntax, pointer = ast.Parameter(qualified, f"*{name}"), True
    return CParameter(
        name=name,
        argument=buffer.symbol.hint,
        direction="in" if reads else "out",
        dtype=buffer.dtype,
        ctype=ctype,
        shape=shape,
        size=buffer.size,
        pointer=pointer,
        syntax=syntax,
    )


def signature(function: LoopFunction, scope: NameScope) -> tuple[dict[Symbol, str], tuple[CParameter, ...]]:
    """Names and parameters of a function's inputs and outputs, in order."""
    names: dict[Symbol, str] = {}
    parameters = []
    for buffer in function.buffers:
        if buffer.kind in ("input", "output"):
            names[buffer.symbol] = scope.claim(buffer.symbol.hint, fallback="x" if buffer.kind == "input" else "y")
            parameters.append(parameter(buffer, names[buffer.symbol]))
    return names, tuple(parameters)


def work_parameters(work: list[Buffer], scope: NameScope) -> tuple[CParameter, ...]:
    """Parameters through which the caller provides workspace, one per element type."""
    sizes: dict[DType, int] = {}
    for buffer in work:
        sizes[buffer.dtype] = sizes.get(buffer.dtype, 0) + max(1, buffer.size)
    parameters = []
    for dtype, size in sizes.items():
        name = scope.claim(_WORK_HINTS[dtype])
        ctype = CTYPES[dtype]
        syntax = ast.Parameter(ctype, f"{name}[{size}]")
        parameters.append(CParameter(name, name, "work", dtype, ctype, (size,), size, True, syntax))
    return tuple(parameters)


def with_macros(parameters: tuple[CParameter, ...], c_name: str, claim: Callable[[str], str]) -> tuple[CParameter, ...]:
    """Parameters with macros for their sizes and dimensions: ``LOSS_A_SIZE``, ``LOSS_A_DIM0``, ``LOSS_A_DIM1``."""
    result = []
    for item in parameters:
        macros: list[tuple[str, int]] = []
        if item.shape:
            base = f"{c_name}_{item.name}".upper().rstrip("_")
            macros.append((claim(f"{base}_SIZE"), item.size))
            if len(item.shape) > 1:
                macros.extend((claim(f"{base}_DIM{axis}"), extent) for axis, extent in enumerate(item.shape))
        result.append(replace(item, macros=tuple(macros)))
    return tuple(result)
