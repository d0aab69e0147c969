"""Python's operators on traced arrays: each is the NumPy ufunc that it is on ndarrays."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from archimedes.array.errors import located
from archimedes.array.ufunc_table import UFUNCS
from archimedes.errors import ArcTypeError

if TYPE_CHECKING:
    pass

_FAST = frozenset({int, float, bool})


def _is_operand(value: object) -> bool:
    return type(value) in _FAST or isinstance(value, (Operators, np.ndarray, np.generic, list, tuple, numbers.Number))


_NO_OPERANDS = (str, bytes, dict, set, frozenset, type(None))
"""Classes of Python's own that will never know what to do with a traced array: no use in asking them."""


def _not_an_operand(name: str, other: object) -> Any:
    """NotImplemented, so that a class of the user's may step in, or an error where none will."""
    if not isinstance(other, _NO_OPERANDS):
        return NotImplemented
    spelled = "None" if other is None else f"a {type(other).__name__}"
    raise located(
        ArcTypeError,
        f"{name} of a traced array and {spelled}",
        code="ARC104",
        hint="operands are numbers, arrays, and lists of them; make an argument that is none of these static",
    )


def _forward(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return UFUNCS[name](self, other) if _is_operand(other) else _not_an_operand(name, other)

    operator.__name__ = name
    return operator


def _reflected(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        return UFUNCS[name](other, self) if _is_operand(other) else _not_an_operand(name, other)

    operator.__name__ = f"reflected_{name}"
    return operator


def _in_place(name: str) -> Callable[[Any, Any], Any]:
    def operator(self: Any, other: Any) -> Any:
        if not _is_operand(other):
            return _not_an_operand(name, other)
        result = UFUNCS[name](self, other)
        if self.ndim == 0:
            return result  # as for NumPy's scalars: the name is bound to a new value
        _write_in_place(self, result, name)
        return self

    operator.__name__ = f"in_place_{name}"
    return operator


def _write_in_place(target: Any, result: Any, name: str) -> None:
    if not np.can_cast(result.dtype, target.dtype, casting="same_kind"):
        raise located(
            ArcTypeError,
            f"in-place {name} gives {result.dtype}, which an array of {target.dtype} cannot hold",
            code="ARC103",
            hint=f"write x = x ... instead, or make the array real first: x = x.astype({result.dtype})",
        )
    target[...] = result


def _unary(name: str) -> Callable[[Any], Any]:
    def operator(self: Any) -> Any:
        return UFUNCS[name](self)

    operator.__name__ = name
    return operator


class Operators:
    """Arithmetic, comparison and logic; see the ufunc of each name."""

    __slots__ = ()

    __add__, __radd__, __iadd__ = _forward("add"), _reflected("add"), _in_place("add")
    __sub__, __rsub__, __isub__ = _forward("subtract"), _reflected("subtract"), _in_place("subtract")
    __mul__, __rmul__, __imul__ = _forward("multiply"), _reflected("multiply"), _in_place("multiply")
    __truediv__, __rtruediv__, __itruediv__ = _forward("divide"), _reflected("divide"), _in_place("divide")
    __floordiv__, __rfloordiv__ = _forward("floor_divide"), _reflected("floor_divide")
    __ifloordiv__ = _in_place("floor_divide")
    __mod__, __rmod__, __imod__ = _forward("remainder"), _reflected("remainder"), _in_place("remainder")
    __divmod__, __rdivmod__ = _forward("divmod"), _reflected("divmod")
    __matmul__, __rmatmul__, __imatmul__ = _forward("matmul"), _reflected("matmul"), _in_place("matmul")
    __and__, __rand__, __iand__ = _forward("bitwise_and"), _reflected("bitwise_and"), _in_place("bitwise_and")
    __or__, __ror__, __ior__ = _forward("bitwise_or"), _reflected("bitwise_or"), _in_place("bitwise_or")
    __xor__, __rxor__, __ixor__ = _forward("bitwise_xor"), _reflected("bitwise_xor"), _in_place("bitwise_xor")
    __rpow__, __ipow__ = _reflected("power"), _in_place("power")
    __lt__, __le__ = _forward("less"), _forward("less_equal")
    __gt__, __ge__ = _forward("greater"), _forward("greater_equal")
    __neg__, __pos__ = _unary("negative"), _unary("positive")
    __abs__, __invert__ = _unary("absolute"), _unary("invert")

    def __pow__(self, other: Any, modulus: Any = None) -> Any:
        if modulus is not None:
            raise located(ArcTypeError, "pow() with a modulus cannot be traced", code="ARC111", hint="use (x**n) % m")
        if not _is_operand(other):
            return _not_an_operand("power", other)
        return UFUNCS["power"](self, other)

    def __eq__(self, other: Any) -> Any:
        return UFUNCS["equal"](self, other) if _is_operand(other) else NotImplemented

    def __ne__(self, other: Any) -> Any:
        return UFUNCS["not_equal"](self, other) if _is_operand(other) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # as NumPy's arrays: == compares elements
