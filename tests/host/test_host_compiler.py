"""Finding the C compiler: CC, the usual names, and machines that have none."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from arc_codegen.toolchain import host_compiler as compiler_module
from arc_codegen.toolchain.host_compiler import find_compiler, identify, run_compiler
from toolchains import require_tool

from archimedes.host.errors import CompileError, CompilerNotFoundError


def fake_program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.fixture
def no_cc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CC", raising=False)


def test_the_compiler_of_this_machine_is_found_and_named(no_cc: None) -> None:
    require_tool("cc")
    found = find_compiler()
    assert found.family in ("gcc", "clang")
    assert any(character.isdigit() for character in found.version)
    assert "-" in found.target  # a triple such as x86_64-linux-gnu
    assert found.version in found.identity
    assert found.target in found.identity


@pytest.mark.parametrize(("program", "family"), [("gcc", "gcc"), ("clang", "clang")])
def test_cc_chooses_the_compiler(program: str, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    require_tool(program)
    monkeypatch.setenv("CC", program)
    assert find_compiler().family == family


def test_cc_may_hold_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    program = require_tool("gcc")
    monkeypatch.setenv("CC", "gcc -O3 '-DNAME=two words'")
    assert find_compiler().command == (program, "-O3", "-DNAME=two words")


def test_cc_that_does_not_exist_is_an_error_and_not_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "no-such-compiler --fast")
    with pytest.raises(CompilerNotFoundError, match=r"ARC702.*CC names 'no-such-compiler'.*no such program"):
        find_compiler()


def test_cc_that_does_not_answer_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = fake_program(tmp_path, "broken", "echo broken >&2; exit 1")
    monkeypatch.setenv("CC", str(broken))
    with pytest.raises(CompilerNotFoundError, match=r"ARC702.*does not answer to --version"):
        find_compiler()


def test_cc_with_an_open_quote_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "gcc '-DX=1")
    with pytest.raises(CompilerNotFoundError, match=r"ARC702.*cannot be read as a command"):
        find_compiler()


def test_without_any_compiler_the_error_has_the_install_commands(
    no_cc: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CompilerNotFoundError) as caught:
        find_compiler()
    assert caught.value.code == "ARC701"
    for words in ("apt-get install gcc libc6-dev", "dnf install gcc", "xcode-select --install"):
        assert words in caught.value.hint


def test_a_broken_cc_on_path_is_passed_over(no_cc: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_program(tmp_path, "cc", "exit 1")
    gcc = fake_program(tmp_path, "gcc", 'echo "gcc (Test) 99.1"')
    monkeypatch.setenv("PATH", str(tmp_path))
    found = find_compiler()
    assert (found.command, found.family, found.version) == ((str(gcc),), "gcc", "gcc (Test) 99.1")


def test_a_compiler_is_asked_once(no_cc: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = tmp_path / "asked"
    fake_program(tmp_path, "cc", f'echo "$1" >> {record}; echo "cc 1.0"')
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert find_compiler() is find_compiler()
    assert record.read_text().split() == ["--version", "-dumpmachine"]


def test_a_failing_compiler_is_quoted(tmp_path: Path) -> None:
    found = identify((require_tool("gcc"),))
    assert found is not None
    (tmp_path / "wrong.c").write_text("int f(void) { return undeclared_name; }\n")
    with pytest.raises(CompileError) as caught:
        run_compiler(found, ("-c", "wrong.c", "-o", "wrong.o"), folder=tmp_path)
    assert caught.value.code == "ARC703"
    assert "gcc -c wrong.c -o wrong.o" in caught.value.message
    assert "undeclared_name" in caught.value.message


def test_missing_c_library_headers_are_told_apart(tmp_path: Path) -> None:
    fake_program(tmp_path, "cc", "echo 'a.c:1:10: fatal error: stdint.h: No such file or directory' >&2; exit 1")
    found = compiler_module.Compiler((str(tmp_path / "cc"),), "gcc", "cc 1.0", "")
    with pytest.raises(CompileError) as caught:
        run_compiler(found, ("a.c",), folder=tmp_path)
    assert "libc6-dev" in caught.value.hint


def test_a_compiler_that_vanished_is_an_error(tmp_path: Path) -> None:
    found = compiler_module.Compiler((str(tmp_path / "gone"),), "gcc", "cc 1.0", "")
    with pytest.raises(CompileError, match=r"ARC703.*cannot be started"):
        run_compiler(found, ("a.c",), folder=tmp_path)


def test_clang_is_not_taken_for_gcc(tmp_path: Path) -> None:
    path = fake_program(tmp_path, "cc", 'echo "Apple clang version 16.0.0 (clang-1600.0.26.3)"')
    found = identify((str(path),))
    assert found is not None
    assert found.family == "clang"


def test_a_program_that_is_not_executable_is_no_compiler(tmp_path: Path) -> None:
    path = tmp_path / "cc"
    path.write_text("not a program")
    assert shutil.which(str(path)) is None
    assert identify((str(path),)) is None
