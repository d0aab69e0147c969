"""Writing a set of files: all or none, only into the folder asked for, never over what someone else wrote.

What may be written is decided here; `transaction` makes it one step.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath

from arc_codegen.errors import OutputError
from arc_codegen.package import manifest as manifests
from arc_codegen.package import transaction

_CONFIG = "arc_config.h"


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
        ARC552: another module of the folder has the other ``fma``.
        ARC605: the journal of an earlier, interrupted generation cannot be read.

    Notes
    -----
    Files that an earlier generation of the same module wrote, and that are no longer part of it, are removed, unless
    they were edited. A process that is killed leaves the old files, or a journal from which the next call
    completes the new ones.

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
        _make_folder(root, made)
        with transaction.locked(root):
            transaction.recover(root, force=force)
            for target in targets.values():
                _make_folder(target.parent, made)
                _check_inside(target, root)
            _check_fused(files, root)
            changed = {name: target for name, target in targets.items() if not is_same(target, files[name])}
            _check_overwrites(changed, files, root, force=force)
            texts = {name: files[name] for name in changed}
            transaction.replace_files(root, texts, stale_files(files, root))
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


@dataclass(frozen=True, slots=True)
class Difference:
    """What `write_files` would change: names of files in the folder, by what would happen to them."""

    changed: tuple[str, ...]
    missing: tuple[str, ...]
    stale: tuple[str, ...]
    interrupted: bool

    def __bool__(self) -> bool:
        return bool(self.changed or self.missing or self.stale or self.interrupted)


def compare_files(files: Mapping[str, str], folder: str | os.PathLike[str]) -> Difference:
    """Compare a folder with what would be written into it; nothing is changed.

    Parameters
    ----------
    files : mapping of str to str
        Text by file name, as for `write_files`.
    folder : path
        Where they should be; it need not exist.

    Returns
    -------
    Difference
        False if the folder holds these files, byte for byte, and none that `write_files` would remove.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     compare_files({"a.h": "/* a */"}, folder).missing
    ('a.h',)
    """
    root = Path(folder)
    targets = {name: root / _checked_name(name) for name in files}
    differing = [name for name, target in targets.items() if not is_same(target, files[name])]
    return Difference(
        changed=tuple(name for name in differing if os.path.lexists(targets[name])),
        missing=tuple(name for name in differing if not os.path.lexists(targets[name])),
        stale=tuple(stale_files(files, root)),
        interrupted=transaction.is_interrupted(root),
    )


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


def is_same(target: Path, text: str) -> bool:
    """Whether a file exists and has this text."""
    return target.is_file() and target.read_bytes() == text.encode()


def stale_files(files: Mapping[str, str], root: Path) -> list[str]:
    """Files that the manifests about to be replaced list, that are not written again, and that nobody edited."""
    others: set[str] = set()
    own: dict[str, str] = {}
    for path, manifest in _manifests_in(root).items():
        if path.name in files:
            own |= manifest.sha256
        else:
            others |= manifest.sha256.keys()
    return [
        name
        for name, digest in own.items()
        if name not in files and name not in others and _has_digest(root / _checked_name(name), digest)
    ]


def _has_digest(path: Path, digest: str) -> bool:
    try:
        return not path.is_symlink() and manifests.text_digest(path.read_bytes().decode()) == digest
    except (OSError, UnicodeDecodeError):
        return False


def _check_overwrites(changed: Mapping[str, Path], files: Mapping[str, str], root: Path, *, force: bool) -> None:
    for target in changed.values():
        if target.is_dir() and not target.is_symlink():
            raise OutputError(f"{str(target)!r} is a folder", code="ARC603", hint="remove it, or choose another name")
    if force:
        return
    _check_owners(changed, files, root)
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


def _check_owners(changed: Mapping[str, Path], files: Mapping[str, str], root: Path) -> None:
    """Two modules of a folder share the runtime's files, but not a CMakeLists.txt."""
    for path, manifest in _manifests_in(root).items():
        shared = [name for name in changed if name in manifest.sha256 and not name.startswith("arc_")]
        if path.name not in files and shared and os.path.lexists(root / shared[0]):
            message = f"{str(root / shared[0])!r} belongs to the module {manifest.name!r} in that folder"
            raise OutputError(message, code="ARC551", hint="generate each module with its package into its own folder")


def _check_fused(files: Mapping[str, str], root: Path) -> None:
    """The runtime's files are those of one arithmetic: fused products for all modules of a folder, or for none."""
    for own in (manifests.parse(text) for name, text in files.items() if name.endswith(manifests.SUFFIX)):
        for path, other in _manifests_in(root).items():
            shared = _CONFIG in own.sha256.keys() & other.sha256.keys()
            if path.name not in files and shared and own.options["fma"] != other.options["fma"]:
                message = f"{other.name!r} in {str(root)!r} was generated with fma={other.options['fma']!r}, "
                message += f"{own.name!r} with fma={own.options['fma']!r}: they cannot share the runtime's files"
                raise OutputError(message, code="ARC552", hint="generate both alike, or into two folders")


def _digests_written(root: Path) -> dict[str, set[str]]:
    """Digests of the files that manifests in the folder say the tool wrote."""
    written: dict[str, set[str]] = {}
    for manifest in _manifests_in(root).values():
        for name, digest in manifest.sha256.items():
            written.setdefault(name, set()).add(digest)
    return written


def _manifests_in(root: Path) -> dict[Path, manifests.Manifest]:
    """The manifests of a folder that nobody edited."""
    found = {}
    for path in sorted(root.glob(f"*{manifests.SUFFIX}")):
        with contextlib.suppress(OutputError, OSError, UnicodeDecodeError):
            found[path] = manifests.parse(path.read_text(encoding="utf-8"))
    return found


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
