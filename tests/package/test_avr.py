"""An 8-bit processor whose floating point is software computes the bits of the host, from the files of a package."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from avr import CONSOLE, compile_for_avr, require_core, simulate
from generated_modules import MATRIX, OFFSET, X, write_loss


def test_the_vectors_pass_on_avr(tmp_path: Path) -> None:
    write_loss(tmp_path)
    (tmp_path / "console.c").write_text(CONSOLE)
    compile_for_avr("-std=c99", "-c", "loss.c", cwd=tmp_path)
    compile_for_avr("-std=c99", "-Dmain=program", "-c", "loss_vectors_test.c", cwd=tmp_path)
    compile_for_avr("-std=gnu99", "console.c", "loss.o", "loss_vectors_test.o", "-lm", "-o", "p.elf", cwd=tmp_path)
    lines = simulate(tmp_path / "p.elf", seconds=60)
    assert "loss: 0 mismatches in 12 vectors of 2 functions" in lines
    assert "exit 0" in lines


def test_the_example_sketch_runs(tmp_path: Path) -> None:
    """Library and sketch are compiled as the Arduino IDE does, with Arduino's own core."""
    core = require_core()
    artifact = write_loss(tmp_path / "library", package="arduino")
    sketch = tmp_path / "library" / "examples" / "loss_demo" / "loss_demo.ino"
    (tmp_path / "sketch.cpp").write_text(f"#include <Arduino.h>\n{sketch.read_text()}")
    flags = ["-DF_CPU=16000000L", "-DARDUINO=10819", "-DARDUINO_ARCH_AVR", "-DDECIMAL_DIG=9", "-ffunction-sections"]
    flags += [f"-I{core}/cores/arduino", f"-I{core}/variants/mega", f"-I{artifact.folder}/src"]
    cores = core / "cores" / "arduino"
    compile_for_avr(*flags, "-w", "-std=gnu11", "-c", *sorted(cores.glob("*.c")), cwd=tmp_path)
    compile_for_avr(*flags, "-std=gnu11", "-Wall", "-Werror", "-c", artifact.source, cwd=tmp_path)
    cpp = ["-std=gnu++11", "-fno-exceptions", "-fno-threadsafe-statics", "-c"]
    compile_for_avr(*flags, "-w", *cpp, *sorted(cores.glob("*.cpp")), cwd=tmp_path, compiler="avr-g++")
    compile_for_avr(*flags, "-Wall", "-Werror", *cpp, "sketch.cpp", cwd=tmp_path, compiler="avr-g++")
    compile_for_avr("-Wl,--gc-sections", *tmp_path.glob("*.o"), "-lm", "-o", "sketch.elf", cwd=tmp_path)
    lines = simulate(tmp_path / "sketch.elf", seconds=3)

    single = [np.asarray(value, np.float32) for value in (X, MATRIX, OFFSET)]
    value, gradient = artifact.library().function("loss_value_and_grad")(*single)
    printed = dict(line.split(" = ") for line in lines if " = " in line)
    # Arduino prints seven decimals.
    assert abs(float(printed["loss: out"]) - value) <= 1e-6 * abs(value) + 1e-6
    for k in range(3):
        found = float(printed[f"loss_value_and_grad: grad_x[{k}]"])
        assert abs(found - gradient[k]) <= 1e-6 * abs(gradient[k]) + 1e-6


def test_the_library_is_laid_out_as_arduino_reads_it(tmp_path: Path) -> None:
    artifact = write_loss(tmp_path, package="arduino")
    properties = dict(
        line.split("=", 1) for line in (tmp_path / "library.properties").read_text().splitlines() if "=" in line
    )
    assert properties["name"] == "loss"
    assert properties["includes"] == "loss.h"
    assert {"version", "author", "maintainer", "sentence", "paragraph", "category", "architectures"} <= set(properties)
    assert (tmp_path / "keywords.txt").read_text() == "loss\tKEYWORD2\nloss_value_and_grad\tKEYWORD2\n"
    assert artifact.manifest["files"]["sources"] == ["src/loss.c"]
    # What holds a `main` is not in src, all of which Arduino compiles.
    assert not list((tmp_path / "src").glob("*_test.c"))
    assert (tmp_path / "extras" / "loss_vectors_test.c").exists()
