"""``arc-codegen generate``: functions of a model to C files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.ir.loops_printer import print_loops
from arc_codegen.ir.printer import print_graph
from arc_codegen.options import Options
from arc_codegen.package.writer import compare_files, write_files
from arc_codegen.passes.pipeline import PIPELINE
from rich.table import Table
from rich.text import Text

from archimedes.cli.arguments import DERIVATIVES
from archimedes.cli.comparison import report_difference
from archimedes.cli.failures import EXIT_CODES, CommandLineError
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
from archimedes.export.artifact import Artifact
from archimedes.export.generation import check_options

_STAGES = ("input", *(step.name for step in PIPELINE), "loops")
_ALL = "all"


class _GenerateCommand(click.Command):
    """Lets ``--dump-ir`` stand alone: what follows it is never taken for its value."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(context, [f"--dump-ir={_ALL}" if arg == "--dump-ir" else arg for arg in args])


@click.command(cls=_GenerateCommand, epilog=EXIT_CODES, no_args_is_help=True)
@click.argument("models", nargs=-1, required=True, metavar="MODEL:FUNCTION...")
@click.option(
    "--arg",
    "args",
    multiple=True,
    metavar="NAME=[EXTENTS][:KIND]",
    help="Shape of an argument, [] for a scalar; KIND is real (the default), int32, int64 or bool. "
    "NAME.FIELD=... for a field of a tree (params.w=[4,8], layers.0.w=[8,3]), FUNCTION.NAME=... for one function only. "
    "Without it annotations (x: arc.f32[8], params: Params) and defaults tell.",
)
@click.option(
    "--static",
    "static",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of an argument that selects the code: a Python literal, else the text as it stands. "
    "Arguments whose default is text or None are static without it.",
)
@click.option(
    "--derive",
    "derivatives",
    multiple=True,
    metavar="WHAT[,WHAT...]",
    help=f"What to generate of each function: {', '.join(DERIVATIVES)}. By default value.",
)
@click.option(
    "--wrt", multiple=True, metavar="NAME[,NAME...]", help="Arguments to differentiate by. By default the first."
)
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float64"]),
    help="Type of all reals. By default that of the annotations, else float32.",
)
@click.option("--name", metavar="NAME", help="Of the module: its files, and its functions' names begin with it.")
@click.option("--prefix", default="", metavar="TEXT", help="Put before every C name.")
@click.option(
    "-o", "--output", default=".", type=click.Path(path_type=Path), metavar="FOLDER", help="Where the files go."
)
@click.option(
    "--optimize",
    type=click.Choice(["balanced", "speed", "size"]),
    default="balanced",
    show_default=True,
    help="What the cost model prefers.",
)
@click.option(
    "--math",
    type=click.Choice(["arc", "libm"]),
    default=Options().math,
    show_default=True,
    help="Where sin, exp, ... come from in float32: functions that come with the module, with the same bits on every "
    "machine, or the platform's math library (as always in float64).",
)
@click.option(
    "--numerics",
    type=click.Choice(["strict", "fast"]),
    default="strict",
    show_default=True,
    help="fast: fewer operations by identities of real arithmetic, as x/c = x*(1/c); results round elsewhere, and NaN, "
    "infinities and signs of zeros may be lost. With either, the bits are the same on every machine.",
)
@click.option(
    "--fma",
    type=click.Choice(["off", "on"]),
    default="off",
    show_default=True,
    help="Fuse products with the sums that they go into, for targets with the instruction; other bits than without.",
)
@click.option(
    "--workspace",
    type=click.Choice(["stack", "caller", "static"]),
    default="stack",
    show_default=True,
    help="Where work arrays live.",
)
@click.option(
    "--state",
    metavar="NAME",
    help="Argument that is the state of a step (state, ...) -> (state, ...): moved on in place. It starts from its "
    "default; what has only a shape, by --arg, from zero.",
)
@click.option(
    "--guard",
    type=click.Choice(["none", "status", "saturate"]),
    default="none",
    show_default=True,
    help="What is done about inputs that are NaN, infinite or out of bounds: nothing, a negative status, clamping.",
)
@click.option("--float-typedef", default="float", metavar="NAME", help="Name for float in the C, such as float32_t.")
@click.option(
    "--max-stack", type=click.IntRange(min=0), metavar="BYTES", help="Refuse more local work arrays than this."
)
@click.option(
    "--package",
    multiple=True,
    type=click.Choice(["cmake", "make", "arduino"]),
    help="Write what a build system needs around the C as well; may be given several times.",
)
@click.option(
    "--vectors",
    type=click.IntRange(0, 10_000),
    default=0,
    metavar="N",
    help="Write N test vectors of each function, and a program in C that checks them on any board.",
)
@click.option(
    "--without",
    multiple=True,
    metavar="PASS",
    help="Leave out a pass of the compiler (docs/compiler.md lists them); may be given several times.",
)
@click.option(
    "--check", is_flag=True, help="Write nothing: exit 1 if the files in the folder are not what would be written."
)
@click.option("--force", is_flag=True, help="Overwrite files that were edited, or that something else wrote.")
@click.option(
    "--dump-ir",
    metavar="[=PASS]",
    help=f"Print the program after each pass, or after one: {', '.join(_STAGES)}.",
)
@json_option
@debug_option
def generate(
    *,
    output: Path,
    check: bool,
    force: bool,
    dump_ir: str | None,
    **given: Any,
) -> None:
    """Generate C for functions written in NumPy.

    MODEL:FUNCTION is FILE.py:FUNCTION or PACKAGE.MODULE:FUNCTION; several become one module. Module "loss" exports
    "loss", the value of the function of that name, and "loss_grad", "loss_value_and_grad", ...; any other function "f"
    of the module is "loss_f". Files are written all or none, and never over what somebody else wrote or edited.

    \b
    Examples:
      arc-codegen generate model.py:loss --arg x=[8] --arg A=[4,8] -o out/
      arc-codegen generate model.py:loss --arg x=[8] --arg A=[4,8] --static mode=fast \\
          --derive value_and_grad --wrt x,A --dtype float32 --name loss --prefix app_ -o out/
      arc-codegen generate model.py:f model.py:g --arg f.x=[3] --arg g.x=[5] --name control
      arc-codegen generate model.py:pi_step --state state --guard status -o firmware/pi
      arc-codegen generate package.model:loss --derive value,grad,hess --json
      arc-codegen generate model.py:loss --dump-ir=loops
      arc-codegen generate model.py:loss --package cmake --vectors 20 -o firmware/loss
      arc-codegen generate model.py:loss --package cmake --vectors 20 -o firmware/loss --check
    """
    model = ModelOptions.taken_from(given)
    options = check_options(**given)
    dump = Dump(dump_ir) if dump_ir is not None else None
    with progress("importing the model") as announce:
        generated = model.generate(options, announce=announce, observe=dump).generated
        if not check:
            announce("writing")
            write_files(generated.files, output, force=force)
    if check:
        report_difference(compare_files(generated.files, output), output)
        return
    artifact = Artifact(output, generated)
    if current_session().json:
        output_console().print(json.dumps(_as_json(artifact, dump)), soft_wrap=True)
        return
    if dump is not None:
        for function, stage, text in dump.programs:
            output_console().print(Text(f"# {function} after {stage}\n{text}"), soft_wrap=True)
    # What was asked for goes to stdout; beside a dump, the summary is a message.
    console = message_console() if dump is not None else output_console()
    console.print(_summary(artifact, options))


class Dump:
    """Keeps programs as text on their way through the passes.

    Parameters
    ----------
    stage : str
        Name of a pass, or "all".

    Raises
    ------
    CommandLineError
        ARC807: there is no such pass.
    """

    def __init__(self, stage: str) -> None:
        if stage not in (_ALL, *_STAGES):
            raise CommandLineError(
                f"--dump-ir={stage}: there is no such pass", code="ARC807", hint=f"There are {', '.join(_STAGES)}."
            )
        self._stage = stage
        self.programs: list[tuple[str, str, str]] = []

    def __call__(self, function: str, stage: str, program: Graph | LoopFunction) -> None:
        if self._stage in (_ALL, stage):
            text = print_graph(program) if isinstance(program, Graph) else print_loops(program)
            self.programs.append((function, stage, text))


def _as_json(artifact: Artifact, dump: Dump | None) -> dict[str, Any]:
    found: dict[str, Any] = {
        "schema": 1,
        "module": artifact.name,
        "folder": str(artifact.folder),
        "files": [str(path) for path in artifact.files],
        "functions": artifact.names,
        "manifest": artifact.manifest,
    }
    if dump is not None:
        found["ir"] = [{"function": f, "pass": stage, "text": text} for f, stage, text in dump.programs]
    return found


def _summary(artifact: Artifact, options: Options) -> Table:
    """What was generated, and where it is."""
    table = Table.grid(padding=(0, 2))
    for entry in artifact.manifest["functions"]:
        operations = sum(entry["operations"].values())
        workspace = f"{entry['workspace_bytes']} bytes of workspace" if entry["workspace_bytes"] else "no workspace"
        table.add_row(
            Text(entry["c_name"], style="bold"), Text(f"from {entry['python']}"), f"{operations} operations", workspace
        )
    for path in artifact.files:
        table.add_row("wrote", Text(printable(str(path))))
    return table
