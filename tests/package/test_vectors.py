"""Test vectors: the program passes on what it was made for and fails on anything else; same bytes always."""

from __future__ import annotations

import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import OptionError
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.types import DType
from arc_codegen.package.hex_floats import hex_float
from arc_codegen.package.vectors import make_vectors
from arc_codegen.toolchain.flags import C_WARNINGS, HOST_FLAGS
from generated_modules import MATRIX, OFFSET, X, angles, write_loss
from hypothesis import given
from hypothesis import strategies as st
from toolchains import require_tool

import archimedes as arc

ROOT = Path(__file__).resolve().parents[2]


def build_and_run(
    folder: Path, *flags: str, compiler: str = "cc", module: str = "loss"
) -> subprocess.CompletedProcess[str]:
    runtime = sorted(path.name for path in folder.glob("arc_*.c"))
    sources = [f"{module}.c", *runtime, f"{module}_vectors_test.c"]
    libraries = ["-lm"] if "<math.h>" in (folder / f"{module}.c").read_text() else []
    command = [require_tool(compiler), *flags, *sources, *libraries, "-o", "program"]
    built = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr
    return subprocess.run(["./program"], cwd=folder, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_the_program_passes_and_has_no_warning(tmp_path: Path, compiler: str) -> None:
    write_loss(tmp_path)
    found = build_and_run(tmp_path, *HOST_FLAGS, *C_WARNINGS, "-Werror", compiler=compiler)
    assert (found.returncode, found.stdout) == (0, "loss: 0 mismatches in 12 vectors of 2 functions\n")


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_every_type_of_argument_and_result(tmp_path: Path, real: Any) -> None:
    arc.codegen(angles, (0.25, np.int32(3), True), float_type=real, name="angles", vectors=30, output_dir=tmp_path)
    found = build_and_run(tmp_path, *HOST_FLAGS, *C_WARNINGS, "-Werror", module="angles")
    assert (found.returncode, found.stdout) == (0, "angles: 0 mismatches in 30 vectors of 1 functions\n")
    platform = real is np.float64  # in float32 the functions come with the module
    assert ("Libraries differ in the last bits" in (tmp_path / "angles_vectors.h").read_text()) == platform
    assert ("vectors_test.c -lm" in (tmp_path / "angles_vectors_test.c").read_text()) == platform


def test_a_wrong_bit_is_found_and_told(tmp_path: Path) -> None:
    write_loss(tmp_path)
    source = tmp_path / "loss.c"
    assert "0.5f" in source.read_text()
    source.write_text(source.read_text().replace("0.5f", "0.50000006f"))
    found = build_and_run(tmp_path, *HOST_FLAGS)
    assert 0 < found.returncode < 255
    bits = "0x[0-9a-f]{16}"
    assert re.match(rf"loss: out\[0\] of vector \d+ has the bits {bits}, expected {bits}\n", found.stdout)
    assert len(found.stdout.splitlines()) == 2
    quiet = build_and_run(tmp_path, *HOST_FLAGS, "-DLOSS_VECTORS_QUIET")
    assert (quiet.returncode, quiet.stdout) == (found.returncode, "")
    # Half a unit more in a factor is not much: eight units in the last place cover it.
    assert build_and_run(tmp_path, *HOST_FLAGS, "-DLOSS_VECTORS_ULP=8").returncode == 0


def test_an_output_that_is_not_written_is_found(tmp_path: Path) -> None:
    write_loss(tmp_path)
    (tmp_path / "loss.c").write_text(
        '#include "loss.h"\n'
        "void loss(const float x[3], const float *A, const float b[4], float *out)\n"
        "{ (void)x; (void)A; (void)b; (void)out; }\n"
        "void loss_value_and_grad(const float x[3], const float *A, const float b[4], float *value, float grad_x[3])\n"
        "{ (void)x; (void)A; (void)b; (void)value; (void)grad_x; }\n"
    )
    assert build_and_run(tmp_path, *HOST_FLAGS).returncode == 12 * 5


def test_vectors_of_another_generation_do_not_compile(tmp_path: Path) -> None:
    write_loss(tmp_path)
    header = tmp_path / "loss.h"
    header.write_text(re.sub("(#define LOSS_STAMP) .*", r"\1 0x00000001", header.read_text()))
    command = [require_tool("cc"), "-c", "loss_vectors_test.c"]
    found = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert found.returncode != 0
    assert "not of one generation" in found.stderr


UNITY_FOLDER = os.environ.get("ARC_UNITY", "")


@pytest.mark.skipif(not UNITY_FOLDER, reason="set ARC_UNITY to the src folder of the Unity test framework")
def test_the_unity_tests_pass(tmp_path: Path) -> None:
    write_loss(tmp_path)
    found = build_and_run(tmp_path, "-DLOSS_VECTORS_UNITY", f"-I{UNITY_FOLDER}", f"{UNITY_FOLDER}/unity.c")
    assert found.returncode == 0
    assert "2 Tests 0 Failures 0 Ignored" in found.stdout


def test_the_files_are_formatted(tmp_path: Path) -> None:
    write_loss(tmp_path)
    (tmp_path / ".clang-format").write_text((ROOT / ".clang-format").read_text())
    command = [require_tool("clang-format"), "--dry-run", "-Werror", "loss_vectors.h", "loss_vectors_test.c"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_the_first_vector_is_the_example(tmp_path: Path) -> None:
    write_loss(tmp_path)
    text = (tmp_path / "loss_vectors.h").read_text()
    for name, value in (("x", X), ("A", MATRIX), ("b", OFFSET)):
        table = re.search(rf"loss_in_{name}\[LOSS_VECTORS\]\[\d+\] = {{\s*{{([^}}]*)}}", text)
        assert table is not None
        found = [float.fromhex(word.strip().removesuffix("f")) for word in table[1].split(",")]
        np.testing.assert_array_equal(found, np.asarray(value, np.float32).ravel())


def test_same_bytes_in_every_process(tmp_path: Path) -> None:
    program = "import sys; from pathlib import Path; from generated_modules import write_loss; "
    program += "write_loss(Path(sys.argv[1]), package='make')"
    for seed in ("0", "77"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / seed)],
            check=True,
            env=environment,
            cwd=Path(__file__).parent,
        )
    names = sorted(path.name for path in (tmp_path / "0").iterdir())
    assert "loss_vectors.h" in names
    for name in names:
        assert (tmp_path / "0" / name).read_bytes() == (tmp_path / "77" / name).read_bytes()


@given(st.floats(width=32) | st.floats())
def test_hexadecimal_constants_are_exact(value: float) -> None:
    if math.isfinite(value):
        spelled = hex_float(value, single=False)
        assert float.fromhex(spelled) == value
        assert math.copysign(1.0, float.fromhex(spelled)) == math.copysign(1.0, value)
    else:
        assert hex_float(value, single=True) in ("NAN", "INFINITY", "-INFINITY")


def test_special_values_come_up_one_at_a_time() -> None:
    builder = GraphBuilder("f")
    x = builder.input("x", DType.F32, (6,))
    graph = builder.finish([("y", builder.map("neg", x))])
    vectors = make_vectors(graph, 60)
    seen: set[str] = set()
    for (values,) in vectors.inputs:
        odd = [v for v in values.tolist() if not math.isfinite(v) or abs(v) < 1e-30 or abs(v) > 1e30]
        assert len(odd) <= 1
        seen |= {repr(v) for v in odd}
    assert {"nan", "inf", "-inf", "0.0", "-0.0", repr(2.0**-149)} <= seen
    tame = make_vectors(graph, 60, finite=True)
    assert all(np.isfinite(values).all() for (values,) in tame.inputs)


@pytest.mark.parametrize("count", [-1, 1.5, True, 10_001])
def test_a_number_of_vectors_that_cannot_be(tmp_path: Path, count: object) -> None:
    with pytest.raises(OptionError, match="ARC510"):
        write_loss(tmp_path, vectors=count)
