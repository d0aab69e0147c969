"""A process that is killed while it writes leaves the old files, or a journal from which the new ones are completed."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from arc_codegen.errors import OutputError
from arc_codegen.generate import emit_loops
from arc_codegen.ir.loops import LoopModule
from arc_codegen.ir.types import DType
from arc_codegen.package import transaction
from arc_codegen.package.writer import write_files
from c_loop_programs import linear_system, product_sum

OLD = emit_loops(LoopModule("loss", (product_sum(DType.F32), linear_system(DType.F32)))).files
NEW = emit_loops(LoopModule("loss", (product_sum(DType.F64), linear_system(DType.F64)))).files

# Python announces every call that touches files to its audit hooks; the child dies in front of the n-th of them.
CHILD = """
import json, os, signal, sys
from arc_codegen.package.writer import write_files

files, folder, deadly, watched = json.load(sys.stdin), sys.argv[1], int(sys.argv[2]), sys.argv[3:]
calls = 0

def die(event, arguments):
    global calls
    if event in watched:
        calls += 1
        if calls == deadly:
            os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(die)
write_files(files, folder)
print(calls)
"""
CALLS = ("open", "os.mkdir", "os.rmdir", "os.rename", "os.link", "os.remove", "os.listdir", "os.scandir")


def contents(folder: Path) -> dict[str, str]:
    return {str(p.relative_to(folder)): p.read_text() for p in sorted(folder.rglob("*")) if p.is_file()}


def run_child(folder: Path, deadly: int, *watched: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CHILD, str(folder), str(deadly), *(watched or CALLS)]
    return subprocess.run(command, input=json.dumps(dict(NEW)), capture_output=True, text=True, check=False)


def visible(folder: Path) -> dict[str, str]:
    return {name: text for name, text in contents(folder).items() if not name.startswith(".")}


def test_a_kill_in_front_of_any_call(tmp_path: Path) -> None:
    folder = tmp_path / "out"
    write_files(OLD, folder)
    finished = run_child(folder, 0)
    assert finished.returncode == 0, finished.stderr
    assert contents(folder) == dict(NEW)
    total = int(finished.stdout)
    decided = mixtures = 0
    for deadly in range(1, total + 1):
        write_files(OLD, folder)
        assert run_child(folder, deadly).returncode == -signal.SIGKILL
        found = visible(folder)
        if transaction.is_interrupted(folder):
            decided += 1
            mixtures += found not in (dict(OLD), dict(NEW))
            with transaction.locked(folder):
                transaction.recover(folder)
            assert contents(folder) == dict(NEW)
        else:
            # Not decided: the old set, or all done. The rest is swept away by the next call.
            assert found in (dict(OLD), dict(NEW))
            write_files(found, folder)
            assert contents(folder) == found
    assert decided >= len(NEW)
    assert mixtures <= len(NEW) + 1  # only between two renames


def interrupted(folder: Path) -> None:
    """A change that was decided and got half way."""
    write_files(OLD, folder)
    # The first rename decides, two place files.
    assert run_child(folder, 4, "os.rename").returncode == -signal.SIGKILL
    assert transaction.is_interrupted(folder)


def test_a_mixture_does_not_compile(tmp_path: Path) -> None:
    interrupted(tmp_path)
    assert visible(tmp_path)["loss.c"] == NEW["loss.c"]
    assert visible(tmp_path)["loss.h"] == OLD["loss.h"]
    found = subprocess.run(
        ["cc", "-std=c99", "-c", "loss.c", "-o", "loss.o"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert found.returncode != 0
    assert "not of one generation" in found.stderr


def test_the_next_generation_completes_before_it_writes(tmp_path: Path) -> None:
    interrupted(tmp_path)
    write_files(OLD, tmp_path)
    assert contents(tmp_path) == dict(OLD)


def test_edits_after_the_interruption_are_kept(tmp_path: Path) -> None:
    interrupted(tmp_path)
    (tmp_path / "loss.h").write_text("mine")
    with pytest.raises(OutputError, match=r"ARC603.*interrupted"):
        write_files(NEW, tmp_path)
    assert (tmp_path / "loss.h").read_text() == "mine"
    write_files(NEW, tmp_path, force=True)
    assert contents(tmp_path) == dict(NEW)


def test_a_damaged_journal_is_an_error(tmp_path: Path) -> None:
    interrupted(tmp_path)
    (tmp_path / transaction.PENDING / "journal.json").write_text("[{]")
    with pytest.raises(OutputError, match="ARC605"):
        write_files(NEW, tmp_path)


def test_a_journal_that_names_files_elsewhere_is_an_error(tmp_path: Path) -> None:
    pending = tmp_path / transaction.PENDING
    pending.mkdir()
    (pending / "new-0").write_text("evil")
    (pending / "journal.json").write_text('[{"name": "../evil.c", "before": null, "after": "x"}]')
    with pytest.raises(OutputError, match="ARC605"):
        write_files(NEW, tmp_path)


def test_files_no_longer_generated_go_unless_edited(tmp_path: Path) -> None:
    write_files(OLD, tmp_path)
    write_files(NEW, tmp_path)
    assert contents(tmp_path) == dict(NEW)
    (tmp_path / "arc_lu_f64.c").write_text("mine")
    write_files(OLD, tmp_path, force=True)
    assert contents(tmp_path) == dict(OLD) | {"arc_lu_f64.c": "mine"}


def test_files_that_another_module_needs_stay(tmp_path: Path) -> None:
    other = emit_loops(LoopModule("other", (linear_system(DType.F32),))).files
    write_files(OLD, tmp_path)
    write_files(other, tmp_path)
    write_files(NEW, tmp_path)
    assert contents(tmp_path) == dict(NEW) | dict(other)


def test_writers_wait_for_each_other(tmp_path: Path) -> None:
    started = [subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path), "0"], stdin=subprocess.PIPE) for _ in "ab"]
    for process in started:
        assert process.stdin is not None
        process.stdin.write(json.dumps(dict(NEW)).encode())
        process.stdin.close()
    assert [process.wait() for process in started] == [0, 0]
    assert contents(tmp_path) == dict(NEW)
