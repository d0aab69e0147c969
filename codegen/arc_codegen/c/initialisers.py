"""Initialisers of constants: values in the nested braces of their types."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from arc_codegen.c.literals import literal, uses_scalar_macros
from arc_codegen.c.structs import CStruct, has_elements
from arc_codegen.ir.interface import ArgumentType, Leaf, Repeated, Struct, leaves
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Braces:
    """Values in braces; ``labels`` name them in comments, or are empty."""

    values: tuple[Initialiser, ...]
    labels: tuple[str, ...] = ()


Initialiser: TypeAlias = Braces | str


def has_defaults(kind: ArgumentType) -> bool:
    """Whether every leaf with elements has a default."""
    return all(leaf.default is not None for leaf in leaves(kind) if leaf.type.size)


def default_elements(leaf: Leaf) -> list[float | int | bool]:
    """Elements of a leaf's default, in C order."""
    assert leaf.default is not None
    stored = np.dtype(leaf.type.dtype.numpy_name).newbyteorder("<")
    elements: list[float | int | bool] = np.frombuffer(leaf.default, stored).tolist()
    return elements


def default_initialiser(kind: ArgumentType, struct: CStruct | None) -> Initialiser:
    """The defaults of an argument; ``struct`` is its C type."""
    if isinstance(kind, Leaf):
        spelled = [literal(element, kind.type.dtype) for element in default_elements(kind)]
        return _nested(spelled, kind.type.shape)
    if isinstance(kind, Repeated):
        return Braces(tuple(default_initialiser(element, struct) for element in kind.elements))
    assert struct is not None
    return _struct(kind, struct)


def _struct(kind: Struct, struct: CStruct) -> Braces:
    parts = [part for part in kind.fields if has_elements(part.type)]
    pairs = list(zip(parts, struct.fields, strict=True))
    values = tuple(default_initialiser(part.type, item.struct) for part, item in pairs)
    return Braces(values, tuple(item.name for item in struct.fields))


def _nested(spelled: Sequence[str], shape: tuple[int, ...]) -> Initialiser:
    if not shape:
        return spelled[0]
    step = len(spelled) // shape[0]
    return Braces(tuple(_nested(spelled[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])))


def defaults_need_macros(kind: ArgumentType) -> bool:
    """Whether the initialiser is spelled with macros of arc_scalar.h."""
    reals = (leaf for leaf in leaves(kind) if leaf.type.size and leaf.type.dtype in (DType.F32, DType.F64))
    return any(uses_scalar_macros(element) for leaf in reals for element in default_elements(leaf))


def one_line(node: Initialiser) -> str:
    """Text of an initialiser, on one line."""
    if isinstance(node, str):
        return node
    return f"{{{', '.join(map(one_line, node.values))}}}"


def initialiser_lines(node: Braces, *, depth: int, columns: int) -> Iterator[str]:
    """Lines of what stands between the outer braces, one labelled value a line where they fit."""
    pad = "    " * depth
    labels: Sequence[Any] = node.labels or [""] * len(node.values)
    filled = ""
    for position, (value, label) in enumerate(zip(node.values, labels, strict=True)):
        end = "" if position == len(node.values) - 1 else ","
        head = f"/* {label} */ " if label else ""
        piece = f"{head}{one_line(value)}{end}"
        if not label and isinstance(value, str):
            if filled and len(pad) + len(filled) + 1 + len(piece) > columns:
                yield pad + filled
                filled = ""
            filled = f"{filled} {piece}" if filled else piece
        elif len(pad) + len(piece) <= columns or isinstance(value, str):
            yield pad + piece
        else:
            yield f"{pad}{head}{{"
            yield from initialiser_lines(value, depth=depth + 1, columns=columns)
            yield f"{pad}}}{end}"
    if filled:
        yield pad + filled
