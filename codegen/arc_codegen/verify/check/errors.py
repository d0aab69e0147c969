"""What can go wrong before anything is checked."""

from __future__ import annotations

from arc_codegen.errors import ArcError, ToolchainError


class CheckOptionError(ArcError, ValueError):
    """A check is asked for that does not exist."""


class NoToolError(ToolchainError):
    """None of the tools is on this machine."""
