"""Test vectors and example sketches of functions with structs, states and guards."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from arc_codegen.generate import generate
from arc_codegen.ir.graph import Graph, Module
from arc_codegen.ir.interface import Field, Repeated, Struct
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from avr import MCU, require_core
from c_struct_programs import controller, copy_of, leaf, loss
from toolchains import require_tool

POINT = Struct("point", (Field("x", leaf(DType.F32)), Field("m", leaf(DType.F32, 2, 3)), Field("ok", leaf(DType.BOOL))))
PATH = Struct(
    "path", (Field("points", Repeated(POINT, 3)), Field("count", leaf(DType.I32)), Field("none", leaf(DType.F32, 0)))
)
PROGRAMS = {
    "loss": (loss(DType.F32), loss(DType.F64)),
    "pi": (controller(DType.F32, bounded=True), controller(DType.F64, bounded=True)),
    "copy": (copy_of(PATH),),
}
CASES = [(name, k) for name, graphs in PROGRAMS.items() for k in range(len(graphs))]


def write(folder: Path, name: str, graph: Graph, options: Options) -> None:
    write_files(generate(Module(name, (graph,)), options).files, folder)


@pytest.mark.parametrize("guard", ["none", "status", "saturate"])
@pytest.mark.parametrize(("name", "which"), CASES)
def test_the_vectors_of_structs_pass(tmp_path: Path, name: str, which: int, guard: str) -> None:
    options = Options(vectors=25, guard=guard, prefix="app_")  # type: ignore[arg-type]
    write(tmp_path, name, PROGRAMS[name][which], options)
    sources = sorted(path.name for path in tmp_path.glob("*.c"))
    command = [require_tool("gcc"), *HOST_FLAGS, *C_WARNINGS, "-Werror", *sources, "-lm", "-o", "program"]
    subprocess.run(command, cwd=tmp_path, check=True)
    done = subprocess.run(["./program"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"{name}: 0 mismatches in 25 vectors of 1 functions\n")


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_sketch_of_structs_compiles(tmp_path: Path, name: str) -> None:
    core = require_core()
    write(tmp_path, name, PROGRAMS[name][0], Options(package=("arduino",)))
    (sketch,) = tmp_path.rglob("*.ino")
    (tmp_path / "sketch.cpp").write_text(f"#include <Arduino.h>\n{sketch.read_text()}")
    flags = ["-DF_CPU=16000000L", f"-I{core}/cores/arduino", f"-I{core}/variants/mega", f"-I{tmp_path}/src"]
    command = [require_tool("avr-g++"), MCU, *flags, "-Os", "-std=gnu++11", "-Wall", "-Werror", "-c", "sketch.cpp"]
    subprocess.run(command, cwd=tmp_path, check=True)
