"""The written C on a Cortex-M4F: built with arm-none-eabi-gcc, run in QEMU, its results compared bit by bit."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from arc_codegen.toolchain.flags import HOST_FLAGS
from arc_codegen.toolchain.packages import install_command
from numpy.typing import NDArray
from report import Line
from written_c import FUNCTIONS, WrittenModule, object_size

BOARD = Path(__file__).parents[2] / "runtime_c" / "boards" / "mps2_an386"
CPU = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")
COMPILER = "arm-none-eabi-gcc"
EMULATOR = "qemu-system-arm"

Float32 = NDArray[np.float32]


def demonstrate(
    module: WrittenModule, weights: tuple[Float32, ...], batch: tuple[Float32, ...], folder: Path
) -> Iterator[Line]:
    """Lines of the report."""
    missing = [program for program in (COMPILER, EMULATOR) if shutil.which(program) is None]
    for program in missing:
        yield Line("Cortex-M4F", f"left out: {program} is not installed; {install_command(program)}", notice=True)
    if COMPILER in missing:
        return
    target = folder / "digits_m4f.o"
    _run([COMPILER, *CPU, *HOST_FLAGS, "-c", str(module.source), "-o", str(target)])
    yield Line("Cortex-M4F object", f"{object_size(target, size='arm-none-eabi-size')}, {target.name}")
    doubles = soft_doubles(target)
    yield Line("software double in it", ", ".join(doubles) or "none", not doubles)
    if EMULATOR in missing:
        return
    inputs = (*weights, *batch)
    program = build_program(module, inputs, folder)
    on_chip = run_program(program)
    on_host = [_results(module, function, inputs) for function in FUNCTIONS]
    for function, chip, host in zip(FUNCTIONS, on_chip, on_host, strict=True):
        yield compare(function, chip, host)


def soft_doubles(target: Path) -> list[str]:
    """Symbols of double arithmetic in software that an object asks for: a float has been promoted somewhere."""
    symbols = _run(["arm-none-eabi-nm", "--undefined-only", str(target)]).split()
    return [symbol for symbol in symbols if re.fullmatch(r"__aeabi_(d\w+|f2d|i2d|ui2d|l2d|ul2d)", symbol)]


def build_program(module: WrittenModule, inputs: Sequence[Float32], folder: Path) -> Path:
    """Firmware that calls each function once and prints the bits of its results."""
    main = folder / "m4f_main.c"
    main.write_text(_main_program(module, inputs), encoding="utf-8")
    sources = [*module.sources, main, BOARD / "startup.c", BOARD / "semihosting.c"]
    program = folder / "digits_m4f.elf"
    script = BOARD / "mps2_an386.ld"
    # Sections nobody refers to are left out, so that the two losses show what one of them needs of the C library.
    _run(
        [
            *(COMPILER, *CPU, *HOST_FLAGS, "-std=c11", "-nostartfiles", "-Wl,--gc-sections", f"-T{script}"),
            *(f"-I{BOARD}", f"-I{module.folder}", *map(str, sources), "-lm", "-o", str(program)),
        ]
    )
    return program


def run_program(program: Path) -> list[Float32]:
    """Results of each function on the emulated chip, one after the other, value first."""
    answer = _run(
        [
            *(EMULATOR, "-M", "mps2-an386", "-nographic", "-kernel", str(program)),
            *("-semihosting-config", "enable=on,target=native"),
        ]
    )
    lines = [[int(word, 16) for word in line.split()] for line in answer.splitlines() if line]
    return [np.array(words, dtype=np.uint32).view(np.float32) for words in lines]


def compare(function: str, chip: Float32, host: Float32) -> Line:
    """One line: how many results have the same bits, and how far the others are apart."""
    what = f"{function}: chip against host"
    same = int(np.count_nonzero(chip.view(np.uint32) == host.view(np.uint32)))
    if same == host.size:
        return Line(what, f"all {host.size} results equal to the last bit", True)
    libm = function != "margin_loss"
    furthest = int(np.max(np.abs(_ordinal(chip) - _ordinal(host))))
    relative = float(np.max(np.abs(chip - host)) / np.max(np.abs(host)))
    text = f"{same} of {host.size} results have the same bits; the others are up to {furthest} ulp apart, "
    text += f"{relative:.0e} of the largest"
    if libm:
        text += " (expf, logf, tanhf are those of two math libraries)"
    # Functions of two math libraries may differ by a few ulp; without them nothing may.
    return Line(what, text, libm and relative <= 100 * float(np.finfo(np.float32).eps))


def _ordinal(numbers: Float32) -> NDArray[np.int64]:
    """Floats as integers that count representable numbers: their difference is a distance in ulp."""
    bits = numbers.view(np.int32).astype(np.int64)
    return np.where(bits < 0, -(bits & 0x7FFFFFFF), bits)


def _results(module: WrittenModule, function: str, inputs: Sequence[Float32]) -> Float32:
    outputs = module.library().function(module.c_name(function))(*inputs)
    return np.concatenate([np.ravel(np.asarray(output, dtype=np.float32)) for output in outputs])


def _main_program(module: WrittenModule, inputs: Sequence[Float32]) -> str:
    entries = module.manifest["functions"]
    parameters = entries[0]["params"]
    lines = [f'#include "{module.manifest["name"]}.h"', '#include "semihosting.h"', "", "#include <string.h>", ""]
    names = [parameter["name"] for parameter in parameters if parameter["direction"] == "in"]
    for name, array in zip(names, inputs, strict=True):
        elements = ", ".join(f"{float(x).hex()}f" for x in np.ravel(array))
        lines.append(f"static const float {name}[{array.size}] = {{{elements}}};")
    results = [parameter for parameter in parameters if parameter["direction"] == "out"]
    lines += [f"static float {result['name']}[{math.prod(result['shape'])}];" for result in results]
    lines += [
        "",
        "static void print(const float *numbers, int count) {",
        "  for (int i = 0; i < count; ++i) {",
        "    uint32_t bits;",
        "    memcpy(&bits, &numbers[i], sizeof bits);",
        "    semihosting_write_hex(bits);",
        '    semihosting_write(" ");',
        "  }",
        "}",
        "",
        "int main(void) {",
    ]
    called = ", ".join((*names, *(result["name"] for result in results)))
    for entry in entries:
        lines.append(f"  {entry['c_name']}({called});")
        lines += [f"  print({result['name']}, {math.prod(result['shape'])});" for result in results]
        lines.append('  semihosting_write("\\n");')
    return "\n".join([*lines, "  return 0;", "}", ""])


def _run(command: list[Any]) -> str:
    """What a program prints; QEMU writes the chip's words to standard error."""
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\nfailed:\n{done.stdout}")
    return done.stdout
