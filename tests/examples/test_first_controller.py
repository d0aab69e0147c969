"""The first controller: the example runs as its page says, and the page explains every line of it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from toolchains import require_tool

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "first_controller"
PAGE = ROOT / "docs" / "first-controller.md"


def blocks(language: str) -> list[str]:
    """Code blocks of the page in a language, in order."""
    parts = PAGE.read_text().split("```")[1::2]
    return [part.split("\n", 1)[1] for part in parts if part.split("\n", 1)[0] == language]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("first_controller")
    for path in EXAMPLE.iterdir():
        if path.is_file():
            shutil.copy(path, copy)
    return copy


@pytest.fixture(scope="module")
def printed(folder: Path) -> str:
    return make(folder, "--silent", "run")


def make(folder: Path, *arguments: str) -> str:
    command = [require_tool("make"), f"ARC_CODEGEN={sys.executable} -m archimedes.cli.main", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "warning" not in done.stderr
    return done.stdout


def test_it_prints_what_the_page_shows(printed: str) -> None:
    assert blocks("")[1] in printed


def test_its_vectors_pass(folder: Path, printed: str) -> None:
    assert "pi: 0 mismatches in 20 vectors of 1 functions" in make(folder, "check")


def test_the_c_is_as_the_page_shows(folder: Path, printed: str) -> None:
    assert blocks("c")[-1] in (folder / "out" / "pi.c").read_text()


@pytest.mark.parametrize(("name", "language"), [("controller.py", "python"), ("main.c", "c"), ("Makefile", "make")])
def test_every_line_is_explained(name: str, language: str) -> None:
    explained = "".join(blocks(language)).splitlines()
    lines = [line for line in (EXAMPLE / name).read_text().splitlines() if line.strip()]
    expected = [line for line in explained if line.strip()]
    assert expected[: len(lines)] == lines
