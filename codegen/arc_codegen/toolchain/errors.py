"""What can go wrong between generated C and a loaded library, as kinds that a caller tells apart."""

from __future__ import annotations

from arc_codegen.errors import ArcError, ToolchainError


class CompilerNotFoundError(ToolchainError):
    """This machine has no C compiler that can be run (a caller may fall back on something else)."""


class CompileError(ToolchainError):
    """The C compiler rejected the sources; the message holds the command and the compiler's words."""


class LibraryLoadError(ToolchainError):
    """A shared library was built but cannot be loaded."""


class CacheFolderError(ArcError, PermissionError):
    """The build cache's folder is open to other users, so nothing is loaded from it."""


class CacheWarning(UserWarning):
    """The build cache cannot be used; compiled code lasts for this process only."""
