"""What CasADi has no node for: function object -> the operation that it stands for.

Such an operation is a `casadi.Callback` in the traced graph. Whoever makes one registers it here; lowering asks here
what a call means. CasADi keeps no reference to a Callback that lives only in a graph, so this table does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import casadi as ca


@dataclass(frozen=True, slots=True)
class Primitive:
    """Meaning of a function object.

    Parameters
    ----------
    kind : str
        Family, such as ``"map"`` (scalar operation element by element) or ``"reduce"``.
    fn : str
        Operation within the family, a name of the scalar table for ``"map"``.
    params : Mapping
        What else lowering needs to know.
    """

    kind: str
    fn: str
    params: Mapping[str, Any] = field(default_factory=dict)


_TABLE: dict[int, tuple[ca.Function, Primitive]] = {}


def register(function: ca.Function, primitive: Primitive) -> None:
    """State what ``function`` means; it is kept alive from now on."""
    _TABLE[function.__hash__()] = (function, primitive)


def lookup(function: ca.Function) -> Primitive | None:
    """What ``function`` means, None if it is an ordinary function."""
    entry = _TABLE.get(function.__hash__())
    return entry[1] if entry is not None else None
