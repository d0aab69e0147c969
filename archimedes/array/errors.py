"""Errors of tracing: each names the user's line."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from arc_codegen.errors import ArcError

from archimedes.array.trace_context import user_location
from archimedes.errors import ArcIndexError, ArcTypeError, ArcValueError

_E = TypeVar("_E", bound=ArcError)


class ArcAxisError(ArcValueError, np.exceptions.AxisError):
    """An axis that the array does not have."""

    __str__ = ArcValueError.__str__  # NumPy's spells its own two arguments


def located(kind: type[_E], message: str, *, code: str, hint: str = "") -> _E:
    """The error, with the user's current line."""
    origin = user_location()
    return kind(message, code=code, hint=hint, where=str(origin) if origin is not None else None)


def refused(function: str, error: TypeError | ValueError | IndexError) -> ArcError:
    """What our implementation of a NumPy function raised, as an error of the family, with the user's line.

    NumPy words it: what it says of ndarrays of these shapes is true of traced arrays.
    """
    kind: type[ArcError] = ArcTypeError
    if isinstance(error, np.exceptions.AxisError):
        kind = ArcAxisError
    elif isinstance(error, ValueError):
        kind = ArcValueError
    elif isinstance(error, IndexError):
        kind = ArcIndexError
    hint = f"the arguments are those of {function}, and NumPy would refuse these as well"
    return located(kind, f"{function}: {error}", code="ARC152", hint=hint)
