"""``arc-codegen``: the group of commands, and where a process starts."""

from __future__ import annotations

import click
from arc_codegen.generate import tool_version

from archimedes.cli.build import build
from archimedes.cli.check import check
from archimedes.cli.doctor import doctor
from archimedes.cli.failures import EXIT_CODES, FailureGroup
from archimedes.cli.generate import generate
from archimedes.cli.session import debug_option
from archimedes.cli.targets import targets
from archimedes.cli.verify import verify


@click.group(
    cls=FailureGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
    epilog=EXIT_CODES,
)
@click.version_option(tool_version(), message="%(version)s")
@debug_option
def cli() -> None:
    """NumPy functions, their gradients, Jacobians and Hessians as C for embedded processors.

    \b
    Examples:
      arc-codegen generate model.py:loss --arg x=[8] --derive value_and_grad -o out/
      arc-codegen generate --help
      arc-codegen verify model.py:loss --arg x=[8] --target cortex-m4f --samples 1000
      arc-codegen build model.py:loss --arg x=[8] --target cortex-m4f -o out/
      arc-codegen targets
      arc-codegen doctor
    """


cli.add_command(generate)
cli.add_command(build)
cli.add_command(targets)
cli.add_command(doctor)
cli.add_command(verify)
cli.add_command(check)


def main() -> None:
    """Entry point of the executable."""
    cli(prog_name="arc-codegen")


if __name__ == "__main__":
    main()
