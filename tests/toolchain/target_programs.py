"""Programs for emulated targets, and what the tests of several files ask of them."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

from arc_codegen.toolchain.cross import DEFAULT_FLAGS, Image, build_image
from arc_codegen.toolchain.simavr import EmulatorNotFoundError, simavr_runner
from arc_codegen.toolchain.targets import Target, load_target, target_names
from toolchains import require_tool, skip_or_fail

CHIPS = tuple(name for name in target_names() if (found := load_target(name)).emulator is not None and name != "host")
"""Targets that have a chip and an emulator."""

ONE_PER_BOARD = tuple({load_target(name).board: name for name in CHIPS}.values())
"""The same, one for each board."""

SECONDS = 60.0

NUMBERS = """
#include "arc_board.h"

static inline uint32_t receive_word(void)
{
  uint32_t word = 0;
  for (int shift = 0; shift < 32; shift += 8) {
    word |= (uint32_t)arc_board_getc() << shift;
  }
  return word;
}

static inline void send_word(uint32_t word)
{
  for (int shift = 0; shift < 32; shift += 8) {
    arc_board_putc((uint8_t)(word >> shift));
  }
}
"""


def require_target(name: str) -> Target:
    """A target whose compiler and emulator are here; skips the test, or fails it where tools are required."""
    target = load_target(name)
    require_tool(target.compilers[0].program)
    assert target.emulator is not None
    if target.emulator.family == "simavr":
        try:
            simavr_runner()
        except EmulatorNotFoundError as error:
            skip_or_fail(str(error))
    elif target.emulator.program:
        require_tool(target.emulator.program)
    return target


def build_main(
    target: Target,
    body: str,
    folder: Path,
    *,
    sources: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    includes: Sequence[str] = (),
    flags: Sequence[str] = DEFAULT_FLAGS,
    compiler: str | None = None,
) -> Image:
    """Image whose ``main`` has a body."""
    lines = "".join(f'#include "{name}"\n' for name in includes)
    main = f'#include "numbers.h"\n{lines}\nint main(void)\n{{\n{body}\n}}\n'
    return build_image(
        target,
        {**(sources or {}), "main.c": main},
        headers={**(headers or {}), "numbers.h": f"#ifndef NUMBERS_H\n#define NUMBERS_H\n{NUMBERS}\n#endif\n"},
        flags=flags,
        output=folder / f"{target.name}.elf",
        compiler=compiler,
    )


def words(output: bytes) -> list[int]:
    """The 32-bit words that a program sent."""
    assert len(output) % 4 == 0, output
    return [word for (word,) in struct.iter_unpack("<I", output)]
