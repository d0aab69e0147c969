"""What the C of a module is, before it becomes files: functions, tables, helpers, parameters, and what they need."""

from __future__ import annotations

from dataclasses import dataclass

from arc_codegen.c import ast
from arc_codegen.c.initialisers import Initialiser
from arc_codegen.c.structs import CStruct
from arc_codegen.ir.interface import Leaf
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class CParameter:
    """A parameter of an exported function, in C order.

    ``name`` is its C name, ``argument`` what the user calls it. ``direction`` is "in", "out", "inout" or "work". It is
    a number or an array of ``dtype``, or a ``struct`` or an array of them. ``macros`` are the dimension macros (name,
    value) of the header, ``leaf`` is what else is known of it, ``default`` the constant that holds its default.
    """

    name: str
    argument: str
    direction: str
    dtype: DType | None
    ctype: str
    shape: tuple[int, ...]
    size: int
    pointer: bool
    syntax: ast.Parameter
    macros: tuple[tuple[str, int], ...] = ()
    leaf: Leaf | None = None
    struct: CStruct | None = None
    default: str = ""


@dataclass(frozen=True, slots=True)
class CFunction:
    """An exported function: its C, and what its documentation says.

    ``returns`` is "void" or "status", which is then OK or one of ``errors``. ``period`` is in seconds; ``macros`` are
    macros (name, spelled value) beside those of the parameters; ``statics`` are fields that are folded into the code.
    ``locals`` are static functions that it calls.
    """

    c_name: str
    name: str
    doc: str
    parameters: tuple[CParameter, ...]
    syntax: ast.Function
    operations: dict[str, int]
    workspace_bytes: int
    returns: str = "void"
    errors: tuple[Status, ...] = ()
    period: float | None = None
    macros: tuple[tuple[str, str], ...] = ()
    statics: tuple[tuple[str, str], ...] = ()
    locals: tuple[ast.Definition, ...] = ()

    @property
    def definitions(self) -> tuple[ast.Definition, ...]:
        """The static functions that it calls, with the structs that they return, then itself."""
        return (*self.locals, self.syntax)


@dataclass(frozen=True, slots=True)
class CConstant:
    """A constant of the interface: the defaults of a struct parameter; ``value`` is its initialiser."""

    ctype: str
    name: str
    extents: tuple[int, ...]
    value: Initialiser
    argument: str


@dataclass(frozen=True, slots=True)
class CModule:
    """One .c/.h pair. ``kernels`` are the runtime's kernels that it calls, by C name; ``called`` the functions of math
    libraries (those of the runtime begin with ``arc_``) and macros of arc_scalar.h.
    """

    name: str
    stem: str
    functions: tuple[CFunction, ...]
    tables: tuple[ast.Table, ...]
    helpers: tuple[ast.Function, ...]
    kernels: tuple[str, ...]
    called: frozenset[str]
    narrows: bool
    dtypes: frozenset[DType]
    types: tuple[CStruct, ...] = ()
    constants: tuple[CConstant, ...] = ()
    keeps_order: bool = False

    @property
    def has_double(self) -> bool:
        """Whether it computes with float64."""
        return DType.F64 in self.dtypes

    @property
    def platform_functions(self) -> tuple[str, ...]:
        """Functions of <math.h> that it calls."""
        return tuple(sorted(name for name in self.called if not is_of_the_runtime(name)))

    @property
    def arc_functions(self) -> tuple[str, ...]:
        """Functions of arc_math and arc_scalar.h that it calls."""
        return tuple(name for name in self.runtime_functions if name.islower())

    @property
    def runtime_functions(self) -> tuple[str, ...]:
        """Functions and macros of the runtime that it names, its kernels apart."""
        return tuple(sorted(filter(is_of_the_runtime, self.called)))


def is_of_the_runtime(name: str) -> bool:
    """Whether a function or macro is one of the runtime's."""
    return name.lower().startswith("arc_")
