"""What derivatives are made for: that they take little time, or that their code is short."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Final

_SHORT: Final[ContextVar[bool]] = ContextVar("arc_short_derivatives", default=False)


@contextmanager
def derivatives_for(goal: str) -> Iterator[None]:
    """Let derivatives that are traced inside be made for a goal: ``size``, or another one, for which time counts.

    Examples
    --------
    >>> with derivatives_for("size"):
    ...     is_short_code_preferred()
    True
    >>> is_short_code_preferred()
    False
    """
    token = _SHORT.set(goal == "size")
    try:
        yield
    finally:
        _SHORT.reset(token)


def is_short_code_preferred() -> bool:
    """Whether the length of the code counts more than its time."""
    return _SHORT.get()
