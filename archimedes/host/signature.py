"""Parameters of a generated C function, read from the manifest and checked."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from archimedes.host.errors import ManifestError

ELEMENT_TYPES: Final[dict[str, np.dtype[Any]]] = {
    "double": np.dtype(np.float64),
    "float": np.dtype(np.float32),
    "int32_t": np.dtype(np.int32),
    "int64_t": np.dtype(np.int64),
    "uint8_t": np.dtype(np.uint8),
    "bool": np.dtype(np.bool_),
}
"""C element type -> NumPy's, of the same size and representation on every host."""

PYTHON_SCALARS: Final = {"f": float, "i": int, "u": int, "b": bool}
"""Kind of an element type, as NumPy names it -> Python's type of such a number."""

Direction = Literal["in", "out", "inout", "work"]
Returns = Literal["void", "status"]
_DIRECTIONS: Final = ("in", "out", "inout", "work")


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of a C function, in C order.

    Parameters
    ----------
    name : str
        Its C name.
    direction : {"in", "out", "inout", "work"}
        Who writes it.
    dtype : numpy.dtype
        Element type.
    ctype : str
        Its C spelling.
    shape : tuple of int
        Shape, row-major.
    pointer : bool
        False: passed by value.
    """

    name: str
    direction: Direction
    dtype: np.dtype[Any]
    ctype: str
    shape: tuple[int, ...]
    pointer: bool

    @property
    def nbytes(self) -> int:
        return math.prod(self.shape) * self.dtype.itemsize

    @property
    def read(self) -> bool:
        """Whether the caller gives it."""
        return self.direction in ("in", "inout")

    @property
    def written(self) -> bool:
        """Whether the caller gets it back."""
        return self.direction in ("out", "inout")


@dataclass(frozen=True, slots=True)
class Signature:
    """A C function as the manifest describes it."""

    c_name: str
    returns: Returns
    parameters: tuple[Parameter, ...]

    @property
    def inputs(self) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if p.read)

    @property
    def outputs(self) -> tuple[Parameter, ...]:
        return tuple(p for p in self.parameters if p.written)


def read_signatures(manifest: Mapping[str, Any]) -> dict[str, Signature]:
    """Signatures of the manifest's functions without structs, by C name.

    Raises
    ------
    ManifestError
        A parameter has a type that cannot be passed from Python, or an entry is missing (ARC709).
    """
    signatures = {}
    typedef = float_typedef(manifest)
    for entry in _required(manifest, "functions", "the manifest"):
        name, returns, listed = read_function(entry)
        if not any(parameter.get("fields") for parameter in listed):
            parameters = tuple(read_parameter(parameter, name, typedef=typedef) for parameter in listed)
            signatures[name] = Signature(name, returns, parameters)
    return signatures


def float_typedef(manifest: Mapping[str, Any]) -> str:
    """What the C of a module calls ``float``."""
    return str(manifest.get("options", {}).get("float_typedef", "float"))


def read_function(entry: Mapping[str, Any]) -> tuple[str, Returns, Sequence[Mapping[str, Any]]]:
    """C name of a function, what it returns, and the entries of its parameters."""
    name = identifier(_required(entry, "c_name", "a function"))
    returns = entry.get("returns", "void")
    if returns not in ("void", "status"):
        raise _unreadable(f"function {name!r} returns {returns!r}; expected 'void' or 'status'")
    return name, returns, _required(entry, "params", f"function {name!r}")


def read_parameter(entry: Mapping[str, Any], function: str, *, typedef: str = "float") -> Parameter:
    """A parameter that is a number or an array; ``typedef`` is what the C calls ``float``."""
    where = f"a parameter of {function!r}"
    name = identifier(_required(entry, "name", where))
    where = f"parameter {name!r} of {function!r}"
    ctype = str(_required(entry, "ctype", where))
    element = ctype.replace("const", "").replace("*", "").strip()
    element = "float" if element == typedef else element
    direction = _required(entry, "direction", where)
    shape = tuple(int(n) for n in entry.get("shape", ()))
    pointer = bool(entry.get("pointer", True))
    if element not in ELEMENT_TYPES:
        raise _unreadable(
            f"{where} has the C type {ctype!r}; from Python only {', '.join(ELEMENT_TYPES)} can be passed"
        )
    if direction not in _DIRECTIONS:
        raise _unreadable(f"{where} has direction {direction!r}; expected one of {', '.join(_DIRECTIONS)}")
    if any(n < 0 for n in shape) or (not pointer and (shape or direction != "in")):
        raise _unreadable(f"{where} cannot be passed by value with shape {shape} and direction {direction!r}")
    return Parameter(name, direction, ELEMENT_TYPES[element], element, shape, pointer)


def identifier(name: Any) -> str:
    """`name` if it is one in C and so in the Python and C source made from it."""
    if not (isinstance(name, str) and name.isascii() and name.isidentifier()):
        raise _unreadable(f"{name!r} is not a C identifier")
    return name


def _required(entry: Mapping[str, Any], key: str, where: str) -> Any:
    try:
        return entry[key]
    except KeyError:
        raise _unreadable(f"{where} has no {key!r}") from None


def _unreadable(problem: str) -> ManifestError:
    return ManifestError(problem, code="ARC709", hint="Pass the manifest and the files of one generation, unchanged.")
