"""What arc_math costs on a microcontroller, and its bits there: programs for boards, run in emulators."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Image, build_image
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.sizes import sizes
from arc_codegen.toolchain.targets import Target, load_target

from math_figures.contract import TESTS, MathFunction, math_functions

__all__ = ["Call", "ask_bits", "count_instructions", "flash_of"]

LIBRARY_FLAGS = ("-O2", "-std=c99", "-ffp-contract=off")
"""How a user of the C library builds; its functions set errno, and square roots are open code and a rare call."""

_FLASH_PROGRAM = """#include <math.h>
#include "arc_math.h"

int main(void);
static volatile float sink;
static volatile float source = 0.5f;

int main(void) {{
  sink = {expression};
  return 0;
}}
"""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function whose cost is asked: its name, without ``arc_``, and the arguments."""

    function: str
    arguments: tuple[float, ...]


def _arc_files(names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Sources and headers of functions."""
    texts = {name: text_of(name) for name in closure(["arc_math.h", *(f"arc_{name}.c" for name in names)])}
    sources = {name: text for name, text in texts.items() if name.endswith(".c")}
    return sources, {name: text for name, text in texts.items() if name.endswith(".h")}


def _build(
    target: Target, main: str, headers: Mapping[str, str], functions: Sequence[str], flags: Sequence[str], folder: Path
) -> Image:
    sources, arc_headers = _arc_files(functions)
    program = {"main.c": main, **sources}
    return build_image(
        target, program, headers={**arc_headers, **headers}, flags=tuple(flags), output=folder / "image.elf"
    )


def _bits(x: float) -> str:
    return f"0x{struct.unpack('<I', struct.pack('<f', x))[0]:08x}u"


def count_instructions(calls: Sequence[Call], *, library: bool = False, fused: bool = False) -> list[int]:
    """Instructions on a Cortex-M4F, call and store of the result included.

    Parameters
    ----------
    calls
        What to count.
    library
        The C library's functions (newlib's) instead of arc_math's.
    fused
        The variant with fused multiply-add.
    """
    target = load_target("cortex-m4f")
    entries = []
    for call in calls:
        words = ", ".join([call.function, *map(_bits, call.arguments)])
        entries.append(f"CALL_{len(call.arguments)}({words})\n")
    names = [] if library else sorted({call.function for call in calls})
    flags = (*LIBRARY_FLAGS, "-DCOUNTED(f)=f") if library else (*DEFAULT_FLAGS, "-DCOUNTED(f)=arc_##f")
    flags += ("-DARC_FMA=1",) if fused else ()
    main = (TESTS / "math_instructions.c").read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="arc-math-") as scratch:
        image = _build(target, main, {"calls.h": "".join(entries)}, names, flags, Path(scratch))
        output = run(image).output.decode("ascii").split()
    counter = target.counter
    assert counter is not None
    empty, *ticks = (int(line, 16) for line in output)
    assert len(ticks) == len(calls), output
    return [round((one - empty) / counter.ticks_per_unit) for one in ticks]


def flash_of(function: MathFunction, *, library: bool = False, fused: bool = False) -> int:
    """Bytes of flash that a Cortex-M4F program with one call of a function has more than one that copies a number."""
    target = load_target("cortex-m4f")
    arguments = ", ".join(["source"] * function.arguments)
    name = function.name if library else f"arc_{function.name}"
    flags = LIBRARY_FLAGS if library else (*DEFAULT_FLAGS, *(("-DARC_FMA=1",) if fused else ()))

    def flash(expression: str, names: Sequence[str]) -> int:
        with tempfile.TemporaryDirectory(prefix="arc-math-") as scratch:
            main = _FLASH_PROGRAM.format(expression=expression)
            return sizes(_build(target, main, {}, names, flags, Path(scratch))).flash

    return flash(f"{name}({arguments})", [] if library else [function.name]) - flash("source", [])


def ask_bits(
    target: Target,
    *,
    inputs: int,
    fused: bool = False,
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
) -> dict[str, str]:
    """Hashes of the results of each function on a target, by its name.

    Parameters
    ----------
    target
        A board with an emulator, or this machine.
    inputs
        Half the number of arguments for each function.
    fused
        The variant with fused multiply-add.
    flags
        Of the compiler.
    compiler
        Its family; the target's first otherwise.
    """
    names = [function.name for function in math_functions()]
    sources, headers = _arc_files([*names, "sincosf"])
    program = {"main.c": (TESTS / "math_bits.c").read_text(encoding="utf-8"), **sources}
    lists = {"sweep_functions.h": (TESTS / "sweep_functions.h").read_text(encoding="utf-8")}
    with tempfile.TemporaryDirectory(prefix="arc-math-") as scratch:
        image = build_image(
            target,
            program,
            headers={**headers, **lists},
            flags=(*flags, f"-DINPUTS={inputs}u", *(("-DARC_FMA=1",) if fused else ())),
            output=Path(scratch) / "image.elf",
            compiler=compiler,
        )
        output = run(image, timeout=300).output.decode("ascii")
    return dict(line.split() for line in output.splitlines())
