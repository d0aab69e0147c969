"""Finding a target's compiler on this machine, and running it."""

from __future__ import annotations

import functools
import importlib.util
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen.errors import ToolchainError
from arc_codegen.toolchain.packages import install_command
from arc_codegen.toolchain.targets import CrossCompiler, Target

_ANSWER_SECONDS: Final = 30.0
_COMPILE_SECONDS: Final = 600.0

# Zig checks undefined behaviour and makes unwinding tables unless told otherwise: a chip has no use for either.
_ZIG_FLAGS: Final = ("-fno-sanitize=undefined", "-fno-unwind-tables", "-fno-asynchronous-unwind-tables")


class CrossCompilerNotFoundError(ToolchainError):
    """None of the compilers that a target names is on this machine."""


class CrossCompileError(ToolchainError):
    """A cross compiler failed; the message holds the command and the compiler's words."""


@dataclass(frozen=True, slots=True)
class FoundCompiler:
    """A target's compiler on this machine.

    Parameters
    ----------
    family : str
        ``"gcc"``, ``"clang"`` or ``"zig"``.
    command : tuple of str
        The program's path, and the arguments that compile: those that choose the chip, and where headers are.
    link_command : tuple of str
        The same for linking.
    version : str
        First line of its answer to ``--version``.
    program : str
        Its name in the target's description.
    binutils : str
        What stands before ``objdump`` and ``ar`` in the names of the tools that go with it: ``"arm-none-eabi-"``.
    """

    family: str
    command: tuple[str, ...]
    link_command: tuple[str, ...]
    version: str
    program: str
    binutils: str

    def tool(self, name: str) -> str:
        """Path of ``objdump``, ``ar``, ... for this target.

        Raises
        ------
        CrossCompilerNotFoundError
            ARC722: it is not there.
        """
        # GCC's own wrapper of ar knows its plugin, without which objects of -flto have no symbols.
        names = [f"{self.binutils}{name}"]
        if name == "ar" and self.family == "gcc":
            names.insert(0, f"{self.binutils}gcc-ar")
        for candidate in names:
            path = shutil.which(candidate)
            if path is not None:
                return path
        raise CrossCompilerNotFoundError(
            f"{names[-1]} is not on PATH; it comes with the compiler's binutils",
            code="ARC722",
            hint=f"Install it: {install_command(f'{self.binutils}gcc')}",
        )


def find_compiler(target: Target, *, prefer: str | None = None) -> FoundCompiler:
    """The first of a target's compilers that is on this machine.

    Parameters
    ----------
    target : Target
        For which.
    prefer : str, optional
        Only this one: a family (``"gcc"``, ``"clang"``, ``"zig"``) or an executable of the target's description.

    Raises
    ------
    CrossCompilerNotFoundError
        ARC722: there is none; the message names what installs one.
    """
    candidates = [one for one in target.compilers if prefer in (None, one.family, one.program)]
    if not candidates:
        known = ", ".join(f"{one.family} ({one.program})" for one in target.compilers)
        raise CrossCompilerNotFoundError(
            f"the target {target.name} is described without a compiler {prefer!r}",
            code="ARC722",
            hint=f"It has {known}; docs/targets.md tells how to add one.",
        )
    for candidate in candidates:
        found = _find(candidate, target)
        if found is not None:
            return found
    missing = list(dict.fromkeys(name for one in candidates for name in _needed(one) if _locate(name) is None))
    first = candidates[0]
    raise CrossCompilerNotFoundError(
        f"no compiler for {target.name} on this machine: there is no {' and no '.join(missing) or first.program}",
        code="ARC722",
        hint=f"Install {first.program}: {_how_to_install(first)}",
    )


def _how_to_install(compiler: CrossCompiler) -> str:
    if compiler.install:
        return compiler.install
    # Few systems package zig; its Python package does on all of them.
    return "pip install ziglang" if compiler.program == "zig" else install_command(compiler.program)


def _needed(compiler: CrossCompiler) -> tuple[str, ...]:
    return (compiler.program, compiler.libraries_of) if compiler.libraries_of else (compiler.program,)


def _find(compiler: CrossCompiler, target: Target) -> FoundCompiler | None:
    program = _locate(compiler.program)
    if program is None:
        return None
    version = answer(*program, "--version") if compiler.family != "zig" else answer(*program[:-1], "version")
    if not version:
        return None
    first_line = version.splitlines()[0].strip()
    if compiler.family == "zig":
        first_line = f"zig {first_line}"
    if not compiler.libraries_of:
        command = (*program, *compiler.flags)
        binutils = re.sub(r"(gcc|clang|cc)(-\d+)?$", "", compiler.program)
        return FoundCompiler(
            compiler.family, command, (*command, *compiler.link_flags), first_line, compiler.program, binutils
        )
    lender = next((one for one in target.compilers if one.program == compiler.libraries_of), None)
    lent = _find(lender, target) if lender is not None else None
    if lent is None:
        return None
    headers = _library_headers(lent.command)
    more = _ZIG_FLAGS if compiler.family == "zig" else ()
    return FoundCompiler(
        compiler.family,
        (*program, *compiler.flags, *more, *(f"-isystem{folder}" for folder in headers)),
        (*lent.link_command, *compiler.link_flags),
        f"{first_line} with {lent.version}",
        compiler.program,
        lent.binutils,
    )


def _locate(program: str) -> tuple[str, ...] | None:
    """The command of a program; zig also comes as a Python package."""
    path = shutil.which(program)
    if program == "zig":
        if path is not None:
            return (path, "cc")
        if importlib.util.find_spec("ziglang") is not None:
            return (sys.executable, "-m", "ziglang", "cc")
        return None
    return (path,) if path is not None else None


@functools.lru_cache(maxsize=64)
def _library_headers(command: tuple[str, ...]) -> tuple[str, ...]:
    """Folders of a GCC's C library headers; its own (stdint.h and the like) are the other compiler's affair."""
    words = _run([*command, "-E", "-v", "-xc", "/dev/null", "-o", "/dev/null"]).stderr
    listed = re.search(r"search starts here:\n(.*?)End of search list", words, re.DOTALL)
    folders = [line.strip() for line in listed[1].splitlines() if line.startswith(" ")] if listed else []
    resolved = [str(Path(folder).resolve()) for folder in folders]
    return tuple(folder for folder in resolved if "/lib/gcc/" not in folder)


@functools.lru_cache(maxsize=256)
def answer(*command: str) -> str:
    """What a program prints when asked something; empty when it fails."""
    try:
        done = _run(command, seconds=_ANSWER_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout if done.returncode == 0 else ""


def _run(
    command: Sequence[str], *, folder: Path | None = None, seconds: float = _COMPILE_SECONDS
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        check=False,
        cwd=folder,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        timeout=seconds,
    )


def run_tool(command: Sequence[str], *, folder: Path) -> str:
    """Run a compiler, linker or archiver.

    Returns
    -------
    str
        What it said on standard output and standard error.

    Raises
    ------
    CrossCompileError
        ARC723: it cannot be started, does not end, or fails; the message holds the command and its words.
    """
    shown = shlex.join(command)
    try:
        done = _run(command, folder=folder)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CrossCompileError(
            f"{Path(command[0]).name} cannot be run: {error}\n  command: {shown}",
            code="ARC723",
            hint="Check that it is still installed: arc-codegen doctor",
        ) from error
    words = (done.stderr + done.stdout).strip()
    if done.returncode != 0:
        raise CrossCompileError(
            f"{Path(command[0]).name} failed with exit status {done.returncode}\n  command: {shown}\n"
            f"{words or '(it said nothing)'}",
            code="ARC723",
            hint=_hint(words),
        )
    return words


def _hint(words: str) -> str:
    if "No space left on device" in words:
        return "The disk is full: free some space, or set TMPDIR to a folder on another disk."
    if re.search(r"fatal error: '?(\w+/)*\w+\.h'?( file not found|: No such file)", words) or "cannot find -l" in words:
        return "Either the compiler's C library is not installed (arc-codegen doctor), or a header was not given."
    if re.search(r"region `?\w+'? overflowed|will not fit in region", words):
        return "The program is larger than the board's memory; the linker's words say by how much."
    return "Generated C is meant to compile everywhere: if flags and sources are not yours, this is worth reporting."
