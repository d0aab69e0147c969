"""`discrete`: how often a function is called that moves a discrete system on."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from archimedes.errors import ArcTypeError, ArcValueError

F = TypeVar("F", bound=Callable[..., Any])

_ATTRIBUTE = "__archimedes_period__"


def discrete(*, period: float) -> Callable[[F], F]:
    """Record the time between two calls of a function; what it computes does not change.

    Parameters
    ----------
    period : float
        Seconds. Generated headers and manifests state it.

    Raises
    ------
    ArcValueError
        ARC290: the period is not a positive number.
    ArcTypeError
        ARC290: what is decorated is not a function of one's own.

    Examples
    --------
    >>> import archimedes as arc
    >>> @arc.discrete(period=0.01)
    ... def step(state, u):
    ...     return state + 0.01 * u, state
    """
    number = isinstance(period, (int, float)) and not isinstance(period, bool)
    if not number or not math.isfinite(period) or period <= 0:
        raise ArcValueError(
            f"discrete(period={period!r}): the period is not a positive number",
            code="ARC290",
            hint="Give the seconds between two calls, as in arc.discrete(period=0.01).",
        )

    def decorate(function: F) -> F:
        try:
            setattr(getattr(function, "__wrapped__", function), _ATTRIBUTE, float(period))
        except (AttributeError, TypeError):
            raise ArcTypeError(
                f"discrete decorates functions, got a {type(function).__name__}",
                code="ARC290",
                hint="Write @arc.discrete(period=...) above a def.",
            ) from None
        return function

    return decorate


def sample_period(function: Any) -> float | None:
    """What `discrete` recorded for a function; None if nothing was."""
    found = getattr(function, _ATTRIBUTE, None)
    return found if isinstance(found, float) else None
