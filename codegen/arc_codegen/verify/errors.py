"""What can go wrong while results are compared, as kinds that a caller tells apart."""

from __future__ import annotations

from arc_codegen.errors import ArcError, ToolchainError


class LinkError(ToolchainError):
    """The line to a board fails: it is silent, gone, or what comes over it makes no sense."""


class SelfTestError(ArcError, ArithmeticError):
    """A machine does not compute as IEEE 754 says, so that comparing results would tell nothing."""


class VerifyInputError(ArcError, ValueError):
    """Inputs, ranges, budgets or targets that cannot be used."""


class UnsupportedTargetError(ArcError, ValueError):
    """A target cannot run the module, whatever its code is."""
