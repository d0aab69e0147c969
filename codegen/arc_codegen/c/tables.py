"""Constant arrays of a module: each once, whichever functions use it; index tables in the smallest type."""

from __future__ import annotations

from arc_codegen.c import ast
from arc_codegen.c.literals import literal, uses_scalar_macros
from arc_codegen.c.names import NameScope, mangled
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.ir.loops import Buffer
from arc_codegen.ir.types import DType

_INDEX_TYPES = (
    ("uint8_t", 0, 2**8 - 1),
    ("int8_t", -(2**7), 2**7 - 1),
    ("int16_t", -(2**15), 2**15 - 1),
    ("uint16_t", 0, 2**16 - 1),
    ("int32_t", -(2**31), 2**31 - 1),
)


class TablePool:
    """The constant arrays of a module. Equal ones (type and bits) are one, under the name that came first."""

    def __init__(self, scope: NameScope, stem: str) -> None:
        self._scope = scope
        self._stem = stem
        self._by_content: dict[tuple[str, tuple[str, ...]], str] = {}
        self.tables: list[ast.Table] = []
        self.uses_macros = False

    def add(self, buffer: Buffer, *, narrow: bool) -> tuple[str, str]:
        """Name and element type of the array that holds the constants of ``buffer``.

        ``narrow``: only read as numbers, so integers may take the smallest type.
        """
        elements = tuple(literal(value, buffer.dtype) for value in buffer.values)
        ctype = CTYPES[buffer.dtype]
        if narrow and buffer.dtype.is_integer:
            low, high = min(buffer.values), max(buffer.values)
            ctype = next((name for name, least, most in _INDEX_TYPES if least <= low and high <= most), ctype)
        key = (ctype, elements)
        name = self._by_content.get(key)
        if name is None:
            name = self._scope.unique(self._stem + mangled(buffer.symbol.hint, fallback="table").rstrip("_"))
            self._by_content[key] = name
            self.tables.append(ast.Table(f"ARC_CONST static const {ctype}", name, elements))
            if buffer.dtype in (DType.F32, DType.F64):
                self.uses_macros = self.uses_macros or any(map(uses_scalar_macros, buffer.values))
        return name, ctype
