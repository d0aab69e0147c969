"""Arguments of exported functions, for C that calls them: variables ``arg_<name>``, their leaves, and the call."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod

from arc_codegen.c.module import CFunction, CParameter
from arc_codegen.c.structs import CStruct
from arc_codegen.ir.types import DType


@dataclass(frozen=True, slots=True)
class Place:
    """A leaf of an argument: an lvalue such as ``arg_params.w`` (a number or an array), its type, its elements."""

    path: str
    dtype: DType
    ctype: str
    extents: tuple[int, ...]

    @property
    def size(self) -> int:
        """Number of elements."""
        return prod(self.extents)

    def element(self, index: str) -> str:
        """The element at a position in C order, ``index`` being its expression.

        Examples
        --------
        >>> Place("arg_params.w", DType.F32, "float", (4, 8)).element("k")
        'arg_params.w[k / 8][k % 8]'
        """
        last = len(self.extents) - 1
        subscripts = []
        for axis in range(last + 1):
            stride = prod(self.extents[axis + 1 :])
            quotient = f"{index} / {stride}" if axis < last else index
            subscripts.append(f"[{quotient}{f' % {self.extents[axis]}' if axis > 0 else ''}]")
        return self.path + "".join(subscripts)

    @property
    def shown(self) -> str:
        """What a reader calls it: ``params.w``."""
        return self.path.removeprefix("arg_")

    @property
    def identifier(self) -> str:
        """The path as a part of a name: ``params_w``."""
        return "_".join(filter(None, self.shown.replace("[", ".").replace("]", "").split(".")))


def variable(item: CParameter) -> str:
    """Declaration of the variable for an argument, arrays flat: ``float arg_rate``, ``float arg_A[32]``."""
    length = f"[{max(1, item.size)}]" if item.shape else ""
    return f"{item.ctype} arg_{item.name}{length}"


def call(function: CFunction) -> str:
    """The call of a function with its variables."""
    passed = [
        f"&arg_{item.name}" if item.pointer and not item.shape else f"arg_{item.name}" for item in function.parameters
    ]
    return f"{function.c_name}({', '.join(passed)})"


def places(item: CParameter) -> Iterator[Place]:
    """The leaves of an argument that have elements, in the order of the interface."""
    name = f"arg_{item.name}"
    if item.struct is not None:
        for base in [f"{name}[{k}]" for k in range(item.size)] if item.shape else [name]:
            yield from _fields(item.struct, base)
    elif item.size and item.dtype is not None:
        yield Place(name, item.dtype, item.ctype, (item.size,) if item.shape else ())


def _fields(struct: CStruct, base: str) -> Iterator[Place]:
    for part in struct.fields:
        path = f"{base}.{part.name}"
        if part.struct is not None:
            for inner in [f"{path}[{k}]" for k in range(part.extents[0])] if part.extents else [path]:
                yield from _fields(part.struct, inner)
        elif part.leaf is not None:
            yield Place(path, part.leaf.type.dtype, part.ctype, part.extents)
