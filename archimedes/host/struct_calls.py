"""Generated functions with structs among their parameters, called with the leaves of the structs.

A struct lies in memory that cffi allocates, as the C compiler of this machine lays it out; every leaf is read and
written through one NumPy view of that memory.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from archimedes.host.calling import convert_argument
from archimedes.host.errors import ArgumentTypeError
from archimedes.host.signature import Parameter, Returns, float_typedef, identifier, read_function, read_parameter
from archimedes.host.status import raise_status

if TYPE_CHECKING:
    import cffi

    from archimedes.host.library import HostLibrary

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a struct, in C order: a number or an array, or ``count`` structs (0: it is no array)."""

    name: str
    leaf: Parameter | None
    ctype: str = ""
    count: int = 0
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True)
class StructSignature:
    """A C function that has structs among its parameters; a parameter is described as a field is."""

    c_name: str
    returns: Returns
    parameters: tuple[tuple[str, Field], ...]


@dataclass(frozen=True, slots=True)
class Place:
    """A leaf of a struct and where it is, in bytes from the beginning of the parameter."""

    leaf: Parameter
    offset: int

    def view(self, memory: Any) -> Array:
        """The leaf's elements in memory; flat."""
        return np.frombuffer(memory, self.leaf.dtype, math.prod(self.leaf.shape), self.offset)


def read_struct_signatures(manifest: Mapping[str, Any]) -> dict[str, StructSignature]:
    """Signatures of the manifest's functions that have structs, by C name.

    Raises
    ------
    ManifestError
        An entry is missing or not understood (ARC709).
    """
    signatures, typedef = {}, float_typedef(manifest)
    for entry in manifest["functions"]:
        name, returns, listed = read_function(entry)
        if any(parameter.get("fields") for parameter in listed):
            parameters = tuple((str(p["direction"]), _read_field(p, p, name, "", typedef)) for p in listed)
            signatures[name] = StructSignature(name, returns, parameters)
    return signatures


def _read_field(
    entry: Mapping[str, Any], parameter: Mapping[str, Any], function: str, path: str, typedef: str
) -> Field:
    """``parameter`` is the entry of the parameter, whose direction its fields have; ``path`` leads to the field."""
    name = identifier(entry["name"])
    if not entry.get("fields"):
        pointer = bool(entry.get("pointer", True))
        described = {**entry, "direction": parameter["direction"], "pointer": pointer}
        read = read_parameter(described, function, typedef=typedef)
        named = Parameter(f"{path}{name}", read.direction, read.dtype, read.ctype, read.shape, read.pointer)
        return Field(name, named)
    shape = tuple(entry["shape"])
    inner = tuple(_read_field(each, parameter, function, f"{path}{name}.", typedef) for each in entry["fields"])
    return Field(name, None, identifier(entry["ctype"]), math.prod(shape) if shape else 0, inner)


def struct_declarations(manifest: Mapping[str, Any]) -> list[str]:
    """What cffi must know of the structs, each after those that it contains."""
    typedef = float_typedef(manifest)
    lines = [] if typedef == "float" else [f"typedef float {identifier(typedef)};"]
    for struct in manifest.get("types", ()):
        name = identifier(struct["c_name"])
        members = []
        for member in struct["fields"]:
            extents = "".join(f"[{int(extent)}]" for extent in member["shape"])
            members.append(f"{identifier(member['ctype'])} {identifier(member['name'])}{extents};")
        lines.append(f"typedef struct {name} {{ {' '.join(members)} }} {name};")
    return lines


def declaration(signature: StructSignature) -> str:
    """What cffi is told of a function; pointers are ``void *``."""
    returned = "int" if signature.returns == "status" else "void"
    parameters = [
        field.leaf.ctype if field.leaf is not None and not field.leaf.pointer else "void *"
        for _, field in signature.parameters
    ]
    return f"{returned} {signature.c_name}({', '.join(parameters)});"


class StructFunction:
    """Calls a generated function that has structs among its parameters.

    Attributes
    ----------
    library : HostLibrary
        What it belongs to.
    signature : StructSignature
    """

    def __init__(self, library: HostLibrary, signature: StructSignature, ffi: cffi.FFI, lib: Any) -> None:
        self.library = library
        self.signature = signature
        self._ffi, self._call = ffi, getattr(lib, signature.c_name)
        self._lib = lib  # cffi closes the library when nothing refers to it
        self._places = [tuple(self._places_of(field)) for _, field in signature.parameters]
        self.inputs = tuple(self._leaves_of("in", "inout"))
        self.outputs = tuple(self._leaves_of("out", "inout"))

    def _places_of(self, field: Field) -> Iterator[Place]:
        if field.leaf is not None:
            yield Place(field.leaf, 0)
            return
        size = self._ffi.sizeof(field.ctype)
        for position in range(max(1, field.count)):
            yield from self._inside(field, position * size)

    def _inside(self, field: Field, start: int) -> Iterator[Place]:
        for member in field.fields:
            offset = start + self._ffi.offsetof(field.ctype, member.name)
            for place in self._places_of(member):
                yield Place(place.leaf, offset + place.offset)

    def _leaves_of(self, *directions: str) -> Iterator[Parameter]:
        for (direction, _), places in zip(self.signature.parameters, self._places, strict=True):
            if direction in directions:
                yield from (place.leaf for place in places)

    def __call__(self, *inputs: Any) -> Any:
        """Call the C function with the leaves of all its inputs, in order; the leaves of its outputs come back.

        Raises
        ------
        ArgumentShapeError
            A leaf has another shape (ARC706); a ValueError.
        ArgumentTypeError
            Another number of leaves, or one that cannot be converted (ARC707); a TypeError.
        StatusError
            The C function returned a negative status (ARC708).
        """
        found = self.leaves(*inputs)
        return found[0] if len(found) == 1 else found

    def leaves(self, *inputs: Any) -> tuple[Any, ...]:
        """As a call, but the outputs are a tuple even if there is only one."""
        name = self.signature.c_name
        if len(inputs) != len(self.inputs):
            raise ArgumentTypeError(
                f"{name} takes {len(self.inputs)} leaves ({', '.join(p.name for p in self.inputs)}); got {len(inputs)}",
                code="ARC707",
                hint="Pass the leaves of the structs by position, in the order of the C function.",
            )
        rest = iter([convert_argument(name, leaf, value) for leaf, value in zip(self.inputs, inputs, strict=True)])
        arguments, results = [], []
        for (direction, field), places in zip(self.signature.parameters, self._places, strict=True):
            if field.leaf is not None and not field.leaf.pointer:
                arguments.append(next(rest).item())
                continue
            memory = self._allocate(field)
            views = [(place, place.view(self._ffi.buffer(memory))) for place in places]
            if direction in ("in", "inout"):
                for _, view in views:
                    view[...] = np.ravel(next(rest))
            if direction in ("out", "inout"):
                results += views
            arguments.append(memory)
        status = self._call(*arguments)
        if status:
            raise_status(name, status)
        return tuple(view.reshape(place.leaf.shape).copy()[()] for place, view in results)

    def _allocate(self, field: Field) -> Any:
        if field.leaf is None:
            return self._ffi.new(f"{field.ctype}[]", max(1, field.count))
        return self._ffi.new(f"{field.leaf.ctype}[]", max(1, math.prod(field.leaf.shape)))

    def __reduce__(self) -> tuple[Any, ...]:
        return _function_of, (self.library, self.signature.c_name)

    def __repr__(self) -> str:
        return f"StructFunction({self.signature.c_name})"


def _function_of(library: HostLibrary, c_name: str) -> StructFunction:
    return library.struct_function(c_name)
