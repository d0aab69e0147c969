"""What the functions of a manifest take and give, leaf by leaf: numbers and arrays, those in structs among them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final

import numpy as np

ELEMENT_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "float": np.dtype("<f4"),
    "double": np.dtype("<f8"),
    "int32_t": np.dtype("<i4"),
    "int64_t": np.dtype("<i8"),
    "bool": np.dtype(np.bool_),
}
"""C element type -> NumPy's; little-endian, as numbers travel."""


@dataclass(frozen=True, slots=True)
class CallLeaf:
    """A number or an array that a function takes or gives.

    Parameters
    ----------
    name : str
        ``"x"``, ``"params.w"``, ``"legs[2].angle"``: how a reader calls it, and how C does behind the argument's name.
    ctype : str
        Its element type, ``"float"`` even where the module has a name of its own for it.
    shape : tuple of int
    low, high : float, optional
        Bounds that the model states.
    direction : str
        Of its argument: ``"in"``, ``"out"`` or ``"inout"``.
    """

    name: str
    ctype: str
    shape: tuple[int, ...]
    low: float | None
    high: float | None
    direction: str

    @property
    def dtype(self) -> np.dtype[Any]:
        return ELEMENT_TYPES[self.ctype]

    @property
    def size(self) -> int:
        return prod(self.shape)

    @property
    def nbytes(self) -> int:
        return self.size * self.dtype.itemsize


@dataclass(frozen=True, slots=True)
class CallParameter:
    """A parameter in C order; ``members`` are its leaves, none of them empty."""

    name: str
    ctype: str
    direction: str
    shape: tuple[int, ...]
    pointer: bool
    members: tuple[CallLeaf, ...]

    @property
    def declarator(self) -> str:
        """What stands behind the type where it is declared: ``x[8]``, arrays flat."""
        return f"{self.name}[{max(1, prod(self.shape))}]" if self.shape else self.name


@dataclass(frozen=True, slots=True)
class CallSignature:
    """A function: its C name, whether it returns a status, its parameters."""

    c_name: str
    python: str
    returns_status: bool
    parameters: tuple[CallParameter, ...]

    @property
    def inputs(self) -> tuple[CallLeaf, ...]:
        """Leaves that the caller gives, in order."""
        return tuple(leaf for p in self.parameters if p.direction in ("in", "inout") for leaf in p.members)

    @property
    def outputs(self) -> tuple[CallLeaf, ...]:
        """Leaves that the caller gets, in order."""
        return tuple(leaf for p in self.parameters if p.direction in ("out", "inout") for leaf in p.members)

    @property
    def ctypes(self) -> frozenset[str]:
        """Element types of all that it takes and gives."""
        return frozenset(leaf.ctype for leaf in (*self.inputs, *self.outputs))


def call_signatures(manifest: Mapping[str, Any]) -> tuple[CallSignature, ...]:
    """The functions of a manifest.

    Parameters
    ----------
    manifest : mapping
        Of a generated module, as `arc_codegen.generate.Generated` has it or as it is read from its file.

    Examples
    --------
    >>> parameter = {"name": "x", "direction": "in", "ctype": "float", "shape": [8], "pointer": True, "fields": []}
    >>> function = {"c_name": "f", "python": "f", "returns": "void", "params": [parameter]}
    >>> [(leaf.name, leaf.nbytes) for leaf in call_signatures({"functions": [function]})[0].inputs]
    [('x', 32)]
    """
    typedef = str(manifest.get("options", {}).get("float_typedef", "float"))
    return tuple(
        CallSignature(
            function["c_name"],
            function.get("python") or function["c_name"],
            function["returns"] == "status",
            tuple(_parameter(entry, typedef) for entry in function["params"]),
        )
        for function in manifest["functions"]
    )


def _parameter(entry: Mapping[str, Any], typedef: str) -> CallParameter:
    shape = tuple(entry["shape"])
    members = tuple(leaf for leaf in _members(entry, entry["name"], entry["direction"], typedef) if leaf.size)
    return CallParameter(entry["name"], entry["ctype"], entry["direction"], shape, entry["pointer"], members)


def _members(entry: Mapping[str, Any], path: str, direction: str, typedef: str) -> Iterator[CallLeaf]:
    shape = tuple(entry["shape"])
    if not entry.get("fields"):
        ctype = "float" if entry["ctype"] == typedef else entry["ctype"]
        yield CallLeaf(path, ctype, shape, entry.get("low"), entry.get("high"), direction)
        return
    for base in [f"{path}[{k}]" for k in range(prod(shape))] if shape else [path]:
        for member in entry["fields"]:
            yield from _members(member, f"{base}.{member['name']}", direction, typedef)
