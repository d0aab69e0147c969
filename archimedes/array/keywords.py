"""Arguments of NumPy functions: refusing keywords that have no meaning in a trace, normalising axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, SupportsIndex, cast

import numpy as np
from numpy.lib.array_utils import normalize_axis_index, normalize_axis_tuple

from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.errors import ArcTypeError, ArcValueError

UNSET: Final[Any] = np._NoValue
"""NumPy's own mark for a keyword that was not given; its methods pass it on."""

_KEYWORD_HINTS: Final = {
    "out": "assign the result instead: y[...] = {function}(...)",
    "where": "mask the operand first: {function}(np.where(mask, x, neutral))",
    "casting": "convert with .astype(dtype) before or after the call",
    "order": "traced arrays are C-ordered; transpose explicitly with .T",
    "dtype": "convert the result with .astype(dtype)",
}


def refuse_keywords(function: str, **keywords: object) -> None:
    """Raise for every keyword that was given a value, naming it.

    ``None``, NumPy's "not given" mark and ``False`` count as not given.
    """
    for name, value in keywords.items():
        if value is None or value is UNSET or value is False:
            continue
        hint = _KEYWORD_HINTS.get(name, "leave it out").format(function=function)
        message = f"{function}: the keyword {name!r} is not supported for traced arrays"
        raise located(ArcTypeError, message, code="ARC150", hint=hint)


def is_set(value: object) -> bool:
    """Whether a keyword with NumPy's "not given" default was given."""
    return value is not UNSET and value is not None


def axes_of(axis: object, ndim: int) -> tuple[int, ...]:
    """Axes to reduce over, non-negative and sorted; ``None`` stands for all. Raises NumPy's AxisError."""
    if axis is None:
        return tuple(range(ndim))
    return tuple(sorted(normalize_axis_tuple(cast("Any", axis), ndim)))


def one_axis(axis: SupportsIndex, ndim: int) -> int:
    """One axis, non-negative. Raises NumPy's AxisError."""
    return int(normalize_axis_index(cast("Any", axis), ndim))


def kept_shape(shape: Sequence[int], axes: Sequence[int]) -> tuple[int, ...]:
    """The shape with the given axes of length 1, as ``keepdims=True`` leaves it."""
    return tuple(1 if k in axes else n for k, n in enumerate(shape))


def constant_array(value: object, *, function: str, argument: str) -> np.ndarray[Any, Any]:
    """The value as a NumPy array; an error that names the argument if it is traced."""
    if is_traced(value):
        raise located(
            ArcTypeError,
            f"{function}: {argument} must be known while tracing, but it depends on a traced value",
            code="ARC151",
            hint="compute it from constants or static arguments, or express the choice with np.where",
        )
    return np.asarray(value)


def is_traced(value: object) -> bool:
    """Whether a value is a traced array or contains one."""
    if isinstance(value, SymbolicArray):
        return True
    if isinstance(value, (list, tuple)):
        return any(is_traced(item) for item in value)
    if isinstance(value, np.ndarray) and value.dtype == object:
        return any(isinstance(item, SymbolicArray) for item in value.flat)
    return False


def require(condition: bool, message: str, *, code: str = "ARC152", hint: str = "") -> None:
    """Raise a ValueError of the project's family unless the condition holds; by default NumPy's own would fail too."""
    if not condition:
        raise located(
            ArcValueError, message, code=code, hint=hint or "correct the arguments: NumPy refuses these as well"
        )
