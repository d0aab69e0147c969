"""The written C on a Cortex-M4F: built with arm-none-eabi-gcc, run in QEMU, its results compared bit by bit."""

from __future__ import annotations

import math
import re
import shutil
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from arc_codegen.toolchain.cross import Image, build_image
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.packages import install_command
from arc_codegen.toolchain.resources import FunctionCost, measure_cost, sizes, summarise_ticks
from arc_codegen.toolchain.targets import Target, load_target
from numpy.typing import NDArray
from report import Cells, Line
from written_c import FUNCTIONS, WrittenModule

TARGET = "cortex-m4f"
COMPILER = "arm-none-eabi-gcc"
EMULATOR = "qemu-system-arm"

Float32 = NDArray[np.float32]


@dataclass(frozen=True)
class ChipRun:
    """What one function did on the chip."""

    results: Float32  # the value, then the gradients
    instructions: int
    stack: int  # bytes that lost their paint


def demonstrate(
    module: WrittenModule, weights: tuple[Float32, ...], batch: tuple[Float32, ...], folder: Path
) -> Iterator[Line | Cells]:
    """Lines of the report, and a table of what each function takes of the chip."""
    missing = [program for program in (COMPILER, EMULATOR) if shutil.which(program) is None]
    for program in missing:
        yield Line("Cortex-M4F", f"left out: {program} is not installed; {install_command(program)}", notice=True)
    if missing:
        return
    inputs = (*weights, *batch)
    target = load_target(TARGET)
    image = build_program(module, target, inputs, folder)
    yield Line("Cortex-M4F program", f"{sizes(image).flash} bytes of flash with its inputs, {image.path.name}")
    doubles = soft_doubles(image)
    yield Line("software double in it", ", ".join(doubles) or "none", not doubles)
    runs = run_program(module, image)
    costs = [_cost(module, target, function) for function in FUNCTIONS]
    for function, on_chip, cost in zip(FUNCTIONS, runs, costs, strict=True):
        yield compare(function, on_chip.results, _results(module, function, inputs))
        yield _check_stack(function, on_chip, cost)
    heading = Cells((f"value and gradient, {target.chip}", *FUNCTIONS))
    columns = [_resources(on_chip, cost) for on_chip, cost in zip(runs, costs, strict=True)]
    yield heading
    for what in columns[0]:
        yield Cells((what, *(column[what] for column in columns)))


def soft_doubles(image: Image) -> list[str]:
    """Double arithmetic in software that a program holds: a float has been promoted somewhere."""
    names = {symbol.name for symbol in sizes(image).symbols}
    return sorted(name for name in names if re.fullmatch(r"__aeabi_(d\w+|f2d|i2d|ui2d|l2d|ul2d)", name))


def build_program(module: WrittenModule, target: Target, inputs: Sequence[Float32], folder: Path) -> Image:
    """Firmware that calls each function once and sends its results, its cost and its stack over the serial port."""
    sources = {**module.texts("sources"), "main.c": _main_program(module, inputs)}
    return build_image(target, sources, headers=module.texts("headers"), output=folder / "digits_m4f.elf")


def run_program(module: WrittenModule, image: Image) -> list[ChipRun]:
    """What each function did on the emulated chip, in the order of `FUNCTIONS`."""
    answer = run(image).output
    empty, *words = struct.unpack(f"<{len(answer) // 4}I", answer)
    runs = []
    for entry in _entries(module):
        size = sum(math.prod(result["shape"]) for result in _results_of(entry))
        ticks, stack, *bits = words[: 2 + size]
        words = words[2 + size :]
        instructions = summarise_ticks(image.target, [ticks], empty=empty).most
        runs.append(ChipRun(np.array(bits, dtype=np.uint32).view(np.float32), instructions, stack))
    return runs


def compare(function: str, chip: Float32, host: Float32) -> Line:
    """One line: whether all results have the same bits, and how far the others are apart."""
    what = f"{function}: chip against host"
    same = int(np.count_nonzero(chip.view(np.uint32) == host.view(np.uint32)))
    if same == host.size:
        return Line(what, f"all {host.size} results equal to the last bit", True)
    furthest = int(np.max(np.abs(_ordinal(chip) - _ordinal(host))))
    text = f"{same} of {host.size} results have the same bits; the others are up to {furthest} ulp apart"
    return Line(what, text, False)


def _check_stack(function: str, on_chip: ChipRun, cost: FunctionCost) -> Line:
    what = f"{function}: stack on the chip"
    for why in cost.stack_unknown.values():
        return Line(what, f"{on_chip.stack} bytes measured; no bound: {why}", False)
    (bound,) = cost.stack.values()
    return Line(what, f"{on_chip.stack} bytes measured, bound {bound}", on_chip.stack <= bound)


def _cost(module: WrittenModule, target: Target, function: str) -> FunctionCost:
    """What one function adds to an empty program."""
    sources, headers = module.texts("sources"), module.texts("headers")
    return measure_cost(target, sources, headers=headers, functions=[module.c_name(function)])


def _resources(on_chip: ChipRun, cost: FunctionCost) -> dict[str, str]:
    """What a function takes, by what it is, beside an empty program."""
    flash = {origin: both[0] for origin, both in cost.sizes.by_origin.items()}
    numbers = {
        "flash, bytes": cost.sizes.flash,
        "  generated code": flash["function"],
        "  arc_math": flash["runtime_c"],
        "  math library of the C compiler": flash["libm"],
        "  its other libraries": flash["libgcc"] + flash["libc"],
        "RAM for variables, bytes": cost.sizes.ram,
        "RAM for the stack, bytes measured": on_chip.stack,
        "RAM for the stack, largest possible": next(iter(cost.stack.values()), None),
        "instructions of the call": on_chip.instructions,
    }
    return {what: "unknown" if number is None else f"{number:,}" for what, number in numbers.items()}


def _ordinal(numbers: Float32) -> NDArray[np.int64]:
    """Floats as integers that count representable numbers: their difference is a distance in ulp."""
    bits = numbers.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def _results(module: WrittenModule, function: str, inputs: Sequence[Float32]) -> Float32:
    outputs = module.library().function(module.c_name(function))(*inputs)
    return np.concatenate([np.ravel(np.asarray(output, dtype=np.float32)) for output in outputs])


def _entries(module: WrittenModule) -> list[dict[str, Any]]:
    by_name = {entry["c_name"]: entry for entry in module.manifest["functions"]}
    return [by_name[module.c_name(function)] for function in FUNCTIONS]


def _results_of(entry: dict[str, Any]) -> list[dict[str, Any]]:
    return [parameter for parameter in entry["params"] if parameter["direction"] == "out"]


_HEAD = """#include <stdint.h>
#include <string.h>

#include "{module}.h"
#include "arc_board.h"
"""

_SEND = """
static void send_word(uint32_t word) {
  for (int i = 0; i < 4; ++i) {
    arc_board_putc((uint8_t)(word >> (8 * i)));
  }
}

static void send(const float *numbers, int count) {
  for (int i = 0; i < count; ++i) {
    uint32_t bits;
    memcpy(&bits, &numbers[i], sizeof bits);
    send_word(bits);
  }
}
"""

_CALL = """  arc_board_paint_stack();
  start = arc_board_ticks();
  {c_name}({arguments});
  ticks = arc_board_ticks() - start;
  stack = arc_board_stack_used();
  send_word(ticks);
  send_word(stack);
"""


def _main_program(module: WrittenModule, inputs: Sequence[Float32]) -> str:
    """C of the program: inputs as constants in flash, outputs as variables."""
    entries = _entries(module)
    parameters = entries[0]["params"]
    results = _results_of(entries[0])
    names = [parameter["name"] for parameter in parameters if parameter["direction"] == "in"]
    text = [_HEAD.format(module=module.manifest["name"])]
    for name, array in zip(names, inputs, strict=True):
        elements = ", ".join(f"{float(x).hex()}f" for x in np.ravel(array))
        text.append(f"static const float {name}[{array.size}] = {{{elements}}};\n")
    text += [f"static float {result['name']}[{math.prod(result['shape'])}];\n" for result in results]
    text += [_SEND, "\nint main(void) {\n  uint32_t start;\n  uint32_t ticks;\n  uint32_t stack;\n"]
    text.append("  start = arc_board_ticks();\n  ticks = arc_board_ticks() - start;\n  send_word(ticks);\n")
    arguments = ", ".join((*names, *(result["name"] for result in results)))
    for entry in entries:
        text.append(_CALL.format(c_name=entry["c_name"], arguments=arguments))
        text += [f"  send({result['name']}, {math.prod(result['shape'])});\n" for result in results]
    return "".join([*text, "  return 0;\n}\n"])
