"""Running a competitor: what comes out, and what it costs, on the emulated chip and on this machine."""

from __future__ import annotations

import resource
import statistics
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from arc_codegen.toolchain.compilers import find_compiler
from arc_codegen.toolchain.cross import Image, build_image
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler as find_host_compiler
from arc_codegen.toolchain.link_map import read_link_map
from arc_codegen.toolchain.targets import Target, load_target
from elftools.elf.elffile import ELFFile
from numpy.typing import NDArray

from benchmarks.competitors import Competitor
from benchmarks.program import measuring_program, stack_arguments

CHIP: Final = "cortex-m4f"
STRICT_FLAGS: Final = ("-O2", "-std=c99", "-ffp-contract=off")
FUSED_FLAGS: Final = ("-O2", "-std=gnu11", "-DARC_FMA=1")
"""GCC's own default under gnu11: products and sums are contracted wherever it sees them."""

_TABLE: Final = "Cross Reference Table"
_CROSS_REFERENCES: Final = "-Wl,--cref"
"""The linker lists which objects refer to which symbols."""

_ALLOCATED: Final = 2
_SECONDS: Final = 120.0
_FLASH: Final = (".text", ".data", ".ARM.exidx")
_RAM: Final = (".data", ".bss")


@dataclass(frozen=True, slots=True)
class Costs:
    """What a competitor costs on the chip.

    Parameters
    ----------
    instructions, most_instructions : int
        Of a call, median and maximum over the draws, without the call itself.
    flash, math_flash : int
        Bytes of code and constants that it adds to an empty program: its own, with what it takes of the C library
        and of the runtime; and the functions of arc_math.
    ram : int
        Bytes: variables, work arrays that its caller provides, arguments on the stack, its stack.
    stack : int
        Bytes of stack below the call, the most over the draws.
    math : tuple of str
        The functions of arc_math.
    """

    instructions: int
    most_instructions: int
    flash: int
    math_flash: int
    ram: int
    stack: int
    math: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Answers:
    """All outputs for each draw, one behind the other, and what the calls took.

    ``ticks`` and ``stacks``: of an empty call first, then of each draw. ``nanoseconds``: of a call in a loop; 0 where
    calls were not timed.
    """

    outputs: NDArray[np.float32]
    statuses: tuple[int, ...]
    ticks: tuple[int, ...]
    stacks: tuple[int, ...]
    nanoseconds: float


def flags_of(*, fma: bool) -> tuple[str, ...]:
    """Flags of all competitors of a table."""
    return FUSED_FLAGS if fma else STRICT_FLAGS


def measure_on_chip(
    competitor: Competitor, draws: Sequence[tuple[Any, ...]], *, fma: bool = False
) -> tuple[Costs, Answers]:
    """Costs and results on the emulated Cortex-M4F.

    Raises
    ------
    ToolchainError
        A compiler or the emulator is missing or fails.
    """
    with tempfile.TemporaryDirectory(prefix="arc-bench-") as folder:
        flags = (*flags_of(fma=fma), _CROSS_REFERENCES)
        image = _build(load_target(CHIP), competitor, draws, flags, Path(folder), timed=False)
        answers = _run(image, competitor, len(draws))
        return _costs(image, competitor, answers), answers


@contextmanager
def built_for_host(competitor: Competitor, draws: Sequence[tuple[Any, ...]], *, fma: bool = False) -> Iterator[Image]:
    """The program for this machine, as long as it is needed."""
    flags = flags_of(fma=fma)
    if fma:
        flags += fma_flags(find_host_compiler())
    with tempfile.TemporaryDirectory(prefix="arc-bench-") as folder:
        yield _build(load_target("host"), competitor, draws, flags, Path(folder), timed=True)


def run_on_host(image: Image, competitor: Competitor, draws: int) -> Answers:
    """One run of a program that was built for this machine."""
    return _run(image, competitor, draws)


def _build(
    target: Target,
    competitor: Competitor,
    draws: Sequence[tuple[Any, ...]],
    flags: Sequence[str],
    folder: Path,
    *,
    timed: bool,
) -> Image:
    program = measuring_program(competitor, draws, timed=timed)
    return build_image(
        target,
        {**competitor.sources, **program},
        headers=competitor.all_headers,
        flags=flags,
        output=folder / "image.elf",
        compiler="gcc",
    )


def _run(image: Image, competitor: Competitor, draws: int) -> Answers:
    ended = run(image, timeout=_SECONDS)
    sizes = sum(int(one["size"]) for one in competitor.outputs)
    words = 2 + draws * (3 + sizes)
    expected = 4 * words
    if ended.exit_code or len(ended.output) not in (expected, expected + 8):
        raise RuntimeError(
            f"{competitor.kernel.name}, {competitor.name}: the program on {image.target.name} ended with "
            f"{ended.exit_code} after {len(ended.output)} of {expected} bytes: {ended.messages.strip()}"
        )
    head = struct.unpack("<2I", ended.output[:8])
    rows = np.frombuffer(ended.output, "<u4", draws * (3 + sizes), 8).reshape(draws, 3 + sizes)
    calls, taken = struct.unpack("<2I", ended.output[expected:]) if len(ended.output) > expected else (1, 0)
    return Answers(
        outputs=np.ascontiguousarray(rows[:, 2:-1]).view(np.float32),
        statuses=tuple(int(status) for status in rows[:, 1].view(np.int32)),
        ticks=(head[0], *map(int, rows[:, 0])),
        stacks=(head[1], *map(int, rows[:, -1])),
        nanoseconds=taken / calls,
    )


def _costs(image: Image, competitor: Competitor, answers: Answers) -> Costs:
    counter = image.target.counter
    assert counter is not None
    counts = [counter.units(tick - answers.ticks[0]) for tick in answers.ticks[1:]]
    stack = max(answers.stacks[1:]) - answers.stacks[0]
    flash, ram, math = _sizes(image, competitor)
    work = 4 * sum(competitor.work.values()) if competitor.work else stack_arguments(competitor.parameters)
    return Costs(
        instructions=int(statistics.median(counts)),
        most_instructions=max(counts),
        flash=flash,
        math_flash=sum(math.values()),
        ram=ram + work + stack,
        stack=stack,
        math=tuple(sorted(math)),
    )


def _sizes(image: Image, competitor: Competitor) -> tuple[int, int, Mapping[str, int]]:
    """Flash and RAM of a competitor, and the flash of each object of arc_math: from the linker's map.

    What the program around takes of the C library is not a competitor's, unless its own code refers to it as well.
    """
    flash = ram = 0
    math: dict[str, int] = {}
    functions = math_sources(competitor)
    own = {f"{Path(name).stem}.o" for name in competitor.sources}
    taken = taken_from_archives(image.link_map, own)
    for part in read_link_map(image.link_map).placed:
        if part.file.startswith(("board-", "crt")) or not part.file or (part.member and part.member not in taken):
            continue
        size = part.size * (part.output in _FLASH)
        ram += part.size * (part.output in _RAM)
        name = f"{Path(part.file).stem}.c"
        if name in functions:
            math[name.removesuffix(".c")] = math.get(name.removesuffix(".c"), 0) + size
        else:
            flash += size
    return flash, ram, {name: size for name, size in math.items() if size}


def taken_from_archives(link_map: str, objects: Set[str]) -> set[str]:
    """Members of archives that these objects refer to, and those that such members refer to.

    Parameters
    ----------
    link_map : str
        With the linker's table of cross references.
    objects : set of str
        Names of object files.

    Examples
    --------
    >>> table = "Cross Reference Table\\n\\nSymbol File\\nmemset  libc.a(memset.o)\\n        board.o\\n        fir.o\\n"
    >>> taken_from_archives(table, {"fir.o"}), taken_from_archives(table, {"other.o"})
    ({'memset.o'}, set())
    """
    _, _, table = link_map.partition(_TABLE)
    users: dict[str, set[str]] = {}  # of each member of an archive
    member = ""
    for line in table.splitlines():
        file = line.split()[-1] if line.split() else ""
        name = file.rpartition("(")[2].removesuffix(")") if file.endswith(")") else Path(file).name
        if line and not line[0].isspace():
            member = name if file.endswith(")") else ""
        elif member and file:
            users.setdefault(member, set()).add(name)
    found: set[str] = set()
    while new := {member for member, by in users.items() if member not in found and by & (objects | found)}:
        found |= new
    return found


def math_sources(competitor: Competitor) -> set[str]:
    """Sources of elementary functions among those of the runtime: they are declared in arc_math.h or called there."""
    return {name for name in competitor.shared if name.endswith("f.c") or name == "arc_reduce_large_angle.c"}


@dataclass(frozen=True, slots=True)
class Compiled:
    """A competitor's own source, compiled for the chip: how long that took, and bytes of code and constants."""

    seconds: float
    flash: int


def compile_alone(competitor: Competitor, *, timeout: float | None = None) -> Compiled:
    """Compile a competitor's own source.

    Raises
    ------
    subprocess.TimeoutExpired
        It takes longer than ``timeout``, in seconds.
    """
    found = find_compiler(load_target(CHIP), prefer="gcc")
    with tempfile.TemporaryDirectory(prefix="arc-bench-") as folder:
        root = Path(folder)
        for name, text in {**competitor.own, **competitor.all_headers}.items():
            (root / name).write_text(text, encoding="utf-8")
        began = _processor_seconds()
        for name in competitor.own:
            command = [*found.command, *STRICT_FLAGS, "-I.", "-c", name, "-o", f"{name}.o"]
            subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=timeout)
        seconds = _processor_seconds() - began
        return Compiled(seconds, sum(_loaded_bytes(root / f"{name}.o") for name in competitor.own))


def _processor_seconds() -> float:
    """Of all programs that were started here and have ended: what others do on the machine does not count."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _loaded_bytes(path: Path) -> int:
    with path.open("rb") as file:
        sections = list(ELFFile(file).iter_sections())
        loaded = (one for one in sections if one["sh_flags"] & _ALLOCATED and one["sh_type"] == "SHT_PROGBITS")
        return sum(int(one["sh_size"]) for one in loaded)
