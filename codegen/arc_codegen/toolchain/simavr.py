"""The program that runs AVR images: ours, linked with the machine's libsimavr, compiled when it is first needed."""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from pathlib import Path
from typing import Final

from arc_codegen import runtime
from arc_codegen.errors import ToolchainError
from arc_codegen.toolchain.compilers import CrossCompileError, run_tool
from arc_codegen.toolchain.packages import install_command

_SOURCE: Final = "boards/atmega2560/simavr_runner.c"
_COMPILERS: Final = ("cc", "gcc", "clang")


class EmulatorNotFoundError(ToolchainError):
    """The emulator of a target is not on this machine, or it has none."""


@functools.cache
def simavr_runner() -> Path:
    """Path of the runner; simavr's own program gives a chip no input and shows its output changed.

    Raises
    ------
    EmulatorNotFoundError
        ARC725: there is no C compiler for this machine, or libsimavr is not installed for it.
    """
    compiler = next((path for path in map(shutil.which, _COMPILERS) if path is not None), None)
    if compiler is None:
        raise EmulatorNotFoundError(
            "the runner of AVR programs has to be compiled, and there is no C compiler for this machine",
            code="ARC725",
            hint=f"Install one: {install_command('cc')}",
        )
    folder = Path(tempfile.mkdtemp(prefix="arc-codegen-simavr-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "simavr_runner.c").write_text(runtime.read(_SOURCE), encoding="utf-8")
    command = [compiler, "-O2", "-w", "simavr_runner.c", "-o", "simavr_runner", "-lsimavr", "-lelf"]
    try:
        run_tool(command, folder=folder)
    except CrossCompileError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise EmulatorNotFoundError(
            f"the runner of AVR programs cannot be compiled: libsimavr is not installed, or is another version\n"
            f"{error.message}",
            code="ARC725",
            hint=f"Install it: {install_command('libsimavr')}",
        ) from error
    return folder / "simavr_runner"
