"""Leaves of arguments: what a value is taken for, and which element types a call has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.errors import ArcTypeError, ArcValueError

DTypeLike: TypeAlias = Any

SUPPORTED = tuple(np.dtype(name) for name in ("float64", "float32", "int64", "int32", "bool"))
_WEAK = (bool, int, float)
_INT64 = 2**63


@dataclass(frozen=True, slots=True)
class AbstractArray:
    """An argument of which only shape and element type are known.

    Stands for an array where a function is traced without example values.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    weak: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "shape", tuple(int(extent) for extent in self.shape))
        object.__setattr__(self, "dtype", np.dtype(self.dtype))
        if self.dtype not in SUPPORTED:
            raise _unsupported(self.dtype, "an abstract argument")


def is_scalar(value: Any) -> bool:
    """Whether a value is one number: of Python, of NumPy, or a symbol of rank 0."""
    if isinstance(value, SymbolicArray):
        return not value.shape
    return isinstance(value, (*_WEAK, complex, np.generic))


def is_list_of_numbers(value: Any) -> bool:
    """Whether an argument is a list, possibly nested, of nothing but numbers: an array as NumPy reads it."""
    if type(value) is not list or not value:
        return False
    return all(is_scalar(item) or is_list_of_numbers(item) for item in value)


def is_symbolic(value: Any) -> bool:
    """Whether a leaf is a symbol, or a list or object array that holds one."""
    if isinstance(value, SymbolicArray):
        return True
    if type(value) is list:
        return any(is_symbolic(item) for item in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return any(isinstance(item, SymbolicArray) for item in value.flat)
    return False


def leaf_kinds(leaves: Sequence[Any]) -> tuple[Any, ...] | None:
    """What tells the leaves of two calls apart, values aside; None if one is neither an ndarray nor a number."""
    kinds: list[Any] = []
    for leaf in leaves:
        cls = type(leaf)
        if cls is np.ndarray:
            if leaf.dtype.kind == "O":
                return None
            kinds.append((leaf.dtype, leaf.shape))
        elif cls in _WEAK or issubclass(cls, np.generic):
            if cls is int and not -_INT64 <= leaf < _INT64:
                return None
            kinds.append(cls)
        else:
            return None
    return tuple(kinds)


def as_numeric(value: Any, path: str) -> np.ndarray[Any, Any]:
    """A leaf as an array of one of the supported element types, in the machine's byte order.

    Raises
    ------
    ArcTypeError
        It is not a number, nor an array of numbers, of a type that has a C form.
    ArcValueError
        It is a list whose rows differ in length.
    """
    if isinstance(value, np.ma.MaskedArray):
        raise ArcTypeError(
            f"{path} is a masked array",
            code="ARC231",
            hint="Pass the values and the mask as two arguments and use np.where.",
        )
    if isinstance(value, (str, bytes)) or callable(value):
        raise ArcTypeError(
            f"{path} is {_spell_type(value)}, which is not a number or an array",
            code="ARC231",
            hint="If it selects how the function works, name it in static_argnames.",
        )
    try:
        array = np.asarray(value)
    except ValueError:
        raise ArcValueError(
            f"{path} is a list whose items differ in shape",
            code="ARC232",
            hint="Pass rows of equal length, or a tuple of arrays.",
        ) from None
    except OverflowError:
        array = np.asarray(value, dtype=object)
    if array.dtype.newbyteorder("=") not in SUPPORTED:
        raise _unsupported(array.dtype, path, value)
    if not array.dtype.isnative:
        return array.astype(array.dtype.newbyteorder("="))
    return array if type(array) is np.ndarray else np.asarray(array)


def as_abstract(value: Any, path: str) -> AbstractArray:
    """Shape and element type of a leaf; the values, if it has any, are not looked at."""
    if isinstance(value, AbstractArray):
        return value
    if isinstance(value, _WEAK) and not isinstance(value, np.generic):
        dtype = np.dtype(np.bool_ if isinstance(value, bool) else np.int64 if isinstance(value, int) else np.float64)
        return AbstractArray((), dtype, weak=True)
    array = as_numeric(value, path)
    return AbstractArray(array.shape, array.dtype)


def real_of_call(leaves: Sequence[AbstractArray], paths: Sequence[str]) -> np.dtype[Any]:
    """The real type in which a call computes: float32 if it has float32 arrays, else float64.

    Python's own floats have no say, as in NumPy.

    Raises
    ------
    ArcTypeError
        There are float32 and float64 arrays.
    """
    by_type = {
        leaf.dtype: path for leaf, path in zip(leaves, paths, strict=True) if leaf.dtype.kind == "f" and not leaf.weak
    }
    if len(by_type) == 2:
        narrow, wide = by_type[np.dtype(np.float32)], by_type[np.dtype(np.float64)]
        raise ArcTypeError(
            f"{narrow} is float32, but {wide} is float64",
            code="ARC233",
            hint="One function computes in one real type: convert one of them with .astype.",
        )
    return next(iter(by_type), np.dtype(np.float64))


def with_real(leaf: AbstractArray, real: np.dtype[Any]) -> AbstractArray:
    """The leaf, its element type replaced by ``real`` if it is a real one."""
    return AbstractArray(leaf.shape, real if leaf.dtype.kind == "f" else leaf.dtype)


def _unsupported(dtype: np.dtype[Any], path: str, value: Any = None) -> ArcTypeError:
    if dtype.kind == "c":
        hint = "Complex numbers are not supported: pass real and imaginary parts as two arguments."
    elif dtype.kind in "iuf":
        hint = "Convert it with .astype to float64, float32, int64 or int32."
    elif dtype.kind == "O" and isinstance(value, int):
        hint = "The number does not fit into 64 bits."
    else:
        hint = "Arguments are numbers, arrays of float64, float32, int64, int32 or bool, and trees of them; "
        hint += "what selects how the function works goes into static_argnames."
    what = f"of type {dtype}"
    if dtype.kind == "O":
        what = "an array of Python objects" if isinstance(value, (np.ndarray, list)) else _spell_type(value)
    return ArcTypeError(f"{path} is {what}, which is not supported", code="ARC231", hint=hint)


def _spell_type(value: Any) -> str:
    name = type(value).__name__
    return f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}"
