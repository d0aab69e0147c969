"""Changing several files of a folder as one step that survives a kill and a power cut.

No system call replaces several files at once, so the change is written down first. The new files wait in a folder
beside their targets, with a journal of what goes where and links to what stands there now. Renaming that folder to
`PENDING` is the moment of decision: before it the old set stands untouched, after it the change is completed, if not by
this process then by the next that writes to the folder (`recover`). A failure after the decision renames the folder
to `UNDO`, and everything is put back. See docs/adr/0101-files-change-through-a-journal.md.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from arc_codegen.errors import OutputError

if sys.platform != "win32":
    import fcntl

PENDING = ".arc-codegen.pending"
UNDO = ".arc-codegen.undo"
_SCRATCH = ".arc-codegen-"
_JOURNAL = "journal.json"


@dataclass(frozen=True, slots=True)
class _Step:
    """One file: its name, and the states (see `_state`) before and after; None is "no file"."""

    name: str
    before: str | None
    after: str | None


@contextlib.contextmanager
def locked(root: Path) -> Iterator[None]:
    """One writer at a time in a folder; the lock is on the folder itself and dies with the process."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def is_interrupted(root: Path) -> bool:
    """Whether a change of the folder was decided and not completed."""
    return (root / PENDING / _JOURNAL).exists() or (root / UNDO / _JOURNAL).exists()


def recover(root: Path, *, force: bool = False) -> None:
    """Complete, or put back, what an earlier process left half done; call it under the lock.

    Raises
    ------
    OutputError
        ARC603: a file was edited in between, and not ``force``. ARC605: the journal cannot be read.
    """
    for leftover in root.glob(f"{_SCRATCH}*"):
        shutil.rmtree(leftover, ignore_errors=True)
    undo = root / UNDO
    if (steps := _read_journal(undo)) is not None:
        for failure in _put_back(root, undo, steps):
            raise failure
    pending = root / PENDING
    if (steps := _read_journal(pending)) is not None:
        for step in steps:
            if not force and _state(root / step.name) not in (step.before, step.after):
                message = f"{str(root / step.name)!r} was edited after an earlier generation was interrupted"
                hint = "move it away, or overwrite it with force=True (--force)"
                raise OutputError(message, code="ARC603", hint=hint)
        _place(root, pending, steps)
    for decided in (undo, pending):
        if decided.is_dir():
            _discard(decided)


def replace_files(root: Path, texts: Mapping[str, str], removed: Sequence[str] = ()) -> None:
    """Give files of ``root`` new texts and remove others, all or nothing; call it under the lock, after `recover`.

    Parameters
    ----------
    root : Path
        An existing folder.
    texts : mapping of str to str
        Text by name; the folders that names go through exist.
    removed : sequence of str
        Names of existing files.

    Raises
    ------
    OSError
        The system refuses; nothing was changed.
    """
    if not texts and not removed:
        return
    staged = root / f"{_SCRATCH}{secrets.token_hex(4)}"
    try:
        steps = _stage(root, staged, texts, removed)
        os.rename(staged, root / PENDING)
    except BaseException:
        shutil.rmtree(staged, ignore_errors=True)
        raise
    try:
        _sync_folder(root)
        _place(root, root / PENDING, steps)
    except BaseException:
        os.rename(root / PENDING, root / UNDO)
        _put_back(root, root / UNDO, steps)
        raise
    _discard(root / PENDING)


def _stage(root: Path, staged: Path, texts: Mapping[str, str], removed: Sequence[str]) -> list[_Step]:
    """Write new texts, links to the old files and the journal."""
    staged.mkdir()
    steps = []
    for number, name in enumerate((*texts, *removed)):
        target = root / name
        before = _state(target)
        if before is not None:
            _keep(target, staged / f"old-{number}")
        after = None
        if name in texts:
            content = texts[name].encode()
            _write_through(staged / f"new-{number}", content)
            after = _digest(content)
        steps.append(_Step(name, before, after))
    _write_through(staged / _JOURNAL, json.dumps([asdict(step) for step in steps]).encode())
    _sync_folder(staged)
    return steps


def _place(root: Path, pending: Path, steps: Sequence[_Step]) -> None:
    """Move the new files in; those that are in already are passed over."""
    for number, step in enumerate(steps):
        target = root / step.name
        if step.after is None:
            target.unlink(missing_ok=True)
        elif os.path.lexists(pending / f"new-{number}"):
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(pending / f"new-{number}", target)
    _sync_folder(root)


def _put_back(root: Path, undo: Path, steps: Sequence[_Step]) -> list[OSError]:
    """The way back of `_place`; where even that fails, the folder `UNDO` stays for the next attempt."""
    failures: list[OSError] = []
    for number, step in enumerate(steps):
        target = root / step.name
        try:
            if os.path.lexists(undo / f"old-{number}"):
                os.replace(undo / f"old-{number}", target)
            elif step.before is None and not os.path.lexists(undo / f"new-{number}"):
                target.unlink(missing_ok=True)
        except OSError as error:
            failures.append(error)
    if not failures:
        _discard(undo)
    return failures


def _discard(folder: Path) -> None:
    """The journal goes first: without it there is nothing to complete or put back."""
    with contextlib.suppress(OSError):
        (folder / _JOURNAL).unlink(missing_ok=True)
        shutil.rmtree(folder)


def _read_journal(folder: Path) -> list[_Step] | None:
    if not (folder / _JOURNAL).exists():
        return None
    try:
        steps = [_Step(**entry) for entry in json.loads((folder / _JOURNAL).read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError) as error:
        message = f"the journal of an interrupted generation, {str(folder)!r}, cannot be read: {error}"
        raise OutputError(message, code="ARC605", hint="remove that folder, and generate again") from error
    for step in steps:
        if Path(step.name).is_absolute() or ".." in Path(step.name).parts:
            message = f"the journal {str(folder)!r} names {step.name!r}, outside its folder"
            raise OutputError(message, code="ARC605", hint="remove that folder, and generate again")
    return steps


def _state(path: Path) -> str | None:
    """What stands under a name: a digest, where a link leads, or None."""
    if path.is_symlink():
        return f"link to {os.readlink(path)}"
    if path.is_dir():
        return "folder"
    try:
        return _digest(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return None


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _keep(target: Path, kept: Path) -> None:
    try:
        os.link(target, kept, follow_symlinks=False)
    except OSError:  # a file system without hard links
        shutil.copy2(target, kept, follow_symlinks=False)


def _write_through(path: Path, content: bytes) -> None:
    """Write and flush to the device, so that a full disk shows now and not after the decision."""
    with open(path, "xb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
