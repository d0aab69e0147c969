"""``arc-codegen build`` and ``arc-codegen targets``: what they write, print, and say when something is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from arc_codegen.toolchain import packages
from click.testing import CliRunner, Result
from toolchains import require_tool

from archimedes.cli.main import cli

MODEL = """
import numpy as np
import archimedes as arc


def loss(x: arc.f32[4]):
    return np.sqrt(x @ x + 1.0) / (1.0 + x[0] * x[0])


def wide(x: arc.f64[2]):
    return np.sum(x * x)
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "model.py").write_text(MODEL)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(packages, "current_system", lambda: "Debian")
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, arguments)


def test_a_library_and_its_cost(folder: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    command = ("build", "model.py:loss", "--derive", "value,grad", "--target", "cortex-m4f,cortex-m0", "-o", "out")
    result = run(*command)
    assert result.exit_code == 0, result.stderr
    lines = [line.split() for line in result.stdout.splitlines()]
    assert lines[0][:2] == ["cortex-m4f:", "Arm"]
    # The module calls no library on a chip that has a square root.
    assert any(line[:2] == ["RAM", "0"] for line in lines)
    stacks = {line[3]: int(line[1]) for line in lines[: len(lines) // 2] if line[0] == "stack"}
    assert set(stacks) == {"loss", "loss_grad"}
    assert all(stack < 200 for stack in stacks.values())
    for target in ("cortex-m4f", "cortex-m0"):
        made = {path.name for path in (folder / "out" / target).iterdir()}
        assert {"libloss.a", "loss.o"} <= made
    assert {"loss.c", "loss.h", "loss.manifest.json"} <= {path.name for path in (folder / "out").iterdir()}
    # Again, over what it wrote itself.
    assert run(*command).exit_code == 0


def test_for_programs(folder: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    result = run("build", "model.py:loss", "--target", "cortex-m0", "--flags", "-Os -std=gnu11", "--json")
    assert result.exit_code == 0, result.stderr
    said = json.loads(result.stdout)
    found = said["targets"][0]
    assert found["target"] == "cortex-m0"
    assert found["flash"] == sum(both["flash"] for both in found["by_origin"].values())
    assert found["by_origin"]["libgcc"]["flash"] > 0
    assert found["stack"]["loss"] > 0
    assert not found["stack_unknown"]
    assert all(Path(path).exists() for path in said["files"])


def test_a_description_of_ones_own_and_no_board(folder: Path) -> None:
    require_tool("riscv64-unknown-elf-gcc")
    (folder / "mine.toml").write_text(
        """
chip = "mine"
[processor]
architecture = "riscv"
endianness = "little"
word_bits = 32
integer_registers = 27
fpu = "none"
float_registers = 0
has_fma = false
double_bits = 64
[[compilers]]
family = "gcc"
program = "riscv64-unknown-elf-gcc"
flags = ["-march=rv32imc", "-mabi=ilp32", "--specs=picolibc.specs"]
"""
    )
    result = run("build", "model.py:loss", "--target", "mine.toml", "-o", "out")
    assert result.exit_code == 0, result.stderr
    assert "without a board nothing is linked" in result.stdout
    assert (folder / "out" / "mine" / "libloss.a").exists()


@pytest.mark.parametrize(
    ("options", "code", "exit_code"),
    [
        (("--target", "cortex-m99"), "ARC720", 2),
        (("--target", "cortex-m4f", "--flags", "-fno-such-flag"), "ARC723", 3),
        (("--target", "esp32"), "ARC722", 3),
        (("--target", "cortex-m4f", "--compiler", "icc"), "ARC722", 3),
        (("--target", "cortex-m4f", "-o", "model.py"), "ARC604", 2),
    ],
)
def test_failures_write_nothing(folder: Path, options: tuple[str, ...], code: str, exit_code: int) -> None:
    require_tool("arm-none-eabi-gcc")
    result = run("build", "model.py:loss", *(("-o", "out") if "-o" not in options else ()), *options)
    assert result.exit_code == exit_code
    assert f"error {code}:" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["model.py"]


def test_double_for_a_chip_without_it(folder: Path) -> None:
    result = run("build", "model.py:wide", "--target", "atmega2560", "-o", "out")
    assert result.exit_code == 2
    assert "error ARC920: wide has the double" in result.stderr
    assert "--dtype float32" in result.stderr
    assert [path.name for path in folder.iterdir()] == ["model.py"]


def test_a_missing_compiler_and_how_to_get_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    result = run("build", "model.py:loss", "--target", "cortex-m4f", "-o", "out")
    assert result.exit_code == 3
    assert "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi" in result.stderr


def test_targets(folder: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    result = run("targets")
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "Arm Cortex-M4 with FPU" in rows["cortex-m4f"]
    assert "arm-none-eabi-gcc" in rows["cortex-m4f"]
    assert "qemu-system-arm" in rows["cortex-m4f"]
    assert rows["esp32"].rstrip().endswith("none")
    said = json.loads(run("targets", "--json").stdout)
    assert {row["name"] for row in said["targets"]} == set(rows) - {"target"}


def test_targets_without_anything(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(folder))
    result = run("targets")
    assert result.exit_code == 0
    rows = {line.split()[0]: line for line in result.stdout.splitlines()}
    assert "missing: Install arm-none-eabi-gcc: apt-get install gcc-arm-none-eabi" in rows["cortex-m4f"]
    assert "missing: Install it: apt-get install qemu-system-arm" in rows["cortex-m4f"]


def test_help() -> None:
    for command in ("build", "targets"):
        result = run(command, "--help")
        assert result.exit_code == 0
        assert "Examples:" in result.stdout
        assert "Exit codes:" in result.stdout
