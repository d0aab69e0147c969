"""What can go wrong before anything is checked."""

from __future__ import annotations

from arc_codegen.errors import ArcError, ToolchainError


class CheckOptionError(ArcError, ValueError):
    """A check is asked for that does not exist."""


class NoToolError(ToolchainError):
    """A tool fails, or there is none on this machine."""
