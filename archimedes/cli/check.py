"""``arc-codegen check``: what compilers, MISRA C and analysers say of the C of functions, and what is proved of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import LoopFunction, LoopModule
from arc_codegen.verify.check.errors import NoToolError
from arc_codegen.verify.check.report import SUFFIX, CheckReport, check_module
from arc_codegen.verify.check.tools import tool_names

from archimedes.cli.arguments import parse_names
from archimedes.cli.check_tables import print_check
from archimedes.cli.failures import EXIT_CODES, MISMATCH
from archimedes.cli.generate_options import options_of_generate
from archimedes.cli.models import ModelOptions
from archimedes.cli.session import current_session, debug_option, json_option, output_console, progress
from archimedes.export.generation import check_options


@click.command(epilog=EXIT_CODES, no_args_is_help=True)
@click.argument("models", nargs=-1, required=True, metavar="MODEL:FUNCTION...")
@click.option(
    "--tool",
    "tools",
    multiple=True,
    metavar="NAME[,NAME...]",
    help=f"Only these of {', '.join(tool_names())}. By default all that are installed.",
)
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help=f"Write the report to MODULE{SUFFIX} there.",
)
@options_of_generate(
    *("args", "static", "derivatives", "wrt", "dtype", "name", "prefix", "optimize", "numerics"),
    *("math", "fma", "workspace", "state", "guard", "float_typedef", "max_stack"),
)
@json_option
@debug_option
def check(
    *,
    tools: tuple[str, ...],
    output: Path | None,
    **options: Any,
) -> None:
    """Check the C that "generate" would write: warnings, MISRA C, analysers, and a certificate of its bounds.

    The functions are generated into a temporary folder. Tools that are not installed are named with the command that
    installs them; the others run. Rules that are broken on purpose are recorded with their reasons in docs/misra.md.
    The certificate says what is proved (no recursion, no calls through pointers, every loop has constant bounds) and
    how much each function does at most, so that its worst-case execution time can be analysed.

    \b
    Examples:
      arc-codegen check model.py:loss --arg x=[8] --derive value_and_grad
      arc-codegen check model.py:pi_step --state state --guard status --tool gcc,cppcheck
      arc-codegen check model.py:loss --arg x=[8] --json
    """
    model = ModelOptions.taken_from(options)
    how = check_options(**options)
    lowered: list[LoopFunction] = []

    def observe(function: str, step: str, program: Graph | LoopFunction) -> None:
        if step == "loops" and isinstance(program, LoopFunction):
            lowered.append(program)

    with progress("importing the model") as announce:
        generated = model.generate(how, announce=announce, observe=observe).generated
        module = LoopModule(str(generated.manifest["name"]), tuple(lowered))
        report = check_module(generated, module, tools=parse_names(tools), announce=announce)
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        (output / f"{report.module}{SUFFIX}").write_text(_json(report, indent=2) + "\n", encoding="utf-8")
    if current_session().json:
        output_console().print(_json(report), soft_wrap=True)
    else:
        print_check(report, output_console())
    if report.violations or not report.certificate.holds:
        click.get_current_context().exit(MISMATCH)
    failed = [result.tool for result in report.results if result.outcome == "failed"]
    if failed or not report.ran:
        raise NoToolError(
            f"{', '.join(failed)} failed" if failed else "none of the tools is installed",
            code="ARC940",
            hint="\n".join(dict.fromkeys(result.note for result in report.results if result.outcome != "ran")),
        )


def _json(report: CheckReport, *, indent: int | None = None) -> str:
    return json.dumps(report.as_dict(), indent=indent)
