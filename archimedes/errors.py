"""The exceptions of archimedes: one tree under `ArcError`, each also the built-in family a caller would catch."""

from __future__ import annotations

from arc_codegen.errors import (
    ArcError,
    IdentifierError,
    IRError,
    LoweringError,
    OptionError,
    OutputError,
    ToolchainError,
)

__all__ = [
    "ArcError",
    "ArcIndexError",
    "ArcTypeError",
    "ArcValueError",
    "BackendWarning",
    "IRError",
    "IdentifierError",
    "LoweringError",
    "OptionError",
    "OutputError",
    "PickleError",
    "ToolchainError",
]


class ArcTypeError(ArcError, TypeError):
    """An argument, or what a function returned, is of a kind that cannot be used here."""


class ArcValueError(ArcError, ValueError):
    """An argument is of the right kind but has a value, a shape or a structure that cannot be used here."""


class ArcIndexError(ArcError, IndexError):
    """A position lies outside what it counts."""


class PickleError(ArcError, TypeError):
    """A compiled function cannot be pickled, since what it was made of cannot be found again by name."""


class BackendWarning(RuntimeWarning):
    """Something runs in another way than asked, with the same results."""
