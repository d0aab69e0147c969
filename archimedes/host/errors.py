"""What can go wrong on the host, as kinds that a caller tells apart."""

from __future__ import annotations

from arc_codegen.errors import ArcError, ToolchainError


class CompilerNotFoundError(ToolchainError):
    """This machine has no C compiler that can be run (the caller may fall back on CasADi's virtual machine)."""


class CompileError(ToolchainError):
    """The C compiler rejected the sources; the message holds the command and the compiler's words."""


class LibraryLoadError(ToolchainError):
    """A shared library was built but cannot be loaded."""


class CacheFolderError(ArcError, PermissionError):
    """The build cache's folder is open to other users, so nothing is loaded from it."""


class ManifestError(ArcError, ValueError):
    """The manifest asks for something that cannot be called from Python."""


class ArgumentShapeError(ArcError, ValueError):
    """An array does not have the shape that the C was generated for."""


class ArgumentTypeError(ArcError, TypeError):
    """A value cannot become the element type that the C was generated for, or the count of arguments is wrong."""


class StatusError(ArcError, ArithmeticError):
    """The C function returned a negative status."""


class CacheWarning(UserWarning):
    """The build cache cannot be used; compiled code lasts for this process only."""
