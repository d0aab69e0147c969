"""The system's C compiler: found through ``CC``, then ``cc``, ``gcc``, ``clang``; identified once."""

from __future__ import annotations

import functools
import os
import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen.toolchain.errors import CompileError, CompilerNotFoundError
from arc_codegen.toolchain.packages import install_commands

CANDIDATES: Final = ("cc", "gcc", "clang")

# A `--version` that has not answered by then is not a compiler (an interactive program, a dead network drive).
_IDENTIFY_SECONDS: Final = 30.0


@dataclass(frozen=True, slots=True)
class Compiler:
    """A C compiler that answered.

    Parameters
    ----------
    command : tuple of str
        The program's path and the arguments that always go with it (``CC="ccache gcc"`` has one).
    family : str
        ``"gcc"``, ``"clang"`` or ``"unknown"``.
    version : str
        First line of what it says to ``--version``.
    target : str
        The machine it compiles for, as ``-dumpmachine`` names it; empty where it does not say.
    """

    command: tuple[str, ...]
    family: str
    version: str
    target: str

    @property
    def identity(self) -> str:
        """All that decides which code comes out; part of a build's key in the cache."""
        return "\n".join((*self.command, self.version, self.target))


def find_compiler() -> Compiler:
    """Find the C compiler of this machine.

    Returns
    -------
    Compiler
        The one that the environment variable ``CC`` names; without it the first of ``cc``, ``gcc``, ``clang`` that
        answers.

    Raises
    ------
    CompilerNotFoundError
        ``CC`` names something that cannot be run (ARC702), or there is no compiler at all (ARC701).

    Examples
    --------
    >>> find_compiler().family in ("gcc", "clang", "unknown")
    True
    """
    return _find(os.environ.get("CC", "").strip(), os.environ.get("PATH", os.defpath))


@functools.lru_cache(maxsize=16)
def _find(cc: str, path: str) -> Compiler:
    if cc:
        return _named_by_environment(cc, path)
    for name in CANDIDATES:
        program = shutil.which(name, path=path)
        compiler = identify((program,)) if program else None
        if compiler is not None:
            return compiler
    commands = "\n  ".join(f"{system}: {command}" for system, command in install_commands("cc").items())
    raise CompilerNotFoundError(
        f"no C compiler on this machine: none of {', '.join(CANDIDATES)} is on PATH and answers to --version",
        code="ARC701",
        hint=f"Install one, or name yours in the environment variable CC.\n  {commands}",
    )


def _named_by_environment(cc: str, path: str) -> Compiler:
    try:
        words = shlex.split(cc)
    except ValueError as error:
        raise CompilerNotFoundError(
            f"the environment variable CC cannot be read as a command: {error} in CC={cc!r}",
            code="ARC702",
            hint="Set CC to a command such as CC='gcc' or CC='ccache clang', or unset it.",
        ) from None
    program = shutil.which(words[0], path=path)
    if program is None:
        problem = "there is no such program on PATH"
    else:
        compiler = identify((program, *words[1:]))
        if compiler is not None:
            return compiler
        problem = "it does not answer to --version as a compiler does"
    raise CompilerNotFoundError(
        f"the environment variable CC names {words[0]!r}: {problem}",
        code="ARC702",
        hint="Set CC to the command of a C compiler that is installed, or unset it so that cc, gcc or clang is used.",
    )


@functools.lru_cache(maxsize=64)
def identify(command: tuple[str, ...]) -> Compiler | None:
    """Ask `command` what it is; None when it does not answer with success."""
    version = _answer(command, "--version")
    if not version:
        return None
    target = _answer(command, "-dumpmachine") or ""
    return Compiler(command, _family(version), version.splitlines()[0].strip(), target.strip())


def _family(version: str) -> str:
    if re.search(r"\bclang\b", version, re.IGNORECASE):
        return "clang"
    # Debian's `cc --version` starts with "cc (Debian ...)": only the copyright line tells that it is GCC.
    if re.search(r"\bgcc\b|Free Software Foundation", version, re.IGNORECASE):
        return "gcc"
    return "unknown"


def _answer(command: tuple[str, ...], question: str) -> str | None:
    try:
        answer = subprocess.run(
            [*command, question],
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_IDENTIFY_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout if answer.returncode == 0 else None


def run_compiler(compiler: Compiler, arguments: tuple[str, ...], *, folder: Path) -> None:
    """Run `compiler` in `folder`.

    Raises
    ------
    CompileError
        It could not be started or did not succeed (ARC703); the message holds the command and what it said.
    """
    command = [*compiler.command, *arguments]
    shown = shlex.join(command)
    try:
        result = subprocess.run(
            command,
            capture_output=True,
            check=False,
            cwd=folder,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
        )
    except OSError as error:
        raise CompileError(
            f"the C compiler cannot be started: {error}\n  command: {shown}",
            code="ARC703",
            hint="Check that the compiler is still installed, or name another in the environment variable CC.",
        ) from error
    if result.returncode != 0:
        words = (result.stderr + result.stdout).strip() or "(it said nothing)"
        raise CompileError(
            f"the C compiler failed with exit status {result.returncode}\n  command: {shown}\n{words}",
            code="ARC703",
            hint=_hint_on_failure(words),
        )


def _hint_on_failure(words: str) -> str:
    if re.search(r"fatal error: (\w+/)*(stdint|math|string|stdbool|features)\.h", words):
        commands = "; ".join(f"{system}: {command}" for system, command in install_commands("cc").items())
        return f"The compiler is there but the C library's headers are not. {commands}"
    if "No space left on device" in words:
        return "The disk is full: free some space, or set TMPDIR to a folder on another disk."
    return "Generated C is meant to compile everywhere: if the flags are not yours, this is worth reporting."
