"""``--check``: what differs between a folder and what would be generated into it."""

from __future__ import annotations

import json
from pathlib import Path

import click
from arc_codegen.package.writer import Difference
from rich.text import Text

from archimedes.cli.failures import MISMATCH
from archimedes.cli.session import current_session, output_console, printable

_WORDS = {
    "changed": "differs from what would be generated",
    "missing": "is missing",
    "stale": "is no longer generated",
}


def report_difference(difference: Difference, folder: Path) -> None:
    """Print the names of the files that differ and end with exit code 1, or say that all is as it would be."""
    found = {what: [str(folder / name) for name in getattr(difference, what)] for what in _WORDS}
    if current_session().json:
        said = {"schema": 1, "equal": not difference, **found, "interrupted": difference.interrupted}
        output_console().print(json.dumps(said), soft_wrap=True)
    else:
        _print(found, difference, folder)
    if difference:
        click.get_current_context().exit(MISMATCH)


def _print(found: dict[str, list[str]], difference: Difference, folder: Path) -> None:
    console = output_console()
    for what, paths in found.items():
        for path in paths:
            console.print(Text(f"{printable(path)} {_WORDS[what]}"), soft_wrap=True)
    if difference.interrupted:
        console.print(
            Text(f"{printable(str(folder))}: a generation was interrupted here; generate again to complete it"),
            soft_wrap=True,
        )
    if not difference:
        console.print(Text(f"{printable(str(folder))} is up to date"), soft_wrap=True)
