"""How C calls the local functions of a function, and how their results come back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from arc_codegen.c import ast
from arc_codegen.c.names import NameScope, mangled
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.ir.loops import Expr, LocalFunction, LoopFunction, Ref, Symbol

_IN_REGISTERS = 4
"""AAPCS-VFP returns a struct of up to four numbers of one real type in registers; nobody is slower than by pointers."""


@dataclass(frozen=True, slots=True)
class StaticName:
    """The name of a static function.

    The first results are returned, as one value or in a ``struct`` of that name with these ``fields``; the others, from
    ``returned`` on, are written through pointers.
    """

    name: str
    returned: int
    struct: str = ""
    fields: tuple[str, ...] = ()
    ctype: str = "void"

    @property
    def returns(self) -> str:
        """The type that it returns."""
        return self.struct or self.ctype

    def definition(self) -> ast.StructType:
        """That of the struct."""
        return ast.StructType(self.struct, tuple((self.ctype, name) for name in self.fields))


def static_names(function: LoopFunction, c_name: str, claim: Callable[[str], str]) -> dict[Symbol, StaticName]:
    """C names of the local functions: that of their function and their own."""
    return {local.symbol: _static_name(local, c_name, claim) for local in function.locals}


def _static_name(local: LocalFunction, c_name: str, claim: Callable[[str], str]) -> StaticName:
    name = claim(f"{c_name}_{mangled(local.symbol.hint, fallback='part')}".rstrip("_"))
    returned = _returned(local.results)
    if not returned:
        return StaticName(name, 0)
    ctype = CTYPES[local.results[0].dtype]
    if returned == 1:
        return StaticName(name, 1, ctype=ctype)
    scope = NameScope()
    fields = tuple(scope.claim(result_hint(result)) for result in local.results[:returned])
    return StaticName(name, returned, claim(f"{name}_t"), fields, ctype)


def _returned(results: Sequence[Expr]) -> int:
    """How many results a function returns itself: the first of one real type, as many as fit into registers."""
    if not results or not results[0].dtype.is_real:
        return min(1, len(results))
    others = (k for k, result in enumerate(results) if result.dtype is not results[0].dtype)
    return min(_IN_REGISTERS, next(others, len(results)))


def result_hint(result: Expr) -> str:
    """What a result of a local function may be called."""
    return result.symbol.hint if isinstance(result, Ref) else "y"
