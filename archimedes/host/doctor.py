"""What this machine has of what the tool can use: the facts behind ``arc-codegen doctor``."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen.errors import ArcError
from arc_codegen.toolchain.build_cache import cache_folder, open_folder, size_limit, stored_bytes
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.toolchain.packages import install_command
from arc_codegen.toolchain.simavr import EmulatorNotFoundError, simavr_runner

from archimedes.host.errors import CompilerNotFoundError
from archimedes.host.python_entry import interpreter_problem

PACKAGES: Final = ("arc-codegen", "casadi", "numpy", "cffi", "scipy")

# program -> what it is for
PROGRAMS: Final = {
    "gcc": "host compiler",
    "clang": "host compiler",
    "arm-none-eabi-gcc": "Arm Cortex-M",
    "riscv64-unknown-elf-gcc": "RISC-V",
    "avr-gcc": "AVR",
    "qemu-system-arm": "emulates Arm boards",
    "qemu-system-riscv32": "emulates RISC-V boards",
    "clang-format": "formats C",
    "cppcheck": "checks C",
}

_ANSWER_SECONDS: Final = 10.0


@dataclass(frozen=True, slots=True)
class ProgramFacts:
    """A program that the tool can use.

    Parameters
    ----------
    name : str
        Name of the executable.
    purpose : str
        What it is for.
    path : str or None
        Where it is; None when it is missing.
    version : str
        First line of its answer to ``--version``; empty when it is missing or silent.
    install : str
        Command that installs it; empty when it is there.
    """

    name: str
    purpose: str
    path: str | None
    version: str
    install: str


@dataclass(frozen=True, slots=True)
class HostCompilerFacts:
    """The compiler that calls from Python use; `error` and `hint` say why there is none."""

    command: str
    version: str
    target: str
    error: str
    hint: str


@dataclass(frozen=True, slots=True)
class CacheFacts:
    """The build cache: where, how full (bytes), and whether it can be used (`problem` is empty then)."""

    folder: str
    used: int
    limit: int
    problem: str


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """All of it.

    Parameters
    ----------
    system : str
        Operating system and machine.
    python : str
        Version and path of the interpreter.
    packages : dict of str to str
        Version by distribution; empty where it is not installed.
    host_compiler : HostCompilerFacts
        What compiles for calls from Python.
    cffi_only : str
        Why calls go through cffi alone, which takes a microsecond more; empty if they do not.
    cache : CacheFacts
        The build cache.
    programs : tuple of ProgramFacts
        Compilers, emulators and checkers.
    """

    system: str
    python: str
    packages: dict[str, str]
    host_compiler: HostCompilerFacts
    cffi_only: str
    cache: CacheFacts
    programs: tuple[ProgramFacts, ...]


def examine_machine() -> MachineFacts:
    """Gather the facts. Runs each program found with ``--version``; changes nothing but making the cache's folder.

    Examples
    --------
    >>> facts = examine_machine()
    >>> facts.packages["numpy"].split(".")[0]
    '2'
    """
    return MachineFacts(
        system=f"{platform.system()} {platform.release()} {platform.machine()}",
        python=f"{platform.python_version()} {sys.executable}",
        packages={name: _version_of(name) for name in PACKAGES},
        host_compiler=examine_host_compiler(),
        cffi_only=interpreter_problem(),
        cache=examine_cache(),
        programs=(*(examine_program(name, purpose) for name, purpose in PROGRAMS.items()), examine_simavr()),
    )


def examine_host_compiler() -> HostCompilerFacts:
    """The compiler that calls from Python use, or why there is none."""
    try:
        found = find_compiler()
    except CompilerNotFoundError as error:
        return HostCompilerFacts("", "", "", error.message, error.hint)
    return HostCompilerFacts(" ".join(found.command), found.version, found.target, "", "")


def examine_cache() -> CacheFacts:
    """State of the build cache's folder, which is made if it is missing."""
    folder = cache_folder()
    try:
        open_folder(folder)
        problem = "" if os.access(folder, os.W_OK) else "this user may not write into it"
        used = stored_bytes(folder)
    except ArcError as error:
        problem, used = f"{error.message}. {error.hint}", 0
    except OSError as error:
        problem, used = str(error), 0
    return CacheFacts(str(folder), used, size_limit(), problem)


def examine_program(name: str, purpose: str) -> ProgramFacts:
    """Path and version of the executable `name`."""
    path = shutil.which(name)
    if path is None:
        return ProgramFacts(name, purpose, None, "", install_command(name))
    return ProgramFacts(name, purpose, path, _first_line(Path(path)), "")


def examine_simavr() -> ProgramFacts:
    """Whether AVR programs can be run: by simavr's library, not by its program."""
    name, purpose = "libsimavr", "emulates AVR"
    try:
        simavr_runner()
    except EmulatorNotFoundError:
        return ProgramFacts(name, purpose, None, "", install_command(name))
    return ProgramFacts(name, purpose, "found by the C compiler", "", "")


def _first_line(program: Path) -> str:
    try:
        answer = subprocess.run(
            [str(program), "--version"],
            capture_output=True,
            check=False,
            encoding="utf-8",
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return next(iter((answer.stdout or answer.stderr).strip().splitlines()), "") if answer.returncode == 0 else ""


def _version_of(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""
