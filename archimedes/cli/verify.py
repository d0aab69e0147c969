"""``arc-codegen verify``: the C of functions against float64 on this machine, and bit for bit on chips."""

from __future__ import annotations

import contextlib
import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import click
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain.cross import DEFAULT_FLAGS
from arc_codegen.verify.budgets import Budgets, parse_bytes
from arc_codegen.verify.links import BAUD
from arc_codegen.verify.machines import SECONDS
from arc_codegen.verify.programs import BOARD_HEADER, VerifiedModule, board_header, harness_files
from arc_codegen.verify.report import SUFFIX, VerifyReport
from arc_codegen.verify.sampling import SAMPLES, SamplingPlan
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.text import Text

from archimedes.cli.arguments import parse_names
from archimedes.cli.failures import EXIT_CODES, MISMATCH, CommandLineError
from archimedes.cli.generate_options import options_of_generate
from archimedes.cli.models import ModelOptions
from archimedes.cli.session import (
    current_session,
    debug_option,
    json_option,
    message_console,
    output_console,
    printable,
    progress,
)
from archimedes.cli.verify_tables import print_report
from archimedes.export.generation import check_options
from archimedes.export.verification import VerifyPlan, read_inputs, verify_generated

_RANGE = re.compile(r"\s*(?P<name>[\w.:\[\]]+)\s*=\s*(?P<low>[^:]+):(?P<high>[^:]+)\s*")


@click.command(epilog=EXIT_CODES, no_args_is_help=True)
@click.argument("models", nargs=-1, required=True, metavar="MODEL:FUNCTION...")
@click.option(
    "--target",
    "targets",
    multiple=True,
    metavar="NAME[,NAME...]",
    help="Chips to run on, in their emulators, all at once: a name (see arc-codegen targets) or a description's path. "
    "Without any, only this machine is looked at.",
)
@click.option("--port", default="", metavar="PORT", help="A serial port with a board of the one target.")
@click.option("--baud", type=click.IntRange(min=1), default=BAUD, show_default=True, help="Speed of the port.")
@click.option(
    "--samples", type=click.IntRange(min=1), default=SAMPLES, show_default=True, help="Inputs of each function."
)
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the random inputs.")
@click.option(
    "--range",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGH",
    help="Bounds of an input, x=-3:3 or params.w=0:1; FUNCTION:NAME=... for one function only.",
)
@click.option(
    "--inputs",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE.npz",
    help="Given inputs: one array for each input, named x or FUNCTION:x, samples along the first axis.",
)
@click.option("--no-specials", is_flag=True, help="No infinities, NaN and numbers beyond the bounds among the inputs.")
@click.option("--max-flash", metavar="BYTES", help="Budget of each function, such as 8k.")
@click.option("--max-stack", metavar="BYTES", help="Budget of each function: of its bound, else of what was measured.")
@click.option("--max-instructions", type=click.IntRange(min=0), metavar="N", help="Budget of each call.")
@click.option("--max-ulp", type=click.FloatRange(min=0), metavar="ULPS", help="Budget of the error against float64.")
@click.option("--flags", metavar="FLAGS", help=f"Compiler flags on all machines.  [default: {' '.join(DEFAULT_FLAGS)}]")
@click.option("--compiler", metavar="NAME", help="Which of each target's compilers: gcc, clang, zig.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0, min_open=True),
    default=SECONDS,
    show_default=True,
    metavar="SECONDS",
    help="How long a machine may take for one answer.",
)
@click.option("--uart", is_flag=True, help="Send requests through emulated serial ports too (slow).")
@click.option("--no-sizes", is_flag=True, help="Do not find out flash, RAM and bounds of the stack.")
@click.option("--jobs", type=click.IntRange(min=0), default=0, metavar="N", help="Machines at once.")
@click.option(
    "--harness",
    type=click.Path(path_type=Path, file_okay=False),
    metavar="FOLDER",
    help="Write the program for a board of yours instead: the C of the functions and what answers at its serial port "
    "(docs/firmware.md).",
)
@click.option(
    "-o", "--output", default=".", type=click.Path(path_type=Path), metavar="FOLDER", help="Where the report goes."
)
@options_of_generate(
    *("args", "static", "derivatives", "wrt", "dtype", "name", "prefix", "optimize", "numerics"),
    *("math", "fma", "workspace", "state", "guard", "force"),
)
@json_option
@debug_option
def verify(
    *,
    targets: tuple[str, ...],
    port: str,
    baud: int,
    samples: int,
    seed: int,
    ranges: tuple[str, ...],
    inputs: Path | None,
    no_specials: bool,
    max_flash: str | None,
    max_stack: str | None,
    max_instructions: int | None,
    max_ulp: float | None,
    flags: str | None,
    compiler: str | None,
    timeout: float,
    uart: bool,
    no_sizes: bool,
    jobs: int,
    harness: Path | None,
    output: Path,
    force: bool,
    **options: Any,
) -> None:
    """Show that a chip computes what this machine computes, how exact that is, and what it costs.

    The functions are generated as by "generate". Their C runs on this machine and is compared with CasADi in float64;
    then it runs on each chip with the same inputs, and all bits of all outputs must be equal. The report is written to
    MODULE.verify.json.

    \b
    Examples:
      arc-codegen verify model.py:loss --arg x=[8] --derive value_and_grad
      arc-codegen verify model.py:loss --target cortex-m4f,rv32imafc,atmega2560 --samples 1000 --range x=-3:3
      arc-codegen verify model.py:pi_step --state state --target cortex-m0 --max-flash 8k --max-stack 512
      arc-codegen verify model.py:loss --harness firmware/verify
      arc-codegen verify model.py:loss --target cortex-m4f --port /dev/ttyACM0
    """
    model = ModelOptions.taken_from(options)
    how = check_options(**options)
    plan = VerifyPlan(
        targets=parse_names(targets),
        port=port,
        baud=baud,
        sampling=SamplingPlan(
            samples, seed, parse_ranges(ranges), read_inputs(inputs) if inputs else {}, not no_specials
        ),
        budgets=Budgets(
            parse_bytes(max_flash) if max_flash is not None else None,
            parse_bytes(max_stack) if max_stack is not None else None,
            max_instructions,
            max_ulp,
        ),
        flags=tuple(flags.split()) if flags is not None else DEFAULT_FLAGS,
        compiler=compiler,
        seconds=timeout,
        uart=uart,
        weigh=not no_sizes,
        jobs=jobs,
    )
    with progress("importing the model") as announce:
        made = model.generate(how, announce=announce)
    if harness is not None:
        _write_harness(VerifiedModule(made.generated.manifest, made.generated.files), harness, force=force)
        return
    with _bars() as watch:
        report = verify_generated(made.generated, made.traced, plan, progress=watch)
    path = report.write(output / f"{report.module}{SUFFIX}")
    _say(report, path)
    if not report.ok:
        click.get_current_context().exit(MISMATCH)


def _write_harness(module: VerifiedModule, folder: Path, *, force: bool) -> None:
    sources, headers = harness_files(module)
    paths = write_files({**sources, **headers, BOARD_HEADER: board_header()}, folder, force=force)
    if current_session().json:
        said = {"schema": 1, "module": module.name, "harness": [str(path) for path in paths]}
        output_console().print(json.dumps(said), soft_wrap=True)
        return
    for path in paths:
        output_console().print(Text(f"wrote {printable(str(path))}"), soft_wrap=True)


def parse_ranges(texts: Sequence[str]) -> dict[str, tuple[float, float]]:
    """``x=-3:3`` to bounds by name.

    Raises
    ------
    CommandLineError
        ARC809.
    """
    found: dict[str, tuple[float, float]] = {}
    for text in texts:
        match = _RANGE.fullmatch(text)
        try:
            if match is None:
                raise ValueError("it is not of the form NAME=LOW:HIGH")
            if match["name"] in found:
                raise ValueError("its name is given twice")
            low, high = float(match["low"]), float(match["high"])
            if math.isnan(low) or math.isnan(high):
                raise ValueError("a bound is not a number")
            found[match["name"]] = (low, high)
        except ValueError as error:
            raise CommandLineError(
                f"--range {text}: {error}", code="ARC809", hint="Write --range x=-3:3 or --range params.w=0:1e3."
            ) from None
    return found


@contextlib.contextmanager
def _bars() -> Iterator[Callable[[str, str, int, int], None]]:
    """A bar for each machine, on stderr, if a person is looking."""
    console = message_console()
    if current_session().json or not console.is_terminal:
        yield lambda machine, what, done, count: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.fields[what]}"))
    with Progress(*columns, console=console, transient=True) as bars:
        tasks: dict[str, TaskID] = {}

        def watch(machine: str, what: str, done: int, count: int) -> None:
            if machine not in tasks:
                tasks[machine] = bars.add_task(printable(machine), total=None, what="")
            bars.update(tasks[machine], completed=done, total=count or None, what=printable(what))

        yield watch


def _say(report: VerifyReport, path: Path) -> None:
    if current_session().json:
        output_console().print(json.dumps({**report.as_dict(), "report": str(path)}), soft_wrap=True)
    else:
        print_report(report, path, output_console())
