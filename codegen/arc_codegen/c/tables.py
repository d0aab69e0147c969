"""Constant arrays of a module: each once, whichever functions use it; index tables in the smallest type.

Arrays of which C reads single elements are tables (``ARC_TABLE``), which some machines keep apart from memory; those
that kernels read through a pointer are ordinary constants (``ARC_CONST``).
"""

from __future__ import annotations

from arc_codegen.c import ast
from arc_codegen.c.access import BufferAccess
from arc_codegen.c.literals import NON_FINITE, literal, uses_scalar_macros
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


MARK = "ARC_TABLE"
_READ = {
    **{f"{sign}int{bits}_t": f"ARC_READ_{sign.upper() or 'I'}{bits}" for sign in ("", "u") for bits in (8, 16, 32)},
    "int64_t": "ARC_READ_I64",
    "bool": "ARC_READ_BOOL",
    "float": "ARC_READ_F32",
    "double": "ARC_READ_F64",
}
"""Macros of arc_table.h by element type."""


class TablePool:
    """The constant arrays of a module. Equal ones (type, bits, and who reads them) are one, under the first name.

    ``tables`` are their definitions, ``called`` the macros of the runtime in these.
    """

    def __init__(self, scope: NameScope, stem: str) -> None:
        self._scope = scope
        self._stem = stem
        self._by_content: dict[tuple[str, str, tuple[str, ...]], str] = {}
        self.tables: list[ast.Table] = []
        self.called: set[str] = set()

    def add(self, buffer: Buffer, *, in_memory: bool) -> BufferAccess:
        """How C reads the array that holds the constants of ``buffer``.

        ``in_memory``: a kernel reads it too, through a pointer. Where none does, integers take the smallest type.
        """
        elements = tuple(literal(value, buffer.dtype) for value in buffer.values)
        ctype = CTYPES[buffer.dtype]
        if not in_memory and buffer.dtype.is_integer:
            low, high = min(buffer.values), max(buffer.values)
            ctype = next((name for name, least, most in _INDEX_TYPES if least <= low and high <= most), ctype)
        place = "ARC_CONST" if in_memory else MARK
        key = (place, ctype, elements)
        name = self._by_content.get(key)
        if name is None:
            name = self._scope.unique(self._stem + mangled(buffer.symbol.hint, fallback="table").rstrip("_"))
            self._by_content[key] = name
            self.tables.append(ast.Table(f"{place} static const {ctype}", name, elements))
            if buffer.dtype in (DType.F32, DType.F64):
                self.called |= {NON_FINITE} if any(map(uses_scalar_macros, buffer.values)) else set()
            if not in_memory:
                self.called.add(MARK)
        return BufferAccess(name, buffer.dtype, ctype, "array", "" if in_memory else _READ[ctype])
