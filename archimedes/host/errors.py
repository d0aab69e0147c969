"""What can go wrong on the host, as kinds that a caller tells apart."""

from __future__ import annotations

from arc_codegen.errors import ArcError
from arc_codegen.toolchain.errors import (
    CacheFolderError,
    CacheWarning,
    CompileError,
    CompilerNotFoundError,
    LibraryLoadError,
)

__all__ = [
    "ArgumentShapeError",
    "ArgumentTypeError",
    "CacheFolderError",
    "CacheWarning",
    "CompileError",
    "CompilerNotFoundError",
    "LibraryLoadError",
    "ManifestError",
    "StatusError",
]


class ManifestError(ArcError, ValueError):
    """The manifest asks for something that cannot be called from Python."""


class ArgumentShapeError(ArcError, ValueError):
    """An array does not have the shape that the C was generated for."""


class ArgumentTypeError(ArcError, TypeError):
    """A value cannot become the element type that the C was generated for, or the count of arguments is wrong."""


class StatusError(ArcError, ArithmeticError):
    """The C function returned a negative status."""
