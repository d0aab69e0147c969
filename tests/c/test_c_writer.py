"""Files appear all or not at all, only where asked, and never over what someone else wrote."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from arc_codegen.errors import OutputError
from arc_codegen.generate import Generated, emit_loops
from arc_codegen.ir.loops import LoopModule
from arc_codegen.ir.types import DType
from arc_codegen.package.writer import write_files
from c_loop_programs import linear_system, product_sum

CALLS = {"fsync": 8, "replace": 4, "rename": 1}
"""System calls it takes to go from the float to the double module, where arc_lu_f32.c gives way to arc_lu_f64.c: four
files, their journal, three folders."""


def module(real: DType = DType.F32, name: str = "loss") -> Generated:
    return emit_loops(LoopModule(name, (product_sum(real), linear_system(real))))


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def test_files_are_written_as_given(tmp_path: Path) -> None:
    generated = module()
    paths = write_files(generated.files, tmp_path / "new" / "folder")
    assert contents(tmp_path / "new" / "folder") == dict(generated.files)
    assert [path.name for path in paths] == list(generated.files)


def test_the_tools_own_files_are_replaced(tmp_path: Path) -> None:
    write_files(module(DType.F32).files, tmp_path)
    write_files(module(DType.F64).files, tmp_path)
    assert "double" in (tmp_path / "loss.h").read_text()


def test_shared_files_of_two_modules_go_together(tmp_path: Path) -> None:
    write_files(module(name="first").files, tmp_path)
    write_files(module(name="second").files, tmp_path)
    assert {"first.c", "second.c", "arc_lu.h", "arc_lu_f32.c"} <= contents(tmp_path).keys()


@pytest.mark.parametrize("name", ["loss.c", "loss.manifest.json", "arc_lu.h"])
def test_an_edited_file_is_not_overwritten(tmp_path: Path, name: str) -> None:
    write_files(module(DType.F32).files, tmp_path)
    if name != "arc_lu.h":
        edited = (tmp_path / name).read_text().replace("float", "float ")
        (tmp_path / name).write_text(edited)
    else:
        (tmp_path / name).write_text("mine")
    before = contents(tmp_path)
    with pytest.raises(OutputError, match="ARC603") as caught:
        write_files(module(DType.F64).files, tmp_path)
    assert "force" in caught.value.hint
    assert name in str(caught.value)
    assert contents(tmp_path) == before
    write_files(module(DType.F64).files, tmp_path, force=True)
    assert contents(tmp_path).items() >= dict(module(DType.F64).files).items()


def test_a_stranger_is_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "loss.c").write_bytes(b"\xff\xfe not text")
    with pytest.raises(OutputError, match="ARC603"):
        write_files(module().files, tmp_path)
    assert os.listdir(tmp_path) == ["loss.c"]


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.c"
    outside.write_text("precious")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "loss.c").symlink_to(outside)
    with pytest.raises(OutputError, match="ARC603"):
        write_files(module().files, folder)
    write_files(module().files, folder, force=True)
    assert outside.read_text() == "precious"
    assert not (folder / "loss.c").is_symlink()


@pytest.mark.parametrize("name", ["../x.c", "/etc/x.c", "a/../../x.c", "..\\x.c", "C:x.c", "", ".", "a//b", "x\0.c"])
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="ARC602"):
        write_files({"ok.c": "", name: "evil"}, tmp_path / "out", force=True)
    assert contents(tmp_path) == {}


def test_a_linked_subfolder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "sub").symlink_to(tmp_path)
    with pytest.raises(OutputError, match="ARC602"):
        write_files({"sub/x.c": "evil"}, tmp_path / "out", force=True)
    assert contents(tmp_path) == {}


def fail_at(count: int, real: Callable[..., Any]) -> Callable[..., Any]:
    calls = 0

    def function(*args: Any, **kwargs: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == count:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return real(*args, **kwargs)

    return function


@pytest.mark.parametrize("count", range(1, 10))
@pytest.mark.parametrize("what", ["fsync", "replace", "rename"])
def test_any_failure_leaves_everything_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str, count: int
) -> None:
    """The system call fails the n-th time it is made, whichever that is; afterwards nothing has changed."""
    folder = tmp_path / "out"
    write_files(module(DType.F32).files, folder)
    before = contents(folder)
    after = dict(module(DType.F64).files)
    calls_needed = CALLS[what]
    monkeypatch.setattr(os, what, fail_at(count, getattr(os, what)))
    if count <= calls_needed:
        with pytest.raises(OutputError, match=r"ARC604.*No space left"):
            write_files(module(DType.F64).files, folder)
        assert contents(folder) == before
    else:
        write_files(module(DType.F64).files, folder)
        assert contents(folder) == after


def test_a_failure_leaves_no_new_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", fail_at(3, os.fsync))
    with pytest.raises(OutputError, match="ARC604"):
        write_files(module().files, tmp_path / "new" / "folder")
    assert os.listdir(tmp_path) == []


def test_a_path_through_a_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="ARC604"):
        write_files({"x.c": ""}, tmp_path / "file" / "below")


def test_a_folder_without_permission_is_an_error(tmp_path: Path) -> None:
    if os.geteuid() == 0:
        target = Path("/proc/self/nothing")  # root may write anywhere but here
    else:
        target = tmp_path / "locked"
        target.mkdir(mode=0o500)
    with pytest.raises(OutputError, match="ARC604"):
        write_files({"x.c": ""}, target)
