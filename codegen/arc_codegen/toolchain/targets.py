"""Descriptions of targets: the chip, the compilers that translate for it, the emulator that runs it.

Each is a TOML file; those that come with the tool are in the folder ``targets``, users' own are named by their path or
lie in a folder that ``ARC_CODEGEN_TARGETS`` names. docs/targets.md explains every key.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from arc_codegen.errors import ArcError
from arc_codegen.toolchain.target_fields import Fields

FOLDERS_VARIABLE: Final = "ARC_CODEGEN_TARGETS"
_SHIPPED: Final = Path(__file__).parent / "targets"

ARCHITECTURES: Final = ("arm", "riscv", "avr", "xtensa", "host")
COMPILER_FAMILIES: Final = ("gcc", "clang", "zig")
EMULATOR_FAMILIES: Final = ("qemu", "simavr", "native")
FPUS: Final = ("none", "single", "double")
COUNTER_UNITS: Final = ("instructions", "cycles", "nanoseconds")


class TargetError(ArcError, ValueError):
    """There is no such target, or its description says something that it cannot say."""


@dataclass(frozen=True, slots=True)
class Processor:
    """What a chip can do.

    Parameters
    ----------
    architecture : str
        ``"arm"``, ``"riscv"``, ``"avr"``, ``"xtensa"`` or ``"host"``.
    endianness : str
        ``"little"`` or ``"big"``.
    word_bits : int
        Width of its integer registers.
    integer_registers : int
        Integer registers that a compiler may use for values (stack pointer, link register and the like left out).
    fpu : str
        ``"none"``, ``"single"`` or ``"double"``: the widest IEEE type that it has instructions for.
    float_registers : int
        Registers of the FPU, for the widest type it computes with; 0 where values share the integer registers.
    has_fma : bool
        Whether it has a fused multiply-add instruction for ``float``.
    double_bits : int
        Size of the compiler's ``double``: 64, or 32 as avr-gcc has it.
    program_memory_attribute : str
        What a compiler needs to keep a table of constants in program memory, where that is not readable like other
        memory; empty elsewhere.
    """

    architecture: str
    endianness: str
    word_bits: int
    integer_registers: int
    fpu: str
    float_registers: int
    has_fma: bool
    double_bits: int
    program_memory_attribute: str


@dataclass(frozen=True, slots=True)
class CrossCompiler:
    """A compiler that translates for a target.

    Parameters
    ----------
    family : str
        ``"gcc"``, ``"clang"`` or ``"zig"``.
    program : str
        Name of the executable, or its path.
    flags : tuple of str
        Those that select the chip; always given, when compiling and when linking.
    link_flags : tuple of str
        More of them, for linking only.
    libraries_of : str
        Another compiler's executable, whose C library, headers and libgcc this one uses; empty: its own.
    install : str
        How to get it, where no package of the system has it.
    """

    family: str
    program: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]
    libraries_of: str
    install: str


@dataclass(frozen=True, slots=True)
class Emulator:
    """What runs a target's programs on this machine.

    Parameters
    ----------
    family : str
        ``"qemu"``, ``"simavr"`` or ``"native"`` (the program runs as it is).
    program : str
        Name of the executable; empty for ``"native"`` and for simavr's library.
    machine : str
        The board or chip to emulate, in the emulator's words.
    icount_shift : int
        An instruction takes ``2**icount_shift`` ns of the emulated time (QEMU).
    frequency : int
        Clock of the emulated chip, Hz (simavr).
    arguments : tuple of str
        More of them for the emulator.
    """

    family: str
    program: str
    machine: str
    icount_shift: int
    frequency: int
    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Counter:
    """What ``arc_board_ticks()`` counts: ``ticks_per_unit`` ticks are one instruction, cycle or nanosecond."""

    unit: str
    ticks_per_unit: float

    def units(self, ticks: int) -> int:
        """Instructions, cycles or nanoseconds in a difference of ticks; of an instruction counter exact."""
        return round(ticks / self.ticks_per_unit)


@dataclass(frozen=True, slots=True)
class Target:
    """A chip, how to compile for it, and how to run what was compiled.

    Parameters
    ----------
    name : str
        ``"cortex-m4f"``; the name of its file.
    chip : str
        For people.
    processor : Processor
        What it can do.
    compilers : tuple of CrossCompiler
        In the order in which they are tried.
    emulator : Emulator or None
        None where there is none.
    board : str
        Name of a folder of ``runtime_c/boards``, or path of a folder like these; empty where programs cannot be linked,
        only compiled.
    counter : Counter or None
        What the board's ticks mean.
    path : Path
        The file that says so.
    """

    name: str
    chip: str
    processor: Processor
    compilers: tuple[CrossCompiler, ...]
    emulator: Emulator | None
    board: str
    counter: Counter | None
    path: Path


def target_names(folders: Iterable[str | os.PathLike[str]] = ()) -> list[str]:
    """Names that `load_target` knows: those of the tool, then the user's own.

    Parameters
    ----------
    folders : iterable of path, optional
        Folders with descriptions, besides those of the environment variable ``ARC_CODEGEN_TARGETS``.

    Examples
    --------
    >>> "cortex-m4f" in target_names()
    True
    """
    return list(_files(folders))


def load_target(name_or_path: str | os.PathLike[str], *, folders: Iterable[str | os.PathLike[str]] = ()) -> Target:
    """Description of a target.

    Parameters
    ----------
    name_or_path : str or path
        A name (``"cortex-m4f"``), or the path of a description, which ends in ``.toml``.
    folders : iterable of path, optional
        Folders with descriptions, besides those of the environment variable ``ARC_CODEGEN_TARGETS``.

    Raises
    ------
    TargetError
        There is no such target (ARC720), or its file is not a description of one (ARC721).

    Examples
    --------
    >>> target = load_target("cortex-m4f")
    >>> target.processor.fpu, target.compilers[0].program
    ('single', 'arm-none-eabi-gcc')
    """
    spelled = os.fspath(name_or_path)
    if spelled.endswith(".toml"):
        return _read(Path(spelled))
    files = _files(folders)
    if spelled not in files:
        raise TargetError(
            f"there is no target {spelled!r}",
            code="ARC720",
            hint=f"There are {', '.join(files)}. One of your own is named by its file, as in ./mychip.toml.",
        )
    return _read(files[spelled])


def _files(folders: Iterable[str | os.PathLike[str]]) -> dict[str, Path]:
    """Description by name; the user's hide the tool's of the same name."""
    found: dict[str, Path] = {}
    variable = os.environ.get(FOLDERS_VARIABLE, "")
    for folder in (_SHIPPED, *(Path(part) for part in variable.split(os.pathsep) if part), *map(Path, folders)):
        if not folder.is_dir():
            raise TargetError(
                f"the folder of targets {str(folder)!r} does not exist",
                code="ARC720",
                hint=f"Correct the option or the environment variable {FOLDERS_VARIABLE}.",
            )
        found |= {path.stem: path for path in sorted(folder.glob("*.toml"))}
    return found


def _read(path: Path) -> Target:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise TargetError(
            f"the target's description {str(path)!r} cannot be read: {reason}",
            code="ARC720",
            hint=f"Name a TOML file, or one of {', '.join(target_names())}.",
        ) from error
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise TargetError(
            f"{path} is not TOML: {error}", code="ARC721", hint="docs/targets.md has an example of a description."
        ) from error
    return _target(path, content)


def _target(path: Path, content: Mapping[str, Any]) -> Target:
    top = Fields(path, "", content, TargetError)
    processor = _processor(top.table("processor"))
    compilers = tuple(_compiler(fields) for fields in top.tables("compilers"))
    emulator_fields = top.optional_table("emulator")
    counter_fields = top.optional_table("counter")
    emulator = _emulator(emulator_fields) if emulator_fields is not None else None
    counter = _counter(counter_fields) if counter_fields is not None else None
    target = Target(
        name=path.stem,
        chip=top.text("chip"),
        processor=processor,
        compilers=compilers,
        emulator=emulator,
        board=_board(path, top.text("board", default="")),
        counter=counter,
        path=path,
    )
    top.require_known()
    if emulator is not None and not target.board:
        raise top.error("board", "is missing: a target with an emulator needs a board to link programs for")
    return target


def _processor(fields: Fields) -> Processor:
    processor = Processor(
        architecture=fields.choice("architecture", ARCHITECTURES),
        endianness=fields.choice("endianness", ("little", "big")),
        word_bits=fields.whole("word_bits", choices=(8, 16, 32, 64)),
        integer_registers=fields.whole("integer_registers", least=1),
        fpu=fields.choice("fpu", FPUS),
        float_registers=fields.whole("float_registers", least=0),
        has_fma=fields.truth("has_fma"),
        double_bits=fields.whole("double_bits", choices=(32, 64)),
        program_memory_attribute=fields.text("program_memory_attribute", default=""),
    )
    fields.require_known()
    if processor.fpu == "none" and processor.has_fma:
        raise fields.error("has_fma", 'is true, but fpu is "none": a chip without an FPU has no such instruction')
    return processor


def _compiler(fields: Fields) -> CrossCompiler:
    compiler = CrossCompiler(
        family=fields.choice("family", COMPILER_FAMILIES),
        program=fields.text("program"),
        flags=fields.texts("flags", default=()),
        link_flags=fields.texts("link_flags", default=()),
        libraries_of=fields.text("libraries_of", default=""),
        install=fields.text("install", default=""),
    )
    fields.require_known()
    return compiler


def _emulator(fields: Fields) -> Emulator:
    family = fields.choice("family", EMULATOR_FAMILIES)
    emulator = Emulator(
        family=family,
        program=fields.text("program", default=None if family == "qemu" else ""),
        machine=fields.text("machine", default="" if family == "native" else None),
        icount_shift=fields.whole("icount_shift", least=0, default=None if family == "qemu" else 0),
        frequency=fields.whole("frequency", least=0, default=None if family == "simavr" else 0),
        arguments=fields.texts("arguments", default=()),
    )
    fields.require_known()
    return emulator


def _counter(fields: Fields) -> Counter:
    counter = Counter(
        unit=fields.choice("unit", COUNTER_UNITS),
        ticks_per_unit=fields.positive("ticks_per_unit"),
    )
    fields.require_known()
    return counter


def _board(path: Path, board: str) -> str:
    """A board's name, or the path of a user's own, which is relative to the file that names it."""
    return str(path.parent / board) if "/" in board else board
