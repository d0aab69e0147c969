"""``arc-codegen doctor``: what this machine has of what the tool can use."""

from __future__ import annotations

import dataclasses
import json

import click
from rich.table import Table
from rich.text import Text

from archimedes.cli.failures import EXIT_CODES, OK, TOOLCHAIN
from archimedes.cli.session import current_session, debug_option, json_option, output_console, printable, progress
from archimedes.host.doctor import MachineFacts, examine_machine

_MEBIBYTE = 2**20


@click.command(epilog=EXIT_CODES)
@json_option
@debug_option
@click.pass_context
def doctor(context: click.Context) -> None:
    """Show compilers, emulators, versions and the state of the build cache.

    Exits with 3 if there is no C compiler for calls from Python.

    \b
    Examples:
      arc-codegen doctor
      arc-codegen doctor --json
    """
    with progress("asking compilers for their versions"):
        facts = examine_machine()
    if current_session().json:
        output_console().print(json.dumps({"schema": 1, **dataclasses.asdict(facts)}), soft_wrap=True)
    else:
        output_console().print(_table(facts))
    context.exit(TOOLCHAIN if facts.host_compiler.error else OK)


def _table(facts: MachineFacts) -> Table:
    table = Table.grid(padding=(0, 2))

    def row(good: bool | None, what: str, state: str, more: str = "") -> None:
        mark = {True: ("ok", "green"), False: ("!!", "bold red"), None: ("--", "yellow")}[good]
        table.add_row(Text(*mark), what, Text(printable(state)), Text(printable(more)))

    row(True, "system", facts.system)
    row(True, "python", facts.python)
    for package, version in facts.packages.items():
        # SciPy is of use, not needed.
        row(True if version else (None if package == "scipy" else False), package, version or "not installed")
    host = facts.host_compiler
    if host.error:
        row(False, "C compiler", host.error, host.hint)
    else:
        row(True, "C compiler", host.command, f"{host.version} {host.target}".strip())
    way = "through cffi, a microsecond slower" if facts.cffi_only else "built-in functions"
    row(None if facts.cffi_only else True, "calls", way, facts.cffi_only)
    cache = facts.cache
    fill = f"{cache.used / _MEBIBYTE:.1f} of {cache.limit / _MEBIBYTE:.0f} MiB"
    row(not cache.problem, "build cache", cache.folder, cache.problem or fill)
    for program in facts.programs:
        if program.path is None:
            row(None, program.name, f"not installed ({program.purpose})", program.install)
        else:
            row(True, program.name, program.path, program.version)
    return table
