"""What a function looks like from outside: arguments that are numbers, arrays or structs.

The graph and loop IRs know leaves only, each an input or an output. An `Interface` says how the leaves make up the
arguments that the user wrote: depth first, in order, each leaf of an "in" argument is one input, each leaf of an "out"
argument one output, and a leaf of an "inout" argument (a state) is an input and an output. Where a graph has no
interface, every leaf is an argument of its own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from arc_codegen.ir.types import TensorType


@dataclass(frozen=True, slots=True)
class Leaf:
    """A number or an array.

    Parameters
    ----------
    type : TensorType
    unit : str
        Physical unit, such as ``"rad/s"``.
    low, high : float, optional
        Smallest and largest value that the caller may pass; what a guard checks.
    doc : str
        One line for the header.
    default : bytes, optional
        Initial value: elements in C order, little-endian, as in `graph.Constant`.
    """

    type: TensorType
    unit: str = ""
    low: float | None = None
    high: float | None = None
    doc: str = ""
    default: bytes | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Field:
    """A named part of a struct."""

    name: str
    type: ArgumentType


@dataclass(frozen=True, slots=True)
class Struct:
    """A record of named fields; two structs are one type in C if name and fields are equal.

    Parameters
    ----------
    name : str
        What the user calls it, or what follows from the argument that has it; C adds ``_t``.
    fields : tuple of Field
    statics : tuple of (str, str)
        Fields that are folded into the code, with their values, for the header.
    doc : str
        One line for the header.
    """

    name: str
    fields: tuple[Field, ...]
    statics: tuple[tuple[str, str], ...] = field(default=(), compare=False)
    doc: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Repeated:
    """An array of structs of one type."""

    element: Struct
    count: int


ArgumentType: TypeAlias = Leaf | Struct | Repeated


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of the C function."""

    name: str
    type: ArgumentType
    direction: Literal["in", "out", "inout"]


@dataclass(frozen=True, slots=True)
class Interface:
    """All parameters of a C function, in C order."""

    arguments: tuple[Argument, ...]


def leaves(kind: ArgumentType) -> Iterator[Leaf]:
    """The leaves of an argument, depth first.

    Examples
    --------
    >>> from arc_codegen.ir.types import DType
    >>> number = Leaf(TensorType(DType.F32))
    >>> point = Struct("point", (Field("x", number), Field("y", number)))
    >>> len(list(leaves(Repeated(point, 3))))
    6
    """
    if isinstance(kind, Leaf):
        yield kind
    elif isinstance(kind, Struct):
        for part in kind.fields:
            yield from leaves(part.type)
    else:
        for _ in range(kind.count):
            yield from leaves(kind.element)
