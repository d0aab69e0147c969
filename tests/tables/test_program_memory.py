"""Tables of constants on an ATmega2560: none of them in RAM, and the same bits as on this machine."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.targets import load_target
from arc_codegen.verify.chips import run_samples
from arc_codegen.verify.machines import emulated
from arc_codegen.verify.sampling import SamplingPlan, draw_samples
from avr import CONSOLE, compile_for_avr, simulate
from toolchains import require_tool
from verify.verified_modules import host_outcomes, module_of

import archimedes as arc

generator = np.random.default_rng(6)
EVEN = np.linspace(-1.0, 3.0, 256)
UNEVEN = np.cumsum(generator.uniform(0.05, 0.5, 40)) - 2.0
ORDER = generator.permutation(40)
WEIGHTS = generator.standard_normal((12, 8))
MATRIX = generator.standard_normal((6, 6)) + 6.0 * np.eye(6)


def map_of_256(x: arc.f32) -> Any:
    return arc.interp(x, EVEN, np.sin(EVEN))


def cubic(x: arc.f32) -> Any:
    return arc.interp(x, UNEVEN, np.sin(UNEVEN), method="cubic")


def surface(x: arc.f32, y: arc.f32) -> Any:
    return arc.interpn((x, y), (EVEN[:20], UNEVEN[:9]), np.add.outer(EVEN[:20], UNEVEN[:9] ** 2))


def order(x: arc.f32[40]) -> Any:
    return np.cumsum(x[ORDER])


def layer(x: arc.f32[8]) -> Any:
    return WEIGHTS @ x


def solution(b: arc.f32[6]) -> Any:
    return np.linalg.solve(MATRIX, b)


def power(x: arc.f32, y: arc.f32) -> Any:
    """Functions of arc_math that have tables: power, error function, reduction of large angles."""
    return np.abs(x) ** y, arc.erf(x), np.sin(1e5 * x)


FUNCTIONS = [map_of_256, cubic, surface, order, layer, solution, power]


def sections(elf: Path) -> dict[str, int]:
    shown = subprocess.run([require_tool("avr-size"), "-A", str(elf)], capture_output=True, text=True, check=True)
    rows = (line.split() for line in shown.stdout.splitlines() if line.startswith("."))
    return {name: int(size) for name, size, *_ in rows}


def linked(folder: Path, *flags: str) -> dict[str, int]:
    """Sections of a program that holds a module's files, all of them."""
    (folder / "main.c").write_text("int main(void) { return 0; }\n")
    sources = sorted(path.name for path in folder.glob("*.c"))
    compile_for_avr(*flags, *sources, "-o", "program.elf", cwd=folder)
    return sections(folder / "program.elf")


def test_no_table_is_in_ram(tmp_path: Path) -> None:
    """Interpolation over 256 points: its grid, values and slopes are 3,068 bytes of 8,192."""
    arc.codegen(map_of_256, output_dir=tmp_path / "map")
    found = linked(tmp_path / "map")
    assert found[".data"] + found.get(".bss", 0) == 0
    kept = linked(tmp_path / "map", "-DARC_PROGRAM_MEMORY=0")
    assert kept[".data"] == 4 * (256 + 256 + 255)
    # Flash holds what RAM starts with, so that it does not grow by the tables.
    assert abs(found[".text"] - (kept[".text"] + kept[".data"])) < 800
    arc.codegen(FUNCTIONS, name="all", output_dir=tmp_path / "all")
    assert linked(tmp_path / "all")[".data"] == 0


def test_bits_are_those_of_the_host() -> None:
    module = module_of(FUNCTIONS, name="tables", math="arc")
    require_tool("avr-gcc")
    require_tool("simavr")
    given = {
        "map_of_256": {"x": generator.uniform(-1.5, 3.5, 40).astype(np.float32)},
        "cubic": {"x": generator.uniform(-3.0, 12.0, 40).astype(np.float32)},
    }
    plan = SamplingPlan(40, given=given)
    samples = [draw_samples(signature, plan) for signature in module.signatures]
    with emulated(module, load_target("atmega2560"), seconds=60.0) as machine:
        chip = run_samples(machine, samples, poison=0x5A)
    for one, there, here in zip(samples, chip, host_outcomes(module, samples), strict=True):
        for right, got in zip(here.outputs, there.outputs, strict=True):
            different = (right.view(np.uint32) != got.view(np.uint32)) & ~(np.isnan(right) & np.isnan(got))
            assert not different.any(), (one.signature.python, right[different], got[different])


_LOOKUPS = """
#include <stdio.h>
#include <string.h>
#include "arc_interp.h"

ARC_TABLE static const float grid[7] = {0.0f, 0.5f, 0.9f, 2.0f, 2.5f, 4.0f, 5.0f};
ARC_TABLE static const float rows[3] = {-1.0f, 0.0f, 2.0f};
ARC_TABLE static const float values[21] = {
    0.5f, 1.5f, -1.0f, 2.0f, 2.5f, 0.1f, 0.3f, 7.5f, -1.5f, 1.0f, 2.25f, 2.5f, 0.7f, 0.9f,
    0.1f, 1.1f, 3.0f, -2.0f, 1.5f, 1.1f, 1.3f};
ARC_TABLE static const float slopes[7] = {1.0f, 0.3f, -0.2f, 0.1f, 0.7f, 0.9f, -1.0f};

static void print_bits(float value) {
  unsigned char bytes[4];
  memcpy(bytes, &value, 4);
  printf("%02x%02x%02x%02x\\n", bytes[3], bytes[2], bytes[1], bytes[0]);
}

int program(void) {
  arc_axis_f32_t axes[2];
  int status = arc_axis_table_f32(3, rows, &axes[0]);
  status += arc_axis_table_f32(7, grid, &axes[1]);
  for (int k = -3; k < 30; ++k) {
    const float point[2] = {0.3f * (float)k - 1.5f, 0.25f * (float)k};
    print_bits(arc_interp_linear_table_f32(&axes[1], values, ARC_CLAMP, point[1]));
    print_bits(arc_interp_cubic_table_f32(&axes[1], values, slopes, ARC_EXTRAPOLATE, point[1]));
    print_bits(arc_interpn_linear_table_f32(2, axes, values, ARC_CLAMP, point));
  }
  return status;
}
"""


def test_lookups_without_the_generator_read_program_memory(tmp_path: Path) -> None:
    for name in closure(["arc_interp_f32.c"]):
        (tmp_path / name).write_text(text_of(name))
    (tmp_path / "lookups.c").write_text(_LOOKUPS)
    (tmp_path / "host.c").write_text('#include "lookups.c"\nint main(void) { return program(); }\n')
    sources = [path.name for path in sorted(tmp_path.glob("arc_*.c"))]
    command = [require_tool("gcc"), "-std=c99", "-ffp-contract=off", "host.c", *sources, "-o", "host"]
    subprocess.run(command, cwd=tmp_path, check=True)
    expected = subprocess.run([str(tmp_path / "host")], capture_output=True, text=True, check=True).stdout.split()
    assert len(expected) == 3 * 33
    compile_for_avr("-std=gnu99", "-c", "lookups.c", "-o", "lookups.o", cwd=tmp_path)
    # The one table that stays in RAM is printf's format.
    assert sections(tmp_path / "lookups.o").get(".rodata", 0) == 0
    (tmp_path / "console.c").write_text(CONSOLE)
    compile_for_avr("-std=gnu99", "console.c", "lookups.c", *sources, "-o", "chip.elf", cwd=tmp_path)
    lines = simulate(tmp_path / "chip.elf", seconds=20.0)
    assert [line for line in lines if len(line) == 8][-len(expected) :] == expected


@pytest.mark.parametrize("flags", [["-std=c99"], ["-std=gnu11", "-O0"], ["-x", "c++", "-std=c++11"]], ids=" ".join)
def test_macros_read_every_type(tmp_path: Path, flags: list[str]) -> None:
    types = {
        "BOOL": ("bool", ["true", "false"]),
        "I8": ("int8_t", ["-128", "127"]),
        "U8": ("uint8_t", ["255", "1"]),
        "I16": ("int16_t", ["-32768", "258"]),
        "U16": ("uint16_t", ["65535", "258"]),
        "I32": ("int32_t", ["-2147483647", "16909060"]),
        "U32": ("uint32_t", ["4294967295", "16909060"]),
        "I64": ("int64_t", ["-9223372036854775807", "72623859790382856"]),
        "F32": ("float", ["-1.5f", "0.1f"]),
        "F64": ("double", ["-1.5", "0.1"]),
    }
    lines = ['#include "arc_table.h"', "int program(void);", "static volatile int second = 1;"]
    checks = []
    for macro, (ctype, (first, other)) in types.items():
        lines.append(f"ARC_TABLE static const {ctype} t_{macro}[2] = {{({ctype}){first}, ({ctype}){other}}};")
        checks.append(f"  failed += ARC_READ_{macro}(t_{macro}[second - 1]) != ({ctype}){first};")
        checks.append(f"  failed += ARC_READ_{macro}(t_{macro}[second]) != ({ctype}){other};")
    lines += ["int program(void) {", "  int failed = 0;", *checks, "  return failed;", "}"]
    for name in closure(["arc_table.h"]):
        (tmp_path / name).write_text(text_of(name))
    (tmp_path / "reads.c").write_text("\n".join([*lines, ""]))
    extern = "" if "c++" not in flags else "-Dprogram=_Z7programv"
    (tmp_path / "console.c").write_text(CONSOLE)
    compile_for_avr(*flags, "-c", "reads.c", "-o", "reads.o", cwd=tmp_path)
    compile_for_avr(*[extern] * bool(extern), "console.c", "reads.o", "-o", "chip.elf", cwd=tmp_path)
    assert "exit 0" in simulate(tmp_path / "chip.elf", seconds=20.0)
