"""``arc-codegen`` itself: help, version, doctor."""

from __future__ import annotations

import importlib.metadata
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from archimedes.cli.main import cli


def test_version() -> None:
    result = CliRunner().invoke(cli, ["--version"])
    assert result.stdout == f"arc-codegen {importlib.metadata.version('arc-codegen')}\n"


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["generate", "--help"], ["doctor", "-h"]])
def test_help_has_examples_and_exit_codes(arguments: list[str]) -> None:
    result = CliRunner().invoke(cli, arguments)
    assert result.exit_code == 0
    assert "Examples:" in result.stdout
    assert "Exit codes:" in result.stdout
    assert "a compiler or emulator is missing" in result.stdout


def test_doctor() -> None:
    result = CliRunner().invoke(cli, ["doctor"])
    assert result.exit_code == 0
    rows = {tuple(line.split()[:2]) for line in result.stdout.splitlines()}
    assert {("ok", "numpy"), ("ok", "casadi"), ("ok", "C")} <= rows


def test_doctor_for_programs() -> None:
    said = json.loads(CliRunner().invoke(cli, ["doctor", "--json"]).stdout)
    assert said["schema"] == 1
    assert said["host_compiler"]["error"] == ""
    assert Path(said["host_compiler"]["command"].split()[0]).is_file()


@pytest.mark.parametrize("switches", [[], ["--json"]])
def test_doctor_without_a_compiler_exits_with_3(switches: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "/nowhere/cc")
    result = CliRunner().invoke(cli, ["doctor", *switches])
    assert result.exit_code == 3
    assert "/nowhere/cc" in result.stdout
