"""Errors of tracing: each names the user's line."""

from __future__ import annotations

from typing import TypeVar

from arc_codegen.errors import ArcError

from archimedes.array.trace_context import user_location

_E = TypeVar("_E", bound=ArcError)


def located(kind: type[_E], message: str, *, code: str, hint: str = "") -> _E:
    """The error, with the user's current line."""
    origin = user_location()
    return kind(message, code=code, hint=hint, where=str(origin) if origin is not None else None)
