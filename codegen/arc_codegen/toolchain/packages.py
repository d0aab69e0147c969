"""Which system package brings a program: the install command of an error, of `arc-codegen doctor` and of a test."""

from __future__ import annotations

import functools
import sys
from pathlib import Path
from types import MappingProxyType
from typing import Final

OS_RELEASE: Final = Path("/etc/os-release")

# program -> packages on (Debian, Fedora, macOS with Homebrew); an empty string: not packaged there.
_PACKAGES: Final = MappingProxyType(
    {
        "cc": ("gcc libc6-dev", "gcc", ""),
        "gcc": ("gcc libc6-dev", "gcc", "gcc"),
        "g++": ("g++", "gcc-c++", "gcc"),
        "clang": ("clang libclang-rt-dev", "clang compiler-rt", ""),
        "clang++": ("clang", "clang", ""),
        "clang-format": ("clang-format", "clang-tools-extra", "clang-format"),
        "clang-tidy": ("clang-tidy", "clang-tools-extra", "llvm"),
        "cppcheck": ("cppcheck", "cppcheck", "cppcheck"),
        "make": ("make", "make", "make"),
        "cmake": ("cmake", "cmake", "cmake"),
        "arm-none-eabi-gcc": (
            "gcc-arm-none-eabi libnewlib-arm-none-eabi",
            "arm-none-eabi-gcc-cs arm-none-eabi-newlib",
            "--cask gcc-arm-embedded",
        ),
        "riscv64-unknown-elf-gcc": (
            "gcc-riscv64-unknown-elf picolibc-riscv64-unknown-elf",
            "gcc-riscv64-linux-gnu",
            "riscv64-elf-gcc",
        ),
        "avr-gcc": ("gcc-avr avr-libc", "avr-gcc avr-libc", "avr-gcc"),
        "qemu-system-arm": ("qemu-system-arm", "qemu-system-arm", "qemu"),
        "qemu-system-riscv32": ("qemu-system-misc", "qemu-system-riscv", "qemu"),
        "simavr": ("simavr", "simavr", "simavr"),
        # Not a program: the library, which our own runner of AVR programs is linked with.
        "libsimavr": ("libsimavr-dev libelf-dev", "simavr-devel elfutils-libelf-devel", "simavr"),
    }
)
_MACOS_COMMAND_LINE_TOOLS: Final = "xcode-select --install"
_SYSTEMS: Final = ("Debian", "Fedora", "macOS")


def install_commands(program: str) -> dict[str, str]:
    """Command that installs `program`, by system.

    Parameters
    ----------
    program : str
        Name of an executable, such as ``"arm-none-eabi-gcc"``.

    Returns
    -------
    dict of str to str
        ``{"Debian": ..., "Fedora": ..., "macOS": ...}``; a program that is not in the table is taken to be in
        a package of its own name.

    Examples
    --------
    >>> install_commands("cppcheck")["Fedora"]
    'dnf install cppcheck'
    """
    debian, fedora, macos = _PACKAGES.get(program, (program, program, program))
    return {
        "Debian": f"apt-get install {debian}",
        "Fedora": f"dnf install {fedora}",
        "macOS": f"brew install {macos}" if macos else _MACOS_COMMAND_LINE_TOOLS,
    }


def install_command(program: str) -> str:
    """The one command for the machine this runs on; where the system is not known, one for each known system.

    Examples
    --------
    >>> "cppcheck" in install_command("cppcheck")
    True
    """
    commands = install_commands(program)
    system = current_system()
    if system is not None:
        return commands[system]
    return "; ".join(f"{name}: {commands[name]}" for name in _SYSTEMS)


@functools.cache
def current_system() -> str | None:
    """Family of the system that this runs on: ``"Debian"``, ``"Fedora"``, ``"macOS"`` or None."""
    if sys.platform == "darwin":
        return "macOS"
    try:
        return _system_of(OS_RELEASE.read_text(encoding="utf-8"))
    except OSError:
        return None


def _system_of(os_release: str) -> str | None:
    """Family named by the ``ID`` and ``ID_LIKE`` lines of an os-release file."""
    names: list[str] = []
    for line in os_release.splitlines():
        key, _, value = line.partition("=")
        if key in ("ID", "ID_LIKE"):
            names += value.strip().strip("\"'").lower().split()
    if {"debian", "ubuntu"} & set(names):
        return "Debian"
    if {"fedora", "rhel", "centos"} & set(names):
        return "Fedora"
    return None
