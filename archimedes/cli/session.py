"""What the commands of one process share: how to fail, how to print, how to show progress."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, TypeVar

import click
from rich.console import Console
from rich.text import Text

_PLAIN_WIDTH = 1000
"""Columns where no terminal says how many there are: nothing is cut or wrapped in files and pipes."""

Command = TypeVar("Command", bound=Callable[..., Any])


@dataclass(slots=True)
class Session:
    """Switches that hold for the whole process."""

    debug: bool = False
    json: bool = False


def current_session() -> Session:
    """That of the running command."""
    return click.get_current_context().find_root().ensure_object(Session)


def _switch(name: str) -> Callable[[click.Context, click.Parameter, bool], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: bool) -> None:
        if value:
            setattr(context.find_root().ensure_object(Session), name, True)

    return callback


def debug_option(command: Command) -> Command:
    """``--debug``: tracebacks."""
    return click.option(
        "--debug",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_switch("debug"),
        help="Show the Python traceback of an error.",
    )(command)


def json_option(command: Command) -> Command:
    """``--json``: output for programs."""
    return click.option(
        "--json",
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=_switch("json"),
        help="Print one JSON object to stdout; an error as one to stderr.",
    )(command)


def output_console() -> Console:
    """Results go here: stdout."""
    return _console(sys.stdout, stderr=False)


def message_console() -> Console:
    """Errors, notices and progress go here: stderr."""
    return _console(sys.stderr, stderr=True)


def _console(stream: Any, *, stderr: bool) -> Console:
    width = None if stream.isatty() else _PLAIN_WIDTH
    return Console(stderr=stderr, highlight=False, markup=False, emoji=False, width=width)


def printable(text: str) -> str:
    """Text that a user or a file chose, harmless to a terminal: control characters spelled out."""
    return "".join(c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[str], None]]:
    """Show what is being done, on stderr, if a person is looking; yields the function to announce it with."""
    console = message_console()
    if current_session().json or not console.is_terminal:
        yield lambda step: None
        return
    with console.status(Text(printable(what))) as status:
        yield lambda step: status.update(Text(printable(step)))
