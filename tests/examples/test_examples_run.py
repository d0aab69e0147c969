"""The examples, as a user runs them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from toolchains import require_tool

REPOSITORY = Path(__file__).parents[2]


def run(script: str, *arguments: str, path: str | None = None) -> str:
    """What an example prints, run from the repository; it has to succeed."""
    environment = {**os.environ, "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"}
    if path is not None:
        environment["PATH"] = path
    done = subprocess.run(
        [sys.executable, script, *arguments],
        cwd=REPOSITORY,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


def test_quickstart(tmp_path: Path) -> None:
    said = run("examples/quickstart.py", str(tmp_path / "out"))
    numbers = [float(word) for word in re.findall(r"-?\d+\.\d+", said)]
    # Printed with eight decimals.
    np.testing.assert_allclose(numbers[:8], numbers[8:16], atol=2e-8)
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["loss.c", "loss.h", "loss.manifest.json"]


def rows(said: str) -> dict[str, list[str]]:
    """Rows of the demonstration's table by their first cell."""
    cells = [
        [cell.strip() for cell in line.strip("│").split("│")] for line in said.splitlines() if line.startswith("│")
    ]
    return {row[0]: row[1:] for row in cells}


def test_digits_reach_their_accuracy_and_all_checks_hold(tmp_path: Path) -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("qemu-system-arm")
    found = rows(run("examples/digits/train.py", "--output", str(tmp_path)))
    accuracy = float(found["accuracy on held-out scans"][0].split("%")[0])
    assert accuracy >= 95
    assert [row[1] for row in found.values() if row[1:] and row[1] in ("ok", "NOT OK")] == ["ok"] * 10
    for function in ("loss", "margin_loss"):
        assert found[f"{function}: chip against host"][0] == "all 1211 results equal to the last bit"
    assert found["software double in it"][0] == "none"
    for what in ("flash, bytes", "generated code", "instructions of the call", "RAM for the stack, bytes measured"):
        assert all(int(number.replace(",", "")) > 0 for number in found[what])
    assert [int(number.replace(",", "")) for number in found["math library of the C compiler"]] == [0, 0]
    source = (tmp_path / "digits.c").read_text()
    assert len(source.splitlines()) < 400, "a batch is loops, not statements"


def test_digits_without_a_cross_compiler_say_how_to_get_one(tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("cc", "as", "ld", "size"):
        (programs / name).symlink_to(require_tool(name))
    said = run("examples/digits/train.py", "--output", str(tmp_path / "out"), path=str(programs))
    found = rows(said)
    assert found["Cortex-M4F"][0].startswith("left out: ")
    for program in ("arm-none-eabi-gcc", "qemu-system-arm"):
        assert f"left out: {program} is not installed; " in said
