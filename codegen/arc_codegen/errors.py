"""The root of the exception tree: every error carries a stable, documented code.

`docs/errors.md` explains each code; a test keeps the two in step.
"""

from __future__ import annotations


class ArcError(Exception):
    """Base of all errors that the tool raises on purpose.

    Parameters
    ----------
    message : str
        What is wrong, in the user's terms: the argument, got against expected.
    code : str
        Stable identifier, ``"ARC101"`` style, documented in ``docs/errors.md``.
    hint : str, optional
        What to do about it.
    where : str, optional
        The user's ``file:line``.
    """

    def __init__(self, message: str, *, code: str, hint: str = "", where: str | None = None) -> None:
        self.message = message
        self.code = code
        self.hint = hint
        self.where = where
        text = f"{where}: {message}" if where else message
        text = f"[{code}] {text}"
        if hint:
            text = f"{text}\n  {hint}"
        super().__init__(text)

    def __reduce__(self) -> tuple[object, ...]:
        return _rebuild, (type(self), self.message, self.code, self.hint, self.where)


def _rebuild(cls: type[ArcError], message: str, code: str, hint: str, where: str | None) -> ArcError:
    return cls(message, code=code, hint=hint, where=where)


class IRError(ArcError):
    """A program in one of the intermediate representations is malformed: a bug of the tool."""


class LoweringError(ArcError):
    """A CasADi operation has no lowering yet."""


class IdentifierError(ArcError, ValueError):
    """A name cannot be spelled in C, or two names clash."""


class OptionError(ArcError, ValueError):
    """An option of the code generator has a value it cannot have."""


class OutputError(ArcError, OSError):
    """Files cannot be written as asked; nothing was changed."""


class ToolchainError(ArcError, RuntimeError):
    """A compiler is missing or failed; shows the command and the compiler's words."""
