"""Content-addressed cache of compiled libraries: private, shared by processes, verified, bounded in size.

Layout of the folder: ``<key>.so`` the library, ``<key>.sha256`` its digest, ``locks/<xx>.lock`` one lock for all keys
that start with those two digits (a lock file per key could never be removed without a race; 256 of them need not be).
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
import tempfile
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import platformdirs
from filelock import FileLock, Timeout

from arc_codegen.toolchain.errors import CacheFolderError, CacheWarning

FOLDER_VARIABLE: Final = "ARC_CODEGEN_CACHE"
SIZE_VARIABLE: Final = "ARC_CODEGEN_CACHE_MB"
DEFAULT_MEGABYTES: Final = 512

Build = Callable[[Path], None]
"""Writes the library to the path it is given, or raises."""


def cache_folder() -> Path:
    """Folder of the cache: ``ARC_CODEGEN_CACHE``, or the user's cache folder of the system."""
    named = os.environ.get(FOLDER_VARIABLE, "").strip()
    return Path(named).expanduser().absolute() if named else Path(platformdirs.user_cache_dir("arc-codegen"))


def size_limit() -> int:
    """Bytes that the cache may hold, from ``ARC_CODEGEN_CACHE_MB`` or the default of 512 MB."""
    named = os.environ.get(SIZE_VARIABLE, "").strip()
    try:
        megabytes = float(named) if named else float(DEFAULT_MEGABYTES)
    except ValueError:
        megabytes = -1.0
    if not 0.0 <= megabytes < float("inf"):
        warnings.warn(
            f"{SIZE_VARIABLE}={named!r} is not a number of megabytes; {DEFAULT_MEGABYTES} is used",
            CacheWarning,
            stacklevel=2,
        )
        megabytes = float(DEFAULT_MEGABYTES)
    return int(megabytes * 1e6)


@contextlib.contextmanager
def cached_library(key: str, build: Build) -> Iterator[Path]:
    """Path of the library of `key`, built when it is not there or not what was stored; valid inside the ``with``.

    Where the folder cannot be written (read-only, full, no file locks) the library is built in a private temporary
    folder instead, and a `CacheWarning` says so.

    Parameters
    ----------
    key : str
        Hexadecimal digest of everything that decides the library's bytes.
    build : callable
        ``build(path)`` writes the library to `path`.

    Raises
    ------
    CacheFolderError
        The folder belongs to another user or others may write into it (ARC705).
    """
    folder = cache_folder()
    with contextlib.ExitStack() as stack:
        path, usable = None, True
        try:
            open_folder(folder)
            stack.enter_context(_lock(folder, key))
            path = _verified(folder, key)
        except CacheFolderError:
            raise
        except (OSError, NotImplementedError) as error:  # the latter: a file system without locks
            stack.close()
            usable = False
            _warn_unusable(folder, error)
        if path is None:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="arc-codegen-"))) / f"{key}.so"
            build(path)
            if usable:
                path = _stored(folder, path)
        yield path


def open_folder(folder: Path) -> None:
    """Make the folder where it is missing, for this user only; refuse one that others could plant code in."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    status = folder.stat()
    if hasattr(os, "getuid") and status.st_uid != os.getuid():
        problem = f"belongs to user {status.st_uid}, not to you ({os.getuid()})"
        remedy = f"chown {os.getuid()} '{folder}'"
    elif os.name == "posix" and status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        problem = f"can be written by other users (mode {stat.S_IMODE(status.st_mode):04o})"
        remedy = f"chmod 700 '{folder}'"
    else:
        (folder / "locks").mkdir(mode=0o700, exist_ok=True)
        return
    raise CacheFolderError(
        f"the build cache {folder} {problem}, so code in it cannot be trusted",
        code="ARC705",
        hint=f"Run: {remedy}\n  or set {FOLDER_VARIABLE} to a folder of your own.",
    )


def _lock(folder: Path, key: str) -> FileLock:
    return FileLock(folder / "locks" / f"{key[:2]}.lock", mode=0o600)


def _verified(folder: Path, key: str) -> Path | None:
    """The stored library, if its bytes are those that were stored; marks it as used."""
    library, digest = folder / f"{key}.so", folder / f"{key}.sha256"
    try:
        if digest.read_text(encoding="ascii", errors="replace") != _sha256(library):
            return None
    except FileNotFoundError:
        return None
    with contextlib.suppress(OSError):
        os.utime(library)
    return library


def _stored(folder: Path, built: Path) -> Path:
    """Copy a library into the folder: written beside, then renamed. Where that fails, `built` itself serves."""
    try:
        with tempfile.TemporaryDirectory(prefix="store-", dir=folder) as scratch:
            library = Path(shutil.copyfile(built, Path(scratch) / built.name))
            digest = library.with_suffix(".sha256")
            digest.write_text(_sha256(built), encoding="ascii")
            # The digest first: a library without its digest, or with another's, is rebuilt; never loaded unchecked.
            digest.replace(folder / digest.name)
            library = library.replace(folder / library.name)
        evict(folder, keep=built.stem)
    except OSError as error:
        _warn_unusable(folder, error)
        return built
    return library


def evict(folder: Path, *, keep: str = "") -> None:
    """Remove the libraries that were not used for longest until the folder is within its bound.

    `keep` is not removed, nor is what another process holds the lock of.
    """
    entries = _by_last_use(folder)
    excess = sum(size for _, _, size in entries) - size_limit()
    for _, key, size in entries:
        if excess <= 0:
            return
        if key[:2] == keep[:2]:  # its lock is held by this very call
            continue
        with contextlib.suppress(Timeout, FileNotFoundError), _lock(folder, key).acquire(timeout=0):
            (folder / f"{key}.so").unlink()
            (folder / f"{key}.sha256").unlink()
            excess -= size


def _by_last_use(folder: Path) -> list[tuple[int, str, int]]:
    """(time of last use in ns, key, bytes) of each stored library, the longest unused first."""
    entries = []
    for path in folder.glob("*.so"):
        with contextlib.suppress(FileNotFoundError):
            status = path.stat()
            entries.append((status.st_mtime_ns, path.stem, status.st_size))
    return sorted(entries)


def stored_bytes(folder: Path) -> int:
    """Size of all stored libraries."""
    return sum(size for _, _, size in _by_last_use(folder))


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


_warned: set[tuple[Path, str]] = set()


def _warn_unusable(folder: Path, error: BaseException) -> None:
    """Once per folder and kind of failure: a program with a thousand functions needs no thousand warnings."""
    reason = getattr(error, "strerror", None) or str(error)
    if (folder, reason) in _warned:
        return
    _warned.add((folder, reason))
    warnings.warn(
        f"the build cache {folder} cannot be used ({reason}): compiled code lasts for this process only. "
        f"Set {FOLDER_VARIABLE} to a folder that you can write.",
        CacheWarning,
        stacklevel=2,
    )
