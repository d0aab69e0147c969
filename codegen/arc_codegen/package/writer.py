"""Writing a set of files: all or none, only into the folder asked for, never over what someone else wrote.

Each file goes to a temporary sibling first; then, one after the other, what stands under its name is moved aside and
the new one moved in. Any failure puts everything back.
"""

from __future__ import annotations

import contextlib
import os
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from arc_codegen.errors import OutputError
from arc_codegen.package import manifest as manifests


@dataclass(slots=True)
class _Step:
    """One file on its way: where it goes, where it waits, where its predecessor is kept."""

    target: Path
    waiting: Path
    kept: Path
    had_predecessor: bool = False
    placed: bool = False


def write_files(files: Mapping[str, str], folder: str | os.PathLike[str], *, force: bool = False) -> list[Path]:
    """Write files into a folder, made if it is missing; all of them or none.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name; names may have folders, with ``/`` between.
    folder : path
        Where.
    force : bool
        Overwrite files too that the tool did not write or that were edited since.

    Returns
    -------
    list of Path
        The files, in the order of ``files``.

    Raises
    ------
    OutputError
        ARC602: a name that leaves the folder. ARC603: a file that the tool did not write, or that was edited.
        ARC604: the system refuses (disk full, no permission). Nothing was changed.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in write_files({"a.h": "/* a */"}, folder)]
    ['a.h']
    """
    root = Path(folder)
    targets = {name: root / _checked_name(name) for name in files}
    made: list[Path] = []
    try:
        for target in targets.values():
            _make_folder(target.parent, made)
            _check_inside(target, root)
        changed = {name: target for name, target in targets.items() if not _is_same(target, files[name])}
        if not force:
            _check_overwrites(changed, root)
        _replace_all({target: files[name] for name, target in changed.items()})
    except BaseException as error:
        for path in reversed(made):
            with contextlib.suppress(OSError):
                path.rmdir()
        if isinstance(error, OSError) and not isinstance(error, OutputError):
            message = f"cannot write into {str(root)!r}: {error.strerror or error}"
            hint = "nothing was changed; make room, or choose a folder that you may write to"
            raise OutputError(message, code="ARC604", hint=hint) from error
        raise
    return list(targets.values())


def _checked_name(name: str) -> str:
    windows = PureWindowsPath(name)
    parts = name.split("/")
    if windows.drive or windows.root or "\\" in name or "\0" in name or any(part in ("", ".", "..") for part in parts):
        message = f"the file name {name!r} would leave the output folder"
        raise OutputError(message, code="ARC602", hint="use plain relative names")
    return name


def _check_inside(target: Path, root: Path) -> None:
    """A link on the way may lead elsewhere even if the name does not."""
    if not target.parent.resolve().is_relative_to(root.resolve()):
        message = f"{str(target)!r} lies outside the output folder, by way of a link"
        raise OutputError(message, code="ARC602", hint="remove the link, or choose its target as the folder")


def _make_folder(path: Path, made: list[Path]) -> None:
    missing = []
    current = path
    while not current.exists():
        missing.append(current)
        current = current.parent
    for folder in reversed(missing):
        folder.mkdir()
        made.append(folder)


def _is_same(target: Path, text: str) -> bool:
    return target.is_file() and target.read_bytes() == text.encode()


def _check_overwrites(changed: Mapping[str, Path], root: Path) -> None:
    occupied = {name: target for name, target in changed.items() if os.path.lexists(target)}
    if not occupied:
        return
    written = _digests_written(root)
    # Manifests first: an edited one no longer vouches for the others.
    for name, target in sorted(occupied.items(), key=lambda item: not item[0].endswith(manifests.SUFFIX)):
        if not target.is_file() or target.is_symlink() or not _wrote(name, target, written):
            message = f"{str(target)!r} exists and was not written by this tool, or was edited since"
            hint = "move it away, choose another folder or name, or overwrite it with force=True (--force)"
            raise OutputError(message, code="ARC603", hint=hint)


def _digests_written(root: Path) -> dict[str, set[str]]:
    """Digests of the files that manifests in the folder say the tool wrote."""
    written: dict[str, set[str]] = {}
    for path in sorted(root.glob(f"*{manifests.SUFFIX}")):
        with contextlib.suppress(OutputError, OSError, UnicodeDecodeError):
            for name, digest in manifests.parse(path.read_text(encoding="utf-8")).sha256.items():
                written.setdefault(name, set()).add(digest)
    return written


def _wrote(name: str, target: Path, written: Mapping[str, set[str]]) -> bool:
    try:
        text = target.read_bytes().decode()
    except UnicodeDecodeError:
        return False
    if name.endswith(manifests.SUFFIX):
        try:
            manifests.parse(text)
        except OutputError:
            return False
        return True
    return manifests.text_digest(text) in written.get(name, ())


def _replace_all(texts: Mapping[Path, str]) -> None:
    token = secrets.token_hex(4)
    steps = [_Step(target, _sibling(target, token, "new"), _sibling(target, token, "old")) for target in texts]
    with _rolled_back_on_failure(steps):
        for step in steps:
            _write_through(step.waiting, texts[step.target])
        for step in steps:
            if os.path.lexists(step.target):
                step.had_predecessor = True
                os.replace(step.target, step.kept)
            os.replace(step.waiting, step.target)
            step.placed = True
    for step in steps:
        if step.had_predecessor:
            with contextlib.suppress(OSError):
                step.kept.unlink()


def _sibling(target: Path, token: str, what: str) -> Path:
    return target.with_name(f".{target.name}.{token}.{what}")


def _write_through(path: Path, text: str) -> None:
    """Write and flush to the device, so that a full disk shows now and not after the renames."""
    with open(path, "xb") as stream:
        stream.write(text.encode())
        stream.flush()
        os.fsync(stream.fileno())


@contextlib.contextmanager
def _rolled_back_on_failure(steps: list[_Step]) -> Iterator[None]:
    try:
        yield
    except BaseException:
        for step in reversed(steps):
            with contextlib.suppress(OSError):
                if step.had_predecessor:
                    os.replace(step.kept, step.target)
                elif step.placed:
                    step.target.unlink()
            with contextlib.suppress(OSError):
                step.waiting.unlink(missing_ok=True)
        raise
