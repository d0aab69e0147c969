"""What a function looks like from outside: arguments that are numbers, arrays or structs.

The graph and loop IRs know leaves only, each an input or an output. An `Interface` says how the leaves make up the
arguments that the user wrote: depth first, in order, each leaf of an "in" argument is one input, each leaf of an "out"
argument one output, and a leaf of an "inout" argument (a state) is an input and an output. Where a graph has no
interface, every leaf is an argument of its own.

What has no elements (an array of length 0, a struct without fields that have elements) has no place in a C struct, and
an argument of that kind is no parameter.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import numpy as np

from arc_codegen.ir.types import DType, TensorType


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


Bound: TypeAlias = float | int | None


def element_bounds(leaf: Leaf) -> tuple[Bound, Bound]:
    """``low`` and ``high`` as numbers of the leaf's element type; None where no value of the type is beyond them.

    Real bounds are the nearest to what the user wrote, so that a caller who passes the bound itself passes.

    Raises
    ------
    ValueError
        No value of the type is between them.

    Examples
    --------
    >>> element_bounds(Leaf(TensorType(DType.I32), low=0.5, high=float("inf")))
    (1, None)
    """
    dtype = leaf.type.dtype
    if dtype is DType.BOOL:
        return None, None
    low, high = leaf.low, leaf.high
    lower_limit, upper_limit = (-math.inf if low is None else low), (math.inf if high is None else high)
    if not lower_limit <= upper_limit:  # NaN too
        raise ValueError
    if dtype.is_integer:
        least, most = -(2 ** (8 * dtype.itemsize - 1)), 2 ** (8 * dtype.itemsize - 1) - 1
        if (low is not None and low > most) or (high is not None and high < least):
            raise ValueError
        lower = None if low is None or low <= least else math.ceil(low)
        upper = None if high is None or high >= most else math.floor(high)
        if lower is not None and upper is not None and lower > upper:
            raise ValueError
        return lower, upper
    with np.errstate(over="ignore"):
        nearest = [
            None if bound is None else float(np.asarray(bound).astype(dtype.numpy_name)) for bound in (low, high)
        ]
    if nearest[0] == math.inf or nearest[1] == -math.inf:
        raise ValueError
    return (None if nearest[0] == -math.inf else nearest[0]), (None if nearest[1] == math.inf else nearest[1])


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
    """An array of structs of one type.

    Parameters
    ----------
    element : Struct
    count : int
    each : tuple of Struct
        The elements one by one, where their leaves have defaults of their own; empty if all are as ``element``.
    """

    element: Struct
    count: int
    each: tuple[Struct, ...] = field(default=(), compare=False)

    @property
    def elements(self) -> tuple[Struct, ...]:
        """One struct for each element."""
        return self.each or (self.element,) * self.count


ArgumentType: TypeAlias = Leaf | Struct | Repeated

Direction: TypeAlias = Literal["in", "out", "inout"]


@dataclass(frozen=True, slots=True)
class Argument:
    """One parameter of the C function.

    Parameters
    ----------
    name : str
    type : ArgumentType
    direction : {"in", "out", "inout"}
    initialiser : str
        Name, without prefix, of a function of its own that sets the argument to the defaults of its leaves: for a
        state, ``pi_init`` beside ``pi_step``. Empty: there is none.
    """

    name: str
    type: ArgumentType
    direction: Direction
    initialiser: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """All parameters of a C function, in C order.

    Parameters
    ----------
    arguments : tuple of Argument
    period : float, optional
        Seconds from one call to the next that the function is made for; stated in the header and the manifest.
    """

    arguments: tuple[Argument, ...]
    period: float | None = None

    def input_leaves(self) -> list[Leaf]:
        """What the inputs of the graph are, in order."""
        return [leaf for item in self.arguments if item.direction != "out" for leaf in leaves(item.type)]

    def output_leaves(self) -> list[Leaf]:
        """What the outputs of the graph are, in order."""
        return [leaf for item in self.arguments if item.direction != "in" for leaf in leaves(item.type)]

    def input_directions(self) -> list[Direction]:
        """Of the argument that each input belongs to, in order."""
        given = [item for item in self.arguments if item.direction != "out"]
        return [item.direction for item in given for _ in leaves(item.type)]

    def output_directions(self) -> list[Direction]:
        """Of the argument that each output belongs to, in order."""
        written = [item for item in self.arguments if item.direction != "in"]
        return [item.direction for item in written for _ in leaves(item.type)]


def leaves(kind: ArgumentType) -> Iterator[Leaf]:
    """The leaves of an argument, depth first.

    Examples
    --------
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
        for element in kind.elements:
            yield from leaves(element)


def interface_problem(
    interface: Interface | None, inputs: Sequence[TensorType], outputs: Sequence[TensorType]
) -> str | None:
    """What keeps an interface from describing a program of these inputs and outputs; None if it does, or is None.

    Examples
    --------
    >>> number = TensorType(DType.F32)
    >>> interface = Interface((Argument("x", Leaf(number), "in"),))
    >>> interface_problem(interface, [number], [])
    >>> interface_problem(interface, [number], [number])
    'the interface has 0 output leaves, the program 1 outputs'
    """
    if interface is None:
        return None
    sides = (("input", interface.input_leaves(), inputs), ("output", interface.output_leaves(), outputs))
    for side, found, expected in sides:
        if len(found) != len(expected):
            return f"the interface has {len(found)} {side} leaves, the program {len(expected)} {side}s"
        for number, (leaf, wanted) in enumerate(zip(found, expected, strict=True)):
            if leaf.type != wanted:
                return f"{side} {number} is {wanted}, in the interface {leaf.type}"
            if leaf.default is not None and len(leaf.default) != wanted.size * wanted.dtype.itemsize:
                return f"the default of {side} {number} ({wanted}) has {len(leaf.default)} bytes"
    return None
