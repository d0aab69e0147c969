"""The bits of the results survive the build of the user: no contraction whatever the flags, fast math is refused."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from toolchains import require_tool

import archimedes as arc

# At x = 1 + 2^-12 the square 1 + 2^-11 + 2^-24 is a tie in float32 and rounds to 1 + 2^-11: the difference is 0.
# Fused, it is 2^-24.
EDGE = 1.0 + 2.0**-11
MAIN = """
#include "edge.h"
#include <stdio.h>
#include <string.h>
int main(void)
{
  volatile float x = 1.000244140625f;
  float y = -1.0f;
  unsigned bits;
  edge(x, &y);
  memcpy(&bits, &y, sizeof bits);
  printf("%08x\\n", bits);
  return 0;
}
"""
UNPROTECTED = "void edge(float x, float *y); void edge(float x, float *y) { *y = x * x - 1.00048828125f; }\n"
CORTEX_M4F = ("-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=hard", "-mfpu=fpv4-sp-d16")


def edge(x: Any) -> Any:
    return x * x - EDGE


def run(command: Sequence[str], cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def succeed(command: Sequence[str], cwd: Path) -> str:
    done = run(command, cwd)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
    return done.stdout


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    arc.codegen(edge, (np.float32(0),), output_dir=tmp_path)
    (tmp_path / "main.c").write_text(MAIN)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        "gcc -std=c99 -O2",
        "gcc -std=gnu11 -Os",
        "gcc -std=gnu11 -O3 -march=native",
        "gcc -std=gnu11 -O3 -march=native -flto",
        "gcc -std=gnu11 -O2 -march=native -ffp-contract=fast",
        "g++ -x c++ -std=gnu++17",
        "g++ -x c++ -std=gnu++17 -O3 -march=native -flto",
        "clang -std=c99 -O2",
        "clang -std=gnu11 -O3 -march=native",
        "clang++ -x c++ -std=gnu++17 -O3 -march=native",
    ],
)
def test_on_the_host_the_difference_is_zero(folder: Path, command: str) -> None:
    compiler, *flags = command.split()
    succeed([require_tool(compiler), *flags, "edge.c", "main.c", "-o", "program"], folder)
    assert succeed(["./program"], folder) == "00000000\n"


def fused(folder: Path, objdump: str, target: str) -> list[str]:
    """Lines with a multiplication and an addition under one rounding (vmla and its like round twice)."""
    listing = succeed([require_tool(objdump), "-d", target], folder)
    names = ("vfma", "vfms", "vfnma", "vfnms")
    return [line for line in listing.splitlines() if any(name in line for name in names)]


@pytest.mark.parametrize("flags", ["-std=gnu11 -O2", "-std=gnu11 -O3", "-std=gnu99 -Os", "-O2 -ffp-contract=fast"])
def test_the_object_for_cortex_m4f_has_no_fused_instruction(folder: Path, flags: str) -> None:
    compiler = [require_tool("arm-none-eabi-gcc"), *CORTEX_M4F, *flags.split()]
    (folder / "unprotected.c").write_text(UNPROTECTED)
    succeed([*compiler, "-c", "unprotected.c", "-o", "unprotected.o"], folder)
    assert fused(folder, "arm-none-eabi-objdump", "unprotected.o"), "this compiler would not have fused anyway"
    succeed([*compiler, "-c", "edge.c", "-o", "edge.o"], folder)
    assert fused(folder, "arm-none-eabi-objdump", "edge.o") == []


def test_nor_has_a_program_for_cortex_m4f_optimised_at_link_time(folder: Path) -> None:
    compiler = [require_tool("arm-none-eabi-gcc"), *CORTEX_M4F, "-std=gnu11", "-O3", "-flto"]
    (folder / "start.c").write_text(
        '#include "edge.h"\nvolatile float x, y;\nvoid _start(void) { float v; edge(x, &v); y = v; }\n'
    )
    succeed([*compiler, "edge.c", "start.c", "-nostdlib", "-o", "program"], folder)
    assert fused(folder, "arm-none-eabi-objdump", "program") == []


def test_nor_has_one_for_a_host_with_fused_instructions(folder: Path) -> None:
    for compiler in ("gcc", "clang"):
        flags = [require_tool(compiler), "-std=gnu11", "-O3", "-mfma", "-c"]
        succeed([*flags, "edge.c", "-o", "edge.o"], folder)
        assert fused(folder, "objdump", "edge.o") == []


@pytest.mark.parametrize("compiler", ["gcc", "g++", "clang", "arm-none-eabi-gcc"])
@pytest.mark.parametrize("flag", ["-ffast-math", "-Ofast", "-ffinite-math-only"])
def test_fast_math_stops_at_an_error_that_says_what_to_do(folder: Path, compiler: str, flag: str) -> None:
    done = run([require_tool(compiler), flag, "-c", "edge.c"], folder)
    assert done.returncode != 0
    assert "compile this file with -fno-fast-math" in done.stderr
    succeed([require_tool(compiler), flag, "-fno-fast-math", "-c", "edge.c"], folder)


def test_two_modules_that_use_sin_link_plainly(tmp_path: Path) -> None:
    def swing(x: Any) -> Any:
        return np.sum(np.sin(x) * x)

    arc.codegen([swing, arc.grad(swing)], (arc.f32[3],), name="first", output_dir=tmp_path)
    arc.codegen([swing, arc.grad(swing)], (arc.f32[3],), name="second", output_dir=tmp_path)
    (tmp_path / "main.c").write_text(
        '#include "first.h"\n#include "second.h"\n'
        "int main(void)\n{\n  const float x[3] = {1, 2, 3};\n  float a, b;\n"
        "  first(x, &a);\n  second(x, &b);\n  return a == b ? 0 : 1;\n}\n"
    )
    sources = sorted(path.name for path in tmp_path.glob("*.c"))
    runtime = ["arc_reduce_large_angle.c", "arc_sincosf.c", "arc_sinf.c"]
    assert sources == [*runtime, "first.c", "main.c", "second.c"]
    for compiler in ("gcc", "clang"):
        succeed([require_tool(compiler), *sources], tmp_path)
        succeed(["./a.out"], tmp_path)
    succeed([require_tool("g++"), "-x", "c++", *sources], tmp_path)
    succeed(["./a.out"], tmp_path)
