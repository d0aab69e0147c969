"""``arc-codegen build``: functions of a model to a static library for a chip, and what they cost there."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from arc_codegen.generate import Generated
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Objects, compile_objects, place_files
from arc_codegen.toolchain.resources import ORIGINS, FunctionCost, measure_cost
from arc_codegen.toolchain.targets import Target, load_target
from arc_codegen.verify.programs import VerifiedModule, require_double
from rich.table import Table
from rich.text import Text

from archimedes.cli.arguments import parse_names
from archimedes.cli.failures import EXIT_CODES
from archimedes.cli.generate_options import options_of_generate
from archimedes.cli.models import ModelOptions
from archimedes.cli.session import (
    current_session,
    debug_option,
    json_option,
    output_console,
    printable,
    progress,
)
from archimedes.export.generation import check_options


@dataclass(frozen=True, slots=True)
class TargetBuild:
    """A module, compiled for a target.

    Parameters
    ----------
    target : Target
        For which.
    objects : Objects
        Its library and objects, where they are now.
    cost : FunctionCost or None
        What its functions take; None where the target has no board to link them for.
    """

    target: Target
    objects: Objects
    cost: FunctionCost | None


@click.command(epilog=EXIT_CODES, no_args_is_help=True)
@click.argument("models", nargs=-1, required=True, metavar="MODEL:FUNCTION...")
@click.option(
    "--target",
    "targets",
    multiple=True,
    required=True,
    metavar="NAME[,NAME...]",
    help="Chips to compile for: a name (see arc-codegen targets) or a description's path, which ends in .toml.",
)
@click.option("--flags", metavar="FLAGS", help=f"Compiler flags.  [default: {' '.join(DEFAULT_FLAGS[:2])} and more]")
@click.option("--compiler", metavar="NAME", help="Which of the target's compilers: gcc, clang, zig, or an executable.")
@options_of_generate(
    *("args", "static", "derivatives", "wrt", "dtype", "name", "prefix", "output", "optimize", "numerics"),
    *("math", "fma", "workspace", "state", "guard", "float_typedef", "max_stack", "force"),
)
@json_option
@debug_option
def build(
    *,
    targets: tuple[str, ...],
    flags: str | None,
    compiler: str | None,
    output: Path,
    force: bool,
    **options: Any,
) -> None:
    """Generate C and compile it for chips: a static library, its objects, and what the functions take of the chip.

    The C is written as by "generate"; a folder of each target's name in it gets libMODULE.a and the objects. Flash and
    RAM are what the functions add to an empty program, libraries included. Stack is the most that a call can take, by
    the instructions of the linked program.

    \b
    Examples:
      arc-codegen build model.py:loss --arg x=[8] --target cortex-m4f -o out/
      arc-codegen build model.py:loss --arg x=[8] --derive value_and_grad --target cortex-m0,rv32imac -o out/
      arc-codegen build model.py:loss --arg x=[8] --target cortex-m7f --flags "-Os -std=gnu11" -o out/
      arc-codegen build model.py:loss --arg x=[8] --target boards/mychip.toml --compiler clang --json
    """
    model = ModelOptions.taken_from(options)
    how = check_options(**options)
    chosen = [load_target(target) for target in parse_names(targets)]
    used = tuple(flags.split()) if flags is not None else DEFAULT_FLAGS
    with progress("importing the model") as announce, tempfile.TemporaryDirectory(prefix="arc-codegen-") as folder:
        generated = model.generate(how, announce=announce).generated
        builds = []
        for target in chosen:
            announce(f"compiling for {target.name}")
            builds.append(_build(generated, target, used, compiler, Path(folder) / target.name))
        # All has succeeded: now it is written.
        written = write_files(generated.files, output, force=force)
        placed = _place(builds, output)
    _say(generated, builds, [*written, *placed], output)


def _build(
    generated: Generated, target: Target, flags: Sequence[str], compiler: str | None, folder: Path
) -> TargetBuild:
    module = VerifiedModule(generated.manifest, generated.files)
    require_double(module, target)
    objects = compile_objects(
        target, module.sources, headers=module.headers, flags=flags, folder=folder, name=module.name, compiler=compiler
    )
    if not target.board:
        return TargetBuild(target, objects, None)
    names = [entry["c_name"] for entry in generated.manifest["functions"]]
    cost = measure_cost(target, module.sources, headers=module.headers, functions=names, flags=flags, compiler=compiler)
    return TargetBuild(target, objects, cost)


def _place(builds: Sequence[TargetBuild], output: Path) -> list[Path]:
    files = {
        output / build.target.name / path.name: path
        for build in builds
        for path in (build.objects.archive, *build.objects.objects)
    }
    place_files(files)
    return list(files)


def _say(generated: Generated, builds: Sequence[TargetBuild], files: Sequence[Path], output: Path) -> None:
    if current_session().json:
        said = {
            "schema": 1,
            "module": generated.manifest["name"],
            "files": [str(path) for path in files],
            "targets": [_as_json(build) for build in builds],
        }
        output_console().print(json.dumps(said), soft_wrap=True)
        return
    console = output_console()
    for build in builds:
        title = f"{build.target.name}: {build.target.chip}, {build.objects.compiler.version}"
        console.print(Text(printable(title), style="bold"), soft_wrap=True)
        console.print(_table(build))
    console.print(Text(f"wrote {len(generated.files)} files of C to {printable(str(output))}"), soft_wrap=True)
    for build in builds:
        archive = output / build.target.name / build.objects.archive.name
        console.print(Text(f"wrote {printable(str(archive))}, and its objects"), soft_wrap=True)


def _as_json(build: TargetBuild) -> dict[str, Any]:
    found: dict[str, Any] = {"target": build.target.name, "compiler": build.objects.compiler.version}
    if build.cost is not None:
        sizes = build.cost.sizes
        found |= {
            "flash": sizes.flash,
            "ram": sizes.ram,
            "by_origin": {origin: {"flash": both[0], "ram": both[1]} for origin, both in sizes.by_origin.items()},
            "symbols": [{"name": s.name, "origin": s.origin, "flash": s.flash, "ram": s.ram} for s in sizes.symbols],
            "stack": dict(build.cost.stack),
            "stack_unknown": dict(build.cost.stack_unknown),
        }
    return found


_SPELLED: Mapping[str, str] = {"function": "the module", "runtime_c": "arc runtime", "board": "start-up code"}


def _table(build: TargetBuild) -> Table:
    table = Table.grid(padding=(0, 2))
    if build.cost is None:
        table.add_row("", "compiled; without a board nothing is linked, so sizes and stack are not known")
        return table
    sizes = build.cost.sizes
    table.add_row("flash", f"{sizes.flash} bytes", _origins(sizes.by_origin, 0))
    table.add_row("RAM", f"{sizes.ram} bytes", _origins(sizes.by_origin, 1))
    for function, bound in build.cost.stack.items():
        table.add_row("stack", f"{bound} bytes", function)
    for function, problem in build.cost.stack_unknown.items():
        table.add_row("stack", "unknown", Text(printable(f"{function}: {problem}")))
    return table


def _origins(by_origin: Mapping[str, tuple[int, int]], which: int) -> str:
    parts = [(_SPELLED.get(origin, origin), by_origin[origin][which]) for origin in ORIGINS]
    return ", ".join(f"{name} {size}" for name, size in parts if size)
