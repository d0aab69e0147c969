"""The facts of `arc-codegen doctor`, on this machine and on ones that lack things."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from arc_codegen.toolchain import packages
from toolchains import require_tool

from archimedes.host import python_entry
from archimedes.host.doctor import PROGRAMS, examine_cache, examine_host_compiler, examine_machine, examine_program

ROOT = Path(__file__).parents[2]


def test_this_machine() -> None:
    require_tool("gcc")
    facts = examine_machine()
    assert facts.packages["numpy"] == np.__version__
    assert facts.host_compiler.error == ""
    assert facts.cffi_only == ""
    assert facts.cache.problem == ""
    assert facts.cache.limit == 512 * 10**6
    gcc = next(program for program in facts.programs if program.name == "gcc")
    assert gcc.path == shutil.which("gcc")
    assert re.search(r"\d+\.\d+", gcc.version)
    json.dumps(dataclasses.asdict(facts))  # as `doctor --json` prints it


def test_an_interpreter_that_calls_through_cffi_is_a_fact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(python_entry.sysconfig, "get_config_var", lambda name: int(name == "Py_GIL_DISABLED"))
    assert "free-threaded" in examine_machine().cffi_only


def test_a_missing_program_comes_with_its_install_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(packages, "current_system", lambda: "Debian")
    facts = examine_program("arm-none-eabi-gcc", PROGRAMS["arm-none-eabi-gcc"])
    assert facts.path is None
    assert facts.install == "apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"


def test_no_compiler_is_a_fact_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    facts = examine_host_compiler()
    assert "no C compiler" in facts.error
    assert "apt-get install gcc" in facts.hint


def test_an_unsafe_cache_is_a_fact_and_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "cache"
    folder.mkdir()
    folder.chmod(0o777)
    monkeypatch.setenv("ARC_CODEGEN_CACHE", str(folder))
    assert "can be written by other users" in examine_cache().problem
    folder.chmod(0o700)
    assert examine_cache().problem == ""


def test_a_cache_in_the_place_of_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ARC_CODEGEN_CACHE", str(tmp_path / "file"))
    assert "exists" in examine_cache().problem


@pytest.mark.parametrize(
    ("os_release", "system"),
    [
        ('ID=debian\nVERSION_ID="12"\n', "Debian"),
        ('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', "Debian"),
        ("ID=fedora\n", "Fedora"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "Fedora"),
        ("ID=arch\n", None),
        ("", None),
    ],
)
def test_systems_are_told_by_their_own_file(os_release: str, system: str | None) -> None:
    assert packages._system_of(os_release) == system


def test_an_unknown_system_gets_every_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "current_system", lambda: None)
    assert packages.install_command("cppcheck") == (
        "Debian: apt-get install cppcheck; Fedora: dnf install cppcheck; macOS: brew install cppcheck"
    )


def test_the_set_up_script_installs_the_same_packages(tmp_path: Path) -> None:
    # The script runs before there is a Python environment, so it has a table of its own.
    for name in ("sh", "dirname", "id", "uname", "mktemp", "rm", "cat"):
        (tmp_path / name).symlink_to(require_tool(name))
    for program in (*PROGRAMS, "simavr", "libsimavr"):
        log = tmp_path / "log"
        log.write_text("")
        apt = tmp_path / "apt-get"
        apt.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
        apt.chmod(0o755)
        sudo = tmp_path / "sudo"
        sudo.write_text('#!/bin/sh\nshift\n"$@"\n')
        sudo.chmod(0o755)
        script = str(ROOT / "scripts" / "install_programs.sh")
        command = ["sh", script, "--required", program]
        answer = subprocess.run(command, env={"PATH": str(tmp_path)}, check=True, capture_output=True, text=True)
        expected = packages.install_commands(program)["Debian"].removeprefix("apt-get install ")
        installed = log.read_text().splitlines()[-1]
        assert installed.endswith(f"--no-install-recommends {expected}"), program
        assert program in answer.stdout  # announced
