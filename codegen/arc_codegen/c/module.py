"""What the C of a module is, before it becomes files: functions, tables, helpers, parameters, and what they need."""

from __future__ import annotations

from dataclasses import dataclass

from arc_codegen.c import ast
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class CParameter:
    """A parameter of an exported function, in C order.

    ``name`` is its C name, ``argument`` what the user calls it. ``direction`` is "in", "out" or "work". ``macros`` are
    the dimension macros (name, value) of the header.
    """

    name: str
    argument: str
    direction: str
    dtype: DType
    ctype: str
    shape: tuple[int, ...]
    size: int
    pointer: bool
    syntax: ast.Parameter
    macros: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class CFunction:
    """An exported function: its C, and what its documentation says."""

    c_name: str
    name: str
    doc: str
    parameters: tuple[CParameter, ...]
    syntax: ast.Function
    operations: dict[str, int]
    workspace_bytes: int


@dataclass(frozen=True, slots=True)
class CModule:
    """One .c/.h pair. ``kernels`` are the runtime's functions that it calls, by C name."""

    name: str
    stem: str
    functions: tuple[CFunction, ...]
    tables: tuple[ast.Table, ...]
    helpers: tuple[ast.Function, ...]
    kernels: tuple[str, ...]
    uses_math: bool
    dtypes: frozenset[DType]
