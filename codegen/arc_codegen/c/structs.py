"""Structs of a module: their C names, the spelling of their fields, and that equal ones are one type.

The C of a struct depends on nothing but its name, its fields and the prefix, so that two modules which share it write
the same text; its digest is of that text.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator
from dataclasses import dataclass

from arc_codegen.c import reserved
from arc_codegen.c.names import NameScope, check_length, mangled
from arc_codegen.c.scalar_ops import CTYPES
from arc_codegen.errors import IdentifierError
from arc_codegen.ir.interface import ArgumentType, Leaf, Repeated, Struct, leaves


@dataclass(frozen=True, slots=True)
class CField:
    """A field: ``name`` is its C name, ``field`` what the user calls it; ``leaf`` or ``struct`` says what it is."""

    name: str
    field: str
    ctype: str
    extents: tuple[int, ...]
    leaf: Leaf | None = None
    struct: CStruct | None = None

    @property
    def declarator(self) -> str:
        """What stands after the type: ``w[4][8]``."""
        return self.name + "".join(f"[{extent}]" for extent in self.extents)


@dataclass(frozen=True, slots=True)
class CStruct:
    """A struct type. ``digest`` identifies its layout; fields without elements are not among ``fields``."""

    c_name: str
    name: str
    fields: tuple[CField, ...]
    digest: str
    macros: tuple[tuple[str, int], ...] = ()
    statics: tuple[tuple[str, str], ...] = ()
    doc: str = ""


class StructPool:
    """The struct types of a module, each after those that it contains.

    Parameters
    ----------
    prefix : str
        Put before every type's name.
    typedef : str
        Name that stands for ``float``; no field has it.
    """

    def __init__(self, prefix: str, typedef: str = "float") -> None:
        self._prefix = prefix
        self._typedef = typedef
        self._types: dict[str, CStruct] = {}

    @property
    def types(self) -> tuple[CStruct, ...]:
        return tuple(self._types.values())

    def add(self, struct: Struct) -> CStruct | None:
        """The C type of a struct; None for one without elements.

        Raises
        ------
        IdentifierError
            ARC520: another struct has this name. ARC521: the name is reserved. ARC503: it is too long.
        """
        if not has_elements(struct):
            return None
        c_name = self._type_name(struct.name)
        parts = [part for part in struct.fields if has_elements(part.type)]
        inner = {part.name: self._inner(part.type) for part in parts}
        scope = NameScope([c_name, self._typedef, *(kind.c_name for kind in inner.values() if kind)])
        # A field whose name C can spell keeps it, whatever comes before.
        spelled = {part.name: scope.unique(part.name) for part in parts if mangled(part.name) == part.name}
        spelled |= {part.name: scope.claim(part.name) for part in parts if part.name not in spelled}
        fields = tuple(_field(part.name, spelled[part.name], part.type, inner[part.name]) for part in parts)
        digest = _digest(c_name, fields)
        made = CStruct(c_name, struct.name, fields, digest, tuple(_macros(c_name, fields)), struct.statics, struct.doc)
        known = self._types.setdefault(c_name, made)
        if known.digest != made.digest:
            message = (
                f"two different structs are called {c_name!r}: {{{_layout(known.fields)}}} and {{{_layout(fields)}}}"
            )
            raise IdentifierError(message, code="ARC520", hint="give one of them another name")
        self._types[c_name] = _documented(known, made)
        return self._types[c_name]

    def _inner(self, kind: ArgumentType) -> CStruct | None:
        if isinstance(kind, Leaf):
            return None
        return self.add(kind.element if isinstance(kind, Repeated) else kind)

    def _type_name(self, name: str) -> str:
        c_name = f"{self._prefix}{mangled(name, fallback='struct', longest=None).rstrip('_')}_t"
        if c_name in reserved.EXPORTED | reserved.SYSTEM_TYPES or c_name.lower().startswith("arc_"):
            message = f"the struct {name!r} would be {c_name!r} in C, which is reserved"
            raise IdentifierError(message, code="ARC521", hint=f"call it {f'my_{name}'!r}, or set a prefix='app_'")
        return check_length(c_name, what="struct")


def has_elements(kind: ArgumentType) -> bool:
    """Whether there is anything in it that C can hold."""
    return any(leaf.type.size for leaf in leaves(kind))


def _field(field: str, name: str, kind: ArgumentType, inner: CStruct | None) -> CField:
    if isinstance(kind, Leaf):
        return CField(name, field, CTYPES[kind.type.dtype], kind.type.shape, leaf=kind)
    assert inner is not None
    return CField(name, field, inner.c_name, (kind.count,) if isinstance(kind, Repeated) else (), struct=inner)


def _macros(c_name: str, fields: tuple[CField, ...]) -> Iterator[tuple[str, int]]:
    """Sizes and dimensions of the arrays: ``LOSS_PARAMS_T_W_DIM0``."""
    scope = NameScope()
    for item in fields:
        if item.extents:
            base = f"{c_name}_{item.name}".upper().rstrip("_")
            yield scope.unique(f"{base}_SIZE"), math.prod(item.extents)
            if len(item.extents) > 1:
                yield from ((scope.unique(f"{base}_DIM{axis}"), extent) for axis, extent in enumerate(item.extents))


def _documented(known: CStruct, made: CStruct) -> CStruct:
    """Of two equal types the one that says more: a gradient has the fields of its parameters, but not their units."""

    def said(struct: CStruct) -> int:
        notes = [(leaf.unit, leaf.doc, leaf.low, leaf.high) for leaf in (item.leaf for item in struct.fields) if leaf]
        return sum(value not in (None, "") for note in notes for value in note) + bool(struct.doc) + len(struct.statics)

    return made if said(made) > said(known) else known


def _layout(fields: tuple[CField, ...]) -> str:
    shown = "; ".join(f"{item.ctype} {item.declarator}" for item in fields[:6])
    return shown + ("; ..." if len(fields) > 6 else "")


def _digest(c_name: str, fields: tuple[CField, ...]) -> str:
    return hashlib.sha256(f"{c_name}{{{';'.join(_lines(fields))}}}".encode()).hexdigest()[:8]


def _lines(fields: tuple[CField, ...]) -> Iterator[str]:
    for item in fields:
        yield f"{item.ctype}{f'<{item.struct.digest}>' if item.struct else ''} {item.declarator}"
