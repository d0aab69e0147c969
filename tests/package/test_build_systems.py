"""Packages are built by the real build systems, and what they build is run."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from arc_codegen.errors import OptionError, OutputError
from generated_modules import OFFSET, X, loss, write_loss
from toolchains import require_tool

import archimedes as arc

NO_MISMATCH = "loss: 0 mismatches in 12 vectors of 2 functions"
MAIN = """
#include "loss.h"
int main(void)
{
  const float x[3] = {1, 2, 3}, A[12] = {1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0}, b[4] = {1, 2, 3, 2};
  float value;
  loss(x, A, b, &value);
  return value == 2.0f ? 0 : 1;
}
"""


def run(*command: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
    return done.stdout + done.stderr


def test_cmake_alone_builds_the_library_and_checks_the_vectors(tmp_path: Path) -> None:
    cmake = require_tool("cmake")
    write_loss(tmp_path / "loss", package="cmake")
    run(cmake, "-S", tmp_path / "loss", "-B", tmp_path / "build")
    run(cmake, "--build", tmp_path / "build")
    assert list(tmp_path.glob("build/libloss.a"))
    assert NO_MISMATCH in run(tmp_path / "build" / "loss_vectors_test")
    assert "100% tests passed" in run(Path(cmake).with_name("ctest"), "--test-dir", tmp_path / "build")


@pytest.mark.parametrize("languages", ["C", "CXX", "NONE"])
@pytest.mark.parametrize("way", ["add_subdirectory", "FetchContent"])
def test_cmake_projects_of_any_language_take_it(tmp_path: Path, way: str, languages: str) -> None:
    """Also one built with flags that would change the bits, were they not overridden for these files."""
    cmake = require_tool("cmake")
    write_loss(tmp_path / "generated" / "loss", package="cmake")
    main = "main.cpp" if languages == "CXX" else "main.c"
    (tmp_path / main).write_text(MAIN)
    taken = {
        "add_subdirectory": "add_subdirectory(generated/loss)",
        "FetchContent": "include(FetchContent)\n"
        'FetchContent_Declare(loss SOURCE_DIR "${CMAKE_CURRENT_SOURCE_DIR}/generated/loss")\n'
        "FetchContent_MakeAvailable(loss)",
    }[way]
    if languages == "NONE":
        taken += "\nenable_language(C)"
    (tmp_path / "CMakeLists.txt").write_text(
        f"cmake_minimum_required(VERSION 3.15)\nproject(firmware LANGUAGES {languages})\n{taken}\n"
        f"add_executable(firmware {main})\ntarget_link_libraries(firmware PRIVATE loss::loss)\n"
    )
    run(cmake, "-S", tmp_path, "-B", tmp_path / "build", "-DCMAKE_C_FLAGS=-std=gnu11 -O3 -ffast-math")
    said = run(cmake, "--build", tmp_path / "build", "--verbose")
    assert "-fno-fast-math" in said
    run(tmp_path / "build" / "firmware")
    # The flags are private: the project's own files are compiled as the project says.
    own = [line for line in said.splitlines() if f" -c {tmp_path / main}" in line or f"{tmp_path}/{main}" in line]
    assert own
    assert not any("-ffp-contract" in line for line in own)


def test_cmake_keeps_some_names_for_itself(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="ARC550"):
        arc.codegen(loss, (X, X, X[0]), name="install", package="cmake", output_dir=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_make_alone_builds_the_library_and_checks_the_vectors(tmp_path: Path) -> None:
    make = require_tool("make")
    write_loss(tmp_path, package="make")
    run(make, "-C", tmp_path)
    assert (tmp_path / "libloss.a").exists()
    assert NO_MISMATCH in run(make, "-C", tmp_path, "check")
    run(make, "-C", tmp_path, "clean")
    assert not list(tmp_path.glob("*.[oa]"))


def test_make_takes_the_users_tools_and_flags(tmp_path: Path) -> None:
    make = require_tool("make")
    write_loss(tmp_path / "loss", package="make")
    compiler, archiver = require_tool("arm-none-eabi-gcc"), require_tool("arm-none-eabi-ar")
    flags = "-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16 -ffast-math -Os"
    run(
        *(make, "-C", tmp_path / "loss", f"CC={compiler}", f"AR={archiver}", f"CFLAGS={flags}"),
        f"LOSS_BUILD={tmp_path / 'build'}",
    )
    assert "loss_value_and_grad" in run("arm-none-eabi-nm", tmp_path / "build" / "libloss.a")
    assert not list((tmp_path / "loss").glob("*.o"))


def test_a_makefile_includes_the_fragment(tmp_path: Path) -> None:
    make = require_tool("make")
    write_loss(tmp_path / "generated" / "loss", package="make")
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "Makefile").write_text(
        "LOSS_BUILD := build\n"
        "include generated/loss/loss.mk\n"
        "firmware: main.c $(LOSS_LIB)\n\t$(CC) $(LOSS_INCLUDE) $^ $(LOSS_LDLIBS) -o $@\n"
    )
    run(make, "-C", tmp_path)  # the goal is the user's first target, not the library
    run(tmp_path / "firmware")
    assert (tmp_path / "build" / "libloss.a").exists()


def test_both_packages_at_once(tmp_path: Path) -> None:
    artifact = write_loss(tmp_path, package=("cmake", "make"))
    assert {"CMakeLists.txt", "Makefile", "loss.mk"} <= set(artifact.manifest["files"]["extras"])
    assert artifact.manifest["options"]["package"] == "cmake,make"


def test_the_c_does_not_depend_on_the_package(tmp_path: Path) -> None:
    plain = write_loss(tmp_path / "plain", vectors=0)
    packed = write_loss(tmp_path / "packed", package=("cmake", "make"))
    library = write_loss(tmp_path / "arduino", package="arduino")
    assert plain.source.read_text() == packed.source.read_text() == library.source.read_text()
    assert plain.header.read_text() == packed.header.read_text() == library.header.read_text()


def test_a_second_module_does_not_replace_the_package_of_the_first(tmp_path: Path) -> None:
    write_loss(tmp_path, package="make")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(OutputError, match="ARC551"):
        arc.codegen(loss, (X, X, OFFSET[0]), name="other", package="make", output_dir=tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before
    arc.codegen(loss, (X, X, OFFSET[0]), name="other", output_dir=tmp_path)


@pytest.mark.parametrize("package", [("cmake", "arduino"), "bazel", ["make", 3]])
def test_packages_that_there_are_not(tmp_path: Path, package: object) -> None:
    with pytest.raises(OptionError, match="ARC510"):
        write_loss(tmp_path, package=package)


def test_the_host_builds_a_module_in_any_layout(tmp_path: Path) -> None:
    artifact = write_loss(tmp_path, package="arduino")
    found = artifact.library().function("loss")
    assert artifact.manifest["files"]["include_dirs"] == ["src"]
    assert artifact.source == tmp_path / "src" / "loss.c"
    assert found.__class__.__name__ == "HostFunction"
