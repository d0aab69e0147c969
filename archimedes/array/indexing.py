"""Index keys: which elements NumPy means by them, found by indexing an array of positions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from archimedes.array.carrier import Positions
from archimedes.array.errors import located
from archimedes.array.operators import Operators
from archimedes.errors import ArcIndexError, ArcTypeError, ArcValueError

if TYPE_CHECKING:
    pass


def check_writable(read_only: bool, shape: tuple[int, ...]) -> None:
    """Raise if an array is an argument of the traced function, or a scalar."""
    if not shape:
        raise located(
            ArcTypeError,
            "a traced scalar has no elements to assign",
            code="ARC116",
            hint="bind the name to a new value instead",
        )
    if read_only:
        raise located(
            ArcValueError,
            "assignment into an argument of the traced function",
            code="ARC119",
            hint="arguments are read-only; copy first: x = x.copy()",
        )


def is_basic(key: Any) -> bool:
    """Whether NumPy gives a view for this key."""
    parts = key if isinstance(key, tuple) else (key,)
    return all(
        part is None or part is Ellipsis or (isinstance(part, slice | int | np.integer) and not isinstance(part, bool))
        for part in parts
    )


def is_traced(part: Any) -> bool:
    """Whether a part of a key is a traced array; its class, which reads keys with this module, is not known here."""
    return isinstance(part, Operators)


def normal_key(key: Any, shape: tuple[int, ...], *, reading: bool) -> Any:
    """The key with nothing traced in it, or the traced mask that it is; errors for keys that depend on a value."""
    if is_traced(key):
        if key.dtype.kind == "b" and not reading and key.shape == shape:
            return key
        raise _depends_on_value(key, reading=reading)
    for part in key if isinstance(key, tuple) else (key,):
        if is_traced(part):
            raise _depends_on_value(part, reading=reading)
        if isinstance(part, slice):
            for bound in (part.start, part.stop, part.step):
                if is_traced(bound):
                    raise _depends_on_value(bound, reading=reading)
    return key


def _depends_on_value(part: Any, *, reading: bool) -> ArcTypeError:
    if part.dtype.kind == "b":
        what = "a mask that is traced: how many elements it picks depends on values"
        hint = "use np.where(mask, a, b)" + ("" if reading else "; x[mask] = number works for a mask of the shape of x")
    else:
        what = "an index that is traced: which element it picks depends on a value"
        hint = (
            "use np.sum(np.where(np.arange(n) == i, x, 0)) or np.interp; mark the argument static if it is known "
            "before the call"
        )
    return located(ArcTypeError, what, code="ARC120", hint=hint)


def select_positions(grid: Positions, key: Any) -> Positions | np.int64:
    """What NumPy picks from an array of positions."""
    try:
        chosen: Positions | np.int64 = grid[key]
    except IndexError as error:
        raise located(
            ArcIndexError, f"{error} (array of shape {grid.shape})", code="ARC121", hint="check the index"
        ) from error
    return chosen
