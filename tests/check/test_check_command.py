"""``arc-codegen check`` as users run it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from arc_codegen.verify.check.tools import TOOLS
from click.testing import CliRunner, Result
from toolchains import require_tool

from archimedes.cli.main import cli

MODEL = """
import numpy as np
import archimedes as arc

@arc.struct
class State:
    integral: float = 0.0

@arc.struct
class Gains:
    kp: float = arc.field(default=2.0, min=0.0)

def pi_step(state: State, error: arc.f32[3], gains: Gains):
    total = np.sum(error)
    return State(state.integral + total), gains.kp * np.tanh(error) + state.integral
"""
STEP = ("model.py:pi_step", "--state", "state", "--guard", "status")


@pytest.fixture(autouse=True)
def model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delitem(sys.modules, "model", raising=False)
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["check", *arguments])


def test_report_certificate_and_file(model: Path) -> None:
    for tool in TOOLS:
        require_tool(tool.program)
    result = run(*STEP, "-o", "reports", "--json")
    assert result.exit_code == 0, result.output
    report = json.loads(result.stdout)
    assert report == json.loads((model / "reports" / "pi.check.json").read_text())
    assert [entry["tool"] for entry in report["tools"]] == [tool.name for tool in TOOLS]
    assert {entry["outcome"] for entry in report["tools"]} == {"ran"}
    assert report["certificate"]["holds"]
    init, step = report["certificate"]["functions"]
    assert (init["c_name"], step["c_name"]) == ("pi_init", "pi_step")
    assert step["functions"] == {"tanh": 3}
    assert sorted(path.name for path in model.iterdir() if path.name != "__pycache__") == ["model.py", "reports"]


def test_tables() -> None:
    require_tool("cppcheck")
    result = run(*STEP, "--tool", "cppcheck")
    assert result.exit_code == 0, result.output
    said = " ".join(result.stdout.split())
    assert "cppcheck MISRA C:2012, and its own checks nothing to correct" in said
    assert "deviation from MISRA 21.15" in said
    assert "proved: no recursion: the call graph has no cycle" in said
    assert "calls tanh 3 times" in said
    assert "clang-tidy" not in said


@pytest.mark.parametrize(
    "options",
    [
        ("--guard", "saturate"),
        ("--fma", "on"),
        ("--workspace", "static", "--float-typedef", "float32_t"),
        ("--dtype", "float64"),
    ],
)
def test_options_of_generate(options: tuple[str, ...]) -> None:
    require_tool("cppcheck")
    result = run("model.py:pi_step", "--state", "state", *options, "--tool", "gcc,cppcheck")
    assert result.exit_code == 0, result.output


def test_missing_tools_are_named_and_the_others_run(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gcc = Path(require_tool("gcc"))
    (model / "bin").mkdir()
    (model / "bin" / "gcc").symlink_to(gcc.resolve())
    for name in ("as", "ld"):
        (model / "bin" / name).symlink_to(Path(require_tool(name)).resolve())
    monkeypatch.setenv("PATH", str(model / "bin"))
    result = run(*STEP, "--json")
    assert result.exit_code == 0, result.output
    outcomes = {entry["tool"]: entry["outcome"] for entry in json.loads(result.stdout)["tools"]}
    assert outcomes == {
        "gcc": "ran",
        "clang": "missing",
        "gcc-analyzer": "ran",
        "clang-analyzer": "missing",
        "clang-tidy": "missing",
        "cppcheck": "missing",
    }


def test_without_any_tool_it_says_what_to_install(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(model / "nothing"))
    result = run(*STEP)
    assert result.exit_code == 3
    assert "ARC940" in result.stderr
    assert "cppcheck" in result.stderr
    # What needs no tool is done all the same.
    assert "proved: every loop has constant bounds" in result.stdout


def test_a_tool_that_does_not_exist() -> None:
    result = run(*STEP, "--tool", "gcc,lint")
    assert result.exit_code == 2
    assert "ARC941" in result.stderr
    assert "clang-tidy" in result.stderr


def test_violations_and_failures(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tool with a warning of its own, and one that fails."""
    (model / "bin").mkdir()
    warning = "m.c:3:1: warning: too plain [-Wplain]"
    for words, said, code in ((warning, "-Wplain", 1), ("no licence", "failed: no licence", 3)):
        program = model / "bin" / "clang-tidy"
        program.write_text(f"#!/bin/sh\necho '{words}'\ntest \"$1\" = --version || exit 1\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(model / "bin"), prepend=":")
        result = run(*STEP, "--tool", "clang-tidy")
        assert result.exit_code == code
        assert said in " ".join(result.stdout.split())
