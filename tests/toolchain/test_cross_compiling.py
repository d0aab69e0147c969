"""Images and objects: what is written, and what is said and left behind when something fails."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from arc_codegen.errors import OutputError, ToolchainError
from arc_codegen.toolchain.compilers import CrossCompileError, CrossCompilerNotFoundError, find_compiler
from arc_codegen.toolchain.cross import DEFAULT_FLAGS, build_image, compile_objects
from arc_codegen.toolchain.emulators import run
from arc_codegen.toolchain.targets import TargetError, load_target
from toolchain.target_programs import SECONDS, require_target
from toolchains import require_tool

MAIN = {"main.c": '#include "twice.h"\nint main(void) { return twice(21); }\n'}
TWICE = {"twice.c": '#include "twice.h"\nint twice(int x) { return 2 * x; }\n'}
HEADER = {"twice.h": '#ifdef __cplusplus\nextern "C"\n#endif\nint twice(int x);\n'}


@pytest.mark.parametrize("flags", [DEFAULT_FLAGS, ("-Os", "-std=gnu11"), ("-O3", "-flto"), ("-O2", "-std=gnu++17")])
@pytest.mark.parametrize("name", ["cortex-m3", "rv32imac", "atmega2560", "host"])
def test_users_flags(name: str, flags: tuple[str, ...], tmp_path: Path) -> None:
    target = require_target(name)
    if name == "host" and "-std=gnu++17" in flags:
        require_tool("g++")
    image = build_image(target, {**MAIN, **TWICE}, headers=HEADER, flags=flags, output=tmp_path / "image.elf")
    assert run(image, timeout=SECONDS).exit_code == 42
    assert [path.name for path in tmp_path.iterdir()] == ["image.elf"]


@pytest.mark.parametrize("name", ["cortex-m3", "rv32imac", "atmega2560", "host"])
def test_a_static_library(name: str, tmp_path: Path) -> None:
    target = require_target(name)
    objects = compile_objects(target, TWICE, headers=HEADER, folder=tmp_path / "made" / "here", name="twice")
    assert sorted(path.name for path in (tmp_path / "made" / "here").iterdir()) == ["libtwice.a", "twice.o"]
    listed = subprocess.run(
        [objects.compiler.tool("nm"), str(objects.archive)], capture_output=True, text=True, check=True
    )
    assert " T twice" in listed.stdout
    again = compile_objects(target, TWICE, headers=HEADER, folder=tmp_path / "again", name="twice")
    assert again.archive.read_bytes() == objects.archive.read_bytes(), "same input, same bytes"


def test_the_order_of_compilers_and_the_choice_of_one() -> None:
    require_tool("arm-none-eabi-gcc")
    require_tool("clang")
    target = load_target("cortex-m4f")
    assert find_compiler(target).family == "gcc"
    assert find_compiler(target, prefer="clang").family == "clang"
    assert find_compiler(target, prefer="arm-none-eabi-gcc").program == "arm-none-eabi-gcc"
    with pytest.raises(CrossCompilerNotFoundError, match="described without a compiler 'icc'") as caught:
        find_compiler(target, prefer="icc")
    assert "gcc (arm-none-eabi-gcc), clang (clang)" in caught.value.hint


def test_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolchainError) as caught:
        build_image(load_target("cortex-m4f"), MAIN, output=tmp_path / "image.elf")
    assert caught.value.code == "ARC722"
    assert "there is no arm-none-eabi-gcc" in caught.value.message
    assert "gcc-arm-none-eabi" in caught.value.hint
    with pytest.raises(CrossCompilerNotFoundError) as caught:
        compile_objects(load_target("esp32"), TWICE, headers=HEADER, folder=tmp_path / "out", name="twice")
    assert "ESP-IDF" in caught.value.hint
    assert not list(tmp_path.iterdir())


def test_a_program_that_is_no_compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "arm-none-eabi-gcc").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "arm-none-eabi-gcc").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CrossCompilerNotFoundError):
        find_compiler(load_target("cortex-m4f"))


@pytest.mark.parametrize(
    ("source", "flags", "words"),
    [
        ("int main(void) { return undeclared; }\n", DEFAULT_FLAGS, "'undeclared' undeclared|‘undeclared’ undeclared"),
        (
            "int missing(void);\nint main(void) { return missing(); }\n",
            DEFAULT_FLAGS,
            "undefined reference to `missing'",
        ),
        ("int main(void) { return 0; }\n", ("-fno-such-flag",), "-fno-such-flag"),
        ("volatile char big[5000000];\nint main(void) { return big[4]; }\n", ("-O2",), "overflowed by"),
        ('#include "nowhere.h"\nint main(void) { return 0; }\n', DEFAULT_FLAGS, "nowhere.h"),
    ],
)
def test_the_compilers_words(source: str, flags: tuple[str, ...], words: str, tmp_path: Path) -> None:
    target = require_target("cortex-m4f")
    output = tmp_path / "image.elf"
    output.write_text("what was there before")
    with pytest.raises(CrossCompileError, match=words) as caught:
        build_image(target, {"main.c": source}, flags=flags, output=output)
    assert caught.value.code == "ARC723"
    assert "arm-none-eabi-gcc failed with exit status 1\n  command: " in caught.value.message
    assert "-mcpu=cortex-m4" in caught.value.message
    assert output.read_text() == "what was there before"
    assert [path.name for path in tmp_path.iterdir()] == ["image.elf"]


def test_a_target_without_a_board_is_compiled_for_but_not_linked(tmp_path: Path) -> None:
    require_tool("riscv64-unknown-elf-gcc")
    target = load_target("esp32-c3")
    assert compile_objects(target, TWICE, headers=HEADER, folder=tmp_path, name="twice").archive.exists()
    with pytest.raises(TargetError, match="names no board") as caught:
        build_image(target, {**MAIN, **TWICE}, headers=HEADER, output=tmp_path / "image.elf")
    assert caught.value.code == "ARC724"


@pytest.mark.parametrize("name", ["../evil.c", "/evil.c", "-evil.c", "a/../../evil.c", "evil\\c"])
def test_names_stay_in_the_build_folder(name: str, tmp_path: Path) -> None:
    target = require_target("host")
    with pytest.raises(OutputError) as caught:
        build_image(target, {name: "int main(void) { return 0; }\n"}, output=tmp_path / "image")
    assert caught.value.code == "ARC602"
    assert not list(tmp_path.iterdir())


def test_an_output_in_the_place_of_a_folder_or_below_a_file(tmp_path: Path) -> None:
    target = require_target("host")
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("")
    for output in (tmp_path / "folder", tmp_path / "file" / "image"):
        with pytest.raises(OutputError) as caught:
            build_image(target, {**MAIN, **TWICE}, headers=HEADER, output=output)
        assert caught.value.code == "ARC604"
        assert str(output) in caught.value.message
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]
    # A library of which one file cannot be placed: none is.
    (tmp_path / "library" / "twice.o").mkdir(parents=True)
    with pytest.raises(OutputError):
        compile_objects(target, TWICE, headers=HEADER, folder=tmp_path / "library", name="twice")
    assert [path.name for path in (tmp_path / "library").iterdir()] == ["twice.o"]
    # What was there before stays, whichever file fails.
    (tmp_path / "library" / "libtwice.a").write_text("older")
    with pytest.raises(OutputError):
        compile_objects(target, TWICE, headers=HEADER, folder=tmp_path / "library", name="twice")
    assert (tmp_path / "library" / "libtwice.a").read_text() == "older"
    assert sorted(path.name for path in (tmp_path / "library").iterdir()) == ["libtwice.a", "twice.o"]


def test_a_read_only_output(tmp_path: Path) -> None:
    require_target("host")
    checkout = Path(__file__).resolve()
    if os.getuid() == 0 and not all(parent.stat().st_mode & 0o001 for parent in checkout.parents):
        pytest.skip("root may write anywhere, and nobody else may read this checkout: run it as a user")
    assert in_child(read_only_output, tmp_path) == "ARC604 cannot write"


def test_a_full_disk(tmp_path: Path) -> None:
    require_target("host")
    assert in_child(full_output, tmp_path) == "ARC604 cannot write"
    assert in_child(full_build_folder, tmp_path) == "ARC723 failed"


def read_only_output(folder: Path) -> str:
    locked = folder / "locked"
    locked.mkdir()
    folder.chmod(0o755)
    locked.chmod(0o555)
    if os.getuid() == 0:  # root may write anywhere: become somebody who may not
        for parent in folder.parents:
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
        # Python itself may be where only root can read: what is needed of it is loaded before.
        _failure(folder / "first")
        os.seteuid(65534)
    return _failure(locked / "image")


def full_output(folder: Path) -> str:
    import resource

    from arc_codegen.toolchain import cross

    link = cross._link

    def link_and_fill(*arguments: object) -> str:
        text = link(*arguments)  # type: ignore[arg-type]
        # From here on no file may grow: what the copy to the output meets on a full disk (EFBIG for ENOSPC).
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
        return text

    cross._link = link_and_fill
    return _failure(folder / "image")


def full_build_folder(folder: Path) -> str:
    import resource

    resource.setrlimit(resource.RLIMIT_FSIZE, (200, resource.RLIM_INFINITY))
    return _failure(folder / "image")


def _failure(output: Path) -> str:
    try:
        build_image(load_target("host"), {**MAIN, **TWICE}, headers=HEADER, output=output)
    except (OutputError, ToolchainError) as error:
        left = [path.name for path in output.parent.iterdir() if path.is_file()]
        return f"{error.code} {'cannot write' if 'cannot write' in error.message else 'failed'}{left or ''}"
    return "no failure"


def in_child(function: Callable[[Path], str], folder: Path) -> str:
    """Result of the function in a process of its own, which may give up rights."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, (folder,))
