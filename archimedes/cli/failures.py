"""How commands fail: one line that says what, one that says what to do, and an exit code."""

from __future__ import annotations

import json
import os
import traceback
from typing import Any

import click
from rich.text import Text

from archimedes.cli.session import Session, message_console, printable
from archimedes.errors import ArcError, ToolchainError

OK = 0
MISMATCH = 1
USAGE = 2
TOOLCHAIN = 3
INTERNAL = 70
INTERRUPTED = 130

EXIT_CODES = """\b
Exit codes:
  0    done
  1    a result differs from what it should be, or a budget is exceeded
  2    the command, the model or the output folder has to be changed
  3    a compiler or emulator is missing, or failed
  70   a fault of arc-codegen itself
  130  interrupted
Every error has a code (ARC...), explained in docs/errors.md."""


class CommandLineError(ArcError, ValueError):
    """The command says something that cannot be done."""


class ModelError(ArcError):
    """The user's model cannot be imported, or fails while it is traced."""


class InternalError(ArcError):
    """An exception that nobody meant to raise."""


def exit_code(error: ArcError) -> int:
    """Exit code of an error."""
    if isinstance(error, InternalError):
        return INTERNAL
    return TOOLCHAIN if isinstance(error, ToolchainError) else USAGE


class FailureGroup(click.Group):
    """A group whose commands fail without a traceback."""

    def invoke(self, context: click.Context) -> Any:
        try:
            return super().invoke(context)
        except ArcError as error:
            report(error, context.ensure_object(Session))
            context.exit(exit_code(error))
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except KeyboardInterrupt:
            message_console().print("interrupted: nothing was written")
            context.exit(INTERRUPTED)
        except BrokenPipeError:
            raise
        except Exception as error:
            fault = internal_error(error)
            report(fault, context.ensure_object(Session))
            context.exit(exit_code(fault))


def internal_error(error: BaseException, where: str | None = None) -> InternalError:
    """What is said of an exception that nobody meant to raise."""
    raised = InternalError(
        f"internal error: {type(error).__name__}: {error}",
        code="ARC890",
        hint="This is a fault of arc-codegen. Please report it with what --debug prints.",
        where=where,
    )
    raised.__cause__ = error
    return raised


def report(error: ArcError, session: Session) -> None:
    """Print an error to stderr."""
    console = message_console()
    if session.debug:
        traceback.print_exception(error)
        return
    if session.json:
        fields = {"code": error.code, "message": error.message, "hint": error.hint, "where": error.where}
        console.print(json.dumps({"error": fields}), soft_wrap=True)
        return
    where = f"{shown_path(error.where)}: " if error.where else ""
    head = Text.assemble((f"error {error.code}: ", "bold red"), (printable(f"{where}{error.message}"), "bold"))
    console.print(head, soft_wrap=True)
    for line in printable(error.hint).splitlines():
        console.print(Text(f"  {line.strip()}"), soft_wrap=True)


def shown_path(path: str) -> str:
    """A path, relative where it lies below the current folder."""
    try:
        relative = os.path.relpath(path)
    except ValueError:
        return path
    return path if relative.startswith("..") else relative
