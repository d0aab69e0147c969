"""``arc-codegen targets``: the chips that there are descriptions of, and what this machine has for them."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click
from arc_codegen.toolchain.compilers import CrossCompilerNotFoundError, find_compiler
from arc_codegen.toolchain.emulators import find_emulator
from arc_codegen.toolchain.simavr import EmulatorNotFoundError
from arc_codegen.toolchain.targets import Target, load_target, target_names
from rich.table import Table
from rich.text import Text

from archimedes.cli.failures import EXIT_CODES
from archimedes.cli.session import current_session, debug_option, json_option, output_console, printable, progress

_NONE = "none"


@dataclass(frozen=True, slots=True)
class TargetFacts:
    """A target, and what this machine has for it.

    Parameters
    ----------
    name, chip : str
        As its description says.
    compiler, emulator : str
        What was found; empty where nothing was.
    compiler_hint, emulator_hint : str
        What installs what is missing.
    """

    name: str
    chip: str
    compiler: str
    compiler_hint: str
    emulator: str
    emulator_hint: str


@click.command(epilog=EXIT_CODES)
@click.option(
    "--targets",
    "folders",
    multiple=True,
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="A folder with descriptions of your own; those that ARC_CODEGEN_TARGETS names are always looked at.",
)
@json_option
@debug_option
def targets(*, folders: tuple[Path, ...]) -> None:
    """List the targets: name, chip, and the compiler and emulator that this machine has for each.

    docs/targets.md tells how to describe a chip or a board of your own.

    \b
    Examples:
      arc-codegen targets
      arc-codegen targets --targets firmware/targets
      arc-codegen targets --json
    """
    with progress("looking for compilers and emulators"):
        found = [examine_target(load_target(name, folders=folders)) for name in target_names(folders)]
    if current_session().json:
        said = {"schema": 1, "targets": [asdict(facts) for facts in found]}
        output_console().print(json.dumps(said), soft_wrap=True)
    else:
        output_console().print(_table(found))


def examine_target(target: Target) -> TargetFacts:
    """What this machine has for a target."""
    compiler = compiler_hint = emulator = emulator_hint = ""
    try:
        compiler = find_compiler(target).version
    except CrossCompilerNotFoundError as error:
        compiler_hint = error.hint
    if target.emulator is not None:
        try:
            emulator = find_emulator(target)
        except EmulatorNotFoundError as error:
            emulator_hint = error.hint
    else:
        emulator = _NONE
    return TargetFacts(target.name, target.chip, compiler, compiler_hint, emulator, emulator_hint)


def _table(found: list[TargetFacts]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("target", "chip", "compiler", "emulator"):
        table.add_column(heading)
    for facts in found:
        table.add_row(
            Text(printable(facts.name), style="bold"),
            Text(printable(facts.chip)),
            _cell(facts.compiler, facts.compiler_hint),
            _cell(facts.emulator, facts.emulator_hint),
        )
    return table


def _cell(what: str, hint: str) -> Text:
    if what:
        return Text(printable(what), style="dim" if what == _NONE else "")
    lines = [line.strip() for line in hint.splitlines()]
    return Text(printable(f"missing: {lines[-1]}"), style="yellow")
