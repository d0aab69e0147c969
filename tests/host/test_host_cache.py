"""The build cache: shared by processes, verified before loading, private, bounded, and dispensable."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import platformdirs
import pytest
from arc_codegen.toolchain import build_cache as cache_module
from arc_codegen.toolchain.build_cache import cache_folder, cached_library, evict, open_folder, size_limit, stored_bytes
from host_programs import scaled

from archimedes.host.errors import CacheFolderError, CacheWarning
from archimedes.host.library import build

KEY = "ab" + 62 * "0"
OTHER_STRIPE = "cd" + 62 * "0"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ARC_CODEGEN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(cache_module, "_warned", set())
    return tmp_path / "cache"


def counted(content: bytes = b"library") -> tuple[Callable[[Path], None], list[Path]]:
    """A build that writes `content`, and the list of its calls."""
    calls: list[Path] = []

    def make(path: Path) -> None:
        calls.append(path)
        path.write_bytes(content)

    return make, calls


def fetch(key: str, make: Callable[[Path], None]) -> bytes:
    with cached_library(key, make) as path:
        return path.read_bytes()


def test_built_once_then_taken_from_the_folder(folder: Path) -> None:
    make, calls = counted()
    assert [fetch(KEY, make) for _ in range(3)] == [b"library"] * 3
    assert len(calls) == 1
    assert sorted(p.name for p in folder.iterdir()) == [f"{KEY}.sha256", f"{KEY}.so", "locks"]


def test_the_folder_is_private(folder: Path) -> None:
    fetch(KEY, counted()[0])
    assert folder.stat().st_mode & 0o777 == 0o700
    assert (folder / "locks").stat().st_mode & 0o777 == 0o700


def test_without_the_variable_it_is_the_users_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ARC_CODEGEN_CACHE")
    assert cache_folder() == Path(platformdirs.user_cache_dir("arc-codegen"))
    monkeypatch.setenv("ARC_CODEGEN_CACHE", "~/elsewhere")
    assert cache_folder() == Path.home() / "elsewhere"


@pytest.mark.parametrize("tampered", ["library", "digest", "digest gone", "truncated", "emptied", "not text"])
def test_what_is_not_what_was_stored_is_rebuilt(folder: Path, tampered: str) -> None:
    make, calls = counted()
    fetch(KEY, make)
    library, digest = folder / f"{KEY}.so", folder / f"{KEY}.sha256"
    match tampered:
        case "library":
            library.write_bytes(b"planted")
        case "truncated":
            library.write_bytes(b"lib")
        case "emptied":
            library.write_bytes(b"")
        case "digest":
            digest.write_text(64 * "0")
        case "digest gone":
            digest.unlink()
        case "not text":
            digest.write_bytes(bytes(range(128, 192)))
    assert fetch(KEY, make) == b"library"
    assert len(calls) == 2
    assert fetch(KEY, make) == b"library"
    assert len(calls) == 2


def test_a_planted_library_is_never_loaded(folder: Path) -> None:
    # In processes of their own: the dynamic loader keeps what it has loaded under a path.
    script = (
        "import sys, numpy as np; sys.path.insert(0, sys.argv[1]); from host_programs import scaled;"
        "from archimedes.host.library import build; f = build(*scaled(2, factor=3)).function('scaled');"
        "print(f(np.ones(2)))"
    )

    def run() -> str:
        command = [sys.executable, "-c", script, str(Path(__file__).parent)]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    assert run() == "[3. 3.]"
    (stored,) = folder.glob("*.so")
    genuine = stored.read_bytes()
    build(*scaled(2, factor=5))
    (other,) = (path for path in folder.glob("*.so") if path != stored)
    stored.write_bytes(other.read_bytes())
    assert run() == "[3. 3.]"
    assert stored.read_bytes() == genuine


@pytest.mark.parametrize("mode", [0o770, 0o702, 0o777])
def test_a_folder_that_others_may_write_is_refused(folder: Path, mode: int) -> None:
    folder.mkdir()
    folder.chmod(mode)
    make, calls = counted()
    with pytest.raises(CacheFolderError, match=r"ARC705.*can be written by other users") as caught:
        fetch(KEY, make)
    assert "chmod 700" in caught.value.hint
    assert calls == []
    folder.chmod(0o700)
    assert fetch(KEY, make) == b"library"


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_a_folder_of_another_user_is_refused(folder: Path) -> None:
    folder.mkdir(mode=0o700)
    os.chown(folder, 65534, -1)
    with pytest.raises(CacheFolderError, match=r"ARC705.*belongs to user 65534"):
        open_folder(folder)


def test_a_failing_build_leaves_nothing(folder: Path) -> None:
    def fails(path: Path) -> None:
        path.write_bytes(b"half")
        raise RuntimeError("compiler failed")

    with pytest.raises(RuntimeError, match="compiler failed"):
        fetch(KEY, fails)
    assert [p.name for p in folder.iterdir()] == ["locks"]
    assert fetch(KEY, counted()[0]) == b"library"  # and the lock is free again


class TestBound:
    def keys(self, count: int) -> list[str]:
        return [f"{n:02x}" + 62 * "0" for n in range(count)]

    def test_the_longest_unused_go_first(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make, calls = counted(1000 * b"x")
        keys = self.keys(6)
        for age, key in enumerate(keys[:5]):
            fetch(key, make)
            os.utime(folder / f"{key}.so", ns=(age * 10**9, age * 10**9))
        fetch(keys[0], make)  # a hit makes it the youngest
        monkeypatch.setenv("ARC_CODEGEN_CACHE_MB", "0.003")
        fetch(keys[5], make)
        assert {p.stem for p in folder.glob("*.so")} == {keys[0], keys[4], keys[5]}
        assert {p.stem for p in folder.glob("*.sha256")} == {keys[0], keys[4], keys[5]}
        assert stored_bytes(folder) == 3000
        assert len(calls) == 6

    def test_what_is_in_use_stays(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        make, _ = counted(1000 * b"x")
        monkeypatch.setenv("ARC_CODEGEN_CACHE_MB", "0")
        with cached_library(KEY, make) as path:
            evict(folder)
            assert path.exists()
        evict(folder)
        assert not path.exists()

    def test_a_library_larger_than_the_bound_is_still_usable(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("ARC_CODEGEN_CACHE_MB", "0")
        assert fetch(KEY, counted()[0]) == b"library"

    @pytest.mark.parametrize("value", ["many", "-1", "inf", "nan"])
    def test_a_bound_that_is_no_number_is_said(self, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("ARC_CODEGEN_CACHE_MB", value)
        with pytest.warns(CacheWarning, match="not a number of megabytes"):
            assert size_limit() == 512 * 10**6


class TestUnusableFolder:
    """Read-only, full or impossible: the build happens all the same, and one warning says so."""

    def check(self, warning: str) -> None:
        make, calls = counted()
        with pytest.warns(CacheWarning, match=warning) as caught:
            contents = [fetch(KEY, make) for _ in range(2)]
        assert contents == [b"library"] * 2
        assert len(caught) == 1
        assert len(calls) == 2
        assert not any(path.exists() for path in calls)  # nothing left in the temporary folder

    def test_a_file_in_its_place(self, folder: Path) -> None:
        folder.write_text("a file")
        self.check("cannot be used")

    def test_locks_that_cannot_be_made(self, folder: Path) -> None:
        folder.mkdir(mode=0o700)
        (folder / "locks").mkdir()
        (folder / "locks" / f"{KEY[:2]}.lock").mkdir()
        self.check("cannot be used")

    def test_a_read_only_folder(self, folder: Path) -> None:
        assert in_child(read_only_folder, folder) == "read-only ok"

    def test_a_full_disk(self, folder: Path) -> None:
        assert in_child(full_disk, folder) == "full ok"


def read_only_folder(folder: Path) -> str:
    folder.mkdir(mode=0o700)
    if os.getuid() == 0:  # root may write anywhere: become somebody who may not
        folder.parent.chmod(0o755)
        os.chown(folder, 65534, -1)
        for parent in folder.parents:
            if parent.stat().st_mode & 0o001 == 0:
                parent.chmod(parent.stat().st_mode | 0o011)
        os.seteuid(65534)
        cache_module.os.getuid = os.geteuid  # type: ignore[attr-defined]
    folder.chmod(0o500)
    make, calls = counted()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert fetch(KEY, make) == b"library"
    assert [w.category for w in caught] == [CacheWarning], [str(w.message) for w in caught]
    assert "Permission denied" in str(caught[0].message)
    assert not calls[0].exists()
    return "read-only ok"


def full_disk(folder: Path) -> str:
    import resource

    library = 100_000 * b"x"
    build_folder = folder.parent / "elsewhere"
    build_folder.mkdir()

    def make(path: Path) -> None:
        path.write_bytes(library)
        # From here on no file may grow: what the copy into the cache meets on a full disk (EFBIG for ENOSPC).
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert fetch(KEY, make) == library
    assert [w.category for w in caught] == [CacheWarning], [str(w.message) for w in caught]
    assert sorted(p.name for p in folder.iterdir()) == ["locks"]
    return "full ok"


def in_child(function: Callable[[Path], str], folder: Path) -> str:
    """Result of the function in a process of its own, which may give up rights."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(function, (folder,))


def build_slowly(folder: str, started: float) -> tuple[bytes, int]:
    os.environ["ARC_CODEGEN_CACHE"] = folder
    calls = []

    def make(path: Path) -> None:
        calls.append(path)
        time.sleep(0.2)
        path.write_bytes(b"library")

    time.sleep(max(0.0, started - time.time()))
    return fetch(KEY, make), len(calls)


def test_processes_that_want_the_same_build_it_once(folder: Path) -> None:
    count = 6
    with multiprocessing.get_context("spawn").Pool(count) as pool:
        # All start together, once every interpreter is up.
        answers = pool.starmap(build_slowly, [(str(folder), time.time() + 2.0)] * count, chunksize=1)
    assert {content for content, _ in answers} == {b"library"}
    assert sum(builds for _, builds in answers) == 1


def compile_and_call(folder: str, factor: int) -> list[float]:
    os.environ["ARC_CODEGEN_CACHE"] = folder
    os.environ["ARC_CODEGEN_CACHE_MB"] = "0.04"  # about two libraries: eviction runs all the time
    function = build(*scaled(2, factor=factor)).function("scaled")
    return list(function(np.ones(2)))


def test_processes_that_compile_load_and_evict_at_once_get_what_they_asked_for(folder: Path) -> None:
    factors = [2, 3, 4, 5] * 4
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        answers = pool.starmap(compile_and_call, [(str(folder), factor) for factor in factors], chunksize=1)
    assert answers == [[float(factor)] * 2 for factor in factors]


def test_a_killed_builder_blocks_nobody(folder: Path) -> None:
    child = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import time; from arc_codegen.toolchain.build_cache import cached_library\n"
            "def make(path):\n  print('building', flush=True); time.sleep(600)\n"
            f"with cached_library({KEY!r}, make): pass",
        ],
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    assert child.stdout.readline() == b"building\n"
    child.kill()
    child.wait()
    child.stdout.close()
    assert fetch(KEY, counted()[0]) == b"library"
