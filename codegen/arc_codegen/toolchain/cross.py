"""Cross-compiling: sources to an image that a board or its emulator runs, or to objects for a firmware project."""

from __future__ import annotations

import contextlib
import errno
import functools
import os
import re
import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from arc_codegen.errors import OutputError
from arc_codegen.toolchain.boards import Board, load_board
from arc_codegen.toolchain.compilers import CrossCompileError, FoundCompiler, find_compiler, run_tool
from arc_codegen.toolchain.flags import HOST_FLAGS
from arc_codegen.toolchain.targets import Target, TargetError

DEFAULT_FLAGS: Final = HOST_FLAGS
"""``-O2 -std=c99 -ffp-contract=off`` and what else keeps the bits."""

# What nobody refers to is left out of an image, so that its size is that of what it runs.
_SECTIONS: Final = ("-ffunction-sections", "-fdata-sections")
_SCRATCH: Final = ".arc-codegen-"
_BOARD_FLAGS: Final = ("-O2", "-std=c99", "-ffp-contract=off", *_SECTIONS)


@dataclass(frozen=True, slots=True)
class Image:
    """A linked program.

    Parameters
    ----------
    path : Path
        The ELF file.
    target : Target
        What it runs on.
    compiler : FoundCompiler
        What made it.
    flags : tuple of str
        Those given for the sources.
    link_map : str
        The linker's map: which object each symbol comes from.
    stack_usage : mapping of str to int
        Frame of each function that was compiled here, bytes, as the compiler states it; functions whose frame is not
        fixed are absent.
    """

    path: Path
    target: Target
    compiler: FoundCompiler
    flags: tuple[str, ...]
    link_map: str
    stack_usage: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Objects:
    """Compiled sources.

    Parameters
    ----------
    archive : Path
        Static library of all objects.
    objects : tuple of Path
        One for each source, in order.
    compiler : FoundCompiler
        What made them.
    flags : tuple of str
        Those given for the sources.
    """

    archive: Path
    objects: tuple[Path, ...]
    compiler: FoundCompiler
    flags: tuple[str, ...]


def build_image(
    target: Target,
    sources: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    flags: Sequence[str] = DEFAULT_FLAGS,
    output: str | os.PathLike[str],
    compiler: str | None = None,
    keep: Sequence[str] = (),
) -> Image:
    """Link a program for a target's board.

    Parameters
    ----------
    target : Target
        Which chip, compiler and board.
    sources : mapping of str to str
        Texts of C sources by name, one of them with ``int main(void)``. They may include ``arc_board.h``.
    headers : mapping of str to str, optional
        Texts of what they include, by name.
    flags : sequence of str, optional
        For the sources and the linker, after those that choose the chip. A ``-std`` of C++ compiles them as C++.
    output : path
        The ELF file to write; it is replaced only when all has succeeded.
    compiler : str, optional
        Family or executable of one of the target's compilers; the first that is installed otherwise.
    keep : sequence of str, optional
        Functions that stay in the image although nothing calls them.

    Raises
    ------
    CrossCompilerNotFoundError
        ARC722: the target's compiler is not installed.
    CrossCompileError
        ARC723: it failed.
    TargetError
        ARC724: the target has no board to link for.
    OutputError
        ARC604: ``output`` cannot be written.
    """
    if not target.board:
        raise TargetError(
            f"programs for {target.name} cannot be linked: its description names no board",
            code="ARC724",
            hint="Compile objects for your firmware project instead, or describe a board (docs/targets.md).",
        )
    board = load_board(target.board)
    found = find_compiler(target, prefer=compiler)
    flags = tuple(flags)
    with _build_folder() as folder:
        _write(folder, {**board.headers, **(headers or {}), **sources})
        objects = _compile(found, tuple(sources), flags, folder)
        for name, content in _board_objects(target.board, found).items():
            (folder / f"board-{name}").write_bytes(content)
            objects.append(f"board-{name}")
        link_map = _link(found, board, objects, flags, keep, folder)
        usage = _stack_usage(folder)
        path = Path(output)
        place_files({path: folder / "image.elf"})
    return Image(path, target, found, flags, link_map, usage)


def compile_objects(
    target: Target,
    sources: Mapping[str, str],
    *,
    headers: Mapping[str, str] | None = None,
    flags: Sequence[str] = DEFAULT_FLAGS,
    folder: str | os.PathLike[str],
    name: str,
    compiler: str | None = None,
) -> Objects:
    """Compile sources to objects and a static library, ``lib<name>.a``, in a folder.

    Parameters
    ----------
    target, sources, headers, flags, compiler
        As for `build_image`; no source needs a ``main``.
    folder : path
        Where the library and one ``.o`` for each source are written: all or none. It is made if missing.
    name : str
        Of the library.

    Raises
    ------
    CrossCompilerNotFoundError, CrossCompileError, OutputError
        As for `build_image`.
    """
    found = find_compiler(target, prefer=compiler)
    flags = tuple(flags)
    root = Path(folder)
    with _build_folder() as build:
        _write(build, {**(headers or {}), **sources})
        objects = _compile(found, tuple(sources), flags, build)
        archive = f"lib{name}.a"
        # D: no dates, no users: same input, same bytes.
        run_tool([found.tool("ar"), "rcsD", archive, *objects], folder=build)
        flat = {root / one.replace("/", "_"): build / one for one in objects}
        place_files({root / archive: build / archive, **flat})
    return Objects(root / archive, tuple(flat), found, flags)


def is_cplusplus(flags: Sequence[str]) -> bool:
    """Whether flags choose a standard of C++.

    Examples
    --------
    >>> is_cplusplus(["-std=gnu++17"]), is_cplusplus(["-std=gnu11"])
    (True, False)
    """
    standards = [flag for flag in flags if flag.startswith("-std=")]
    return bool(standards) and "++" in standards[-1]


def _compile(found: FoundCompiler, sources: Sequence[str], flags: Sequence[str], folder: Path) -> list[str]:
    """Names of the objects."""
    language = ("-xc++", "-fno-exceptions", "-fno-rtti") if is_cplusplus(flags) else ("-xc",)
    objects = []
    for source in sources:
        compiled = f"{PurePosixPath(source).with_suffix('')}.o"
        command = [*found.command, *_SECTIONS, *_observed(found), *flags, *language, "-I."]
        run_tool([*command, "-c", source, "-o", compiled], folder=folder)
        objects.append(compiled)
    return objects


def _observed(found: FoundCompiler) -> tuple[str, ...]:
    return ("-fstack-usage",) if found.family == "gcc" else ()


@functools.lru_cache(maxsize=64)
def _board_objects(board_name: str, found: FoundCompiler) -> Mapping[str, bytes]:
    """A board's objects: always compiled in the same way, whatever flags the program has."""
    board = load_board(board_name)
    compiled: dict[str, bytes] = {}
    with _build_folder() as folder:
        _write(folder, {**board.headers, **board.sources})
        for source in board.sources:
            name = f"{PurePosixPath(source).stem}.o"
            command = [*found.command, *_BOARD_FLAGS, *board.flags, "-I.", "-c", source, "-o", name]
            run_tool(command, folder=folder)
            compiled[name] = (folder / name).read_bytes()
    return compiled


def _link(
    found: FoundCompiler, board: Board, objects: Sequence[str], flags: Sequence[str], keep: Sequence[str], folder: Path
) -> str:
    command = [*found.link_command, *_linkable(found, flags), *_observed(found), "-Wl,--gc-sections"]
    if board.script:
        _write(folder, {**board.includes, "board.ld": board.script})
        command += ["-nostartfiles", "-L.", "-Tboard.ld"]
    command += [f"-Wl,-u,{symbol}" for symbol in keep]
    command += [*board.link_flags, *objects, "-lm", "-Wl,-Map=image.map", "-o", "image.elf"]
    run_tool(command, folder=folder)
    return (folder / "image.map").read_text(encoding="utf-8", errors="replace")


def _linkable(found: FoundCompiler, flags: Sequence[str]) -> Sequence[str]:
    """Flags for linking: those of another compiler than the one that links are for its objects only."""
    return flags if found.family == "gcc" else ()


def _stack_usage(folder: Path) -> dict[str, int]:
    """Frames from the ``.su`` files of GCC; the largest where two functions share a name."""
    frames: dict[str, int] = {}
    unbounded: set[str] = set()
    for path in folder.rglob("*.su"):
        for line in path.read_text(encoding="utf-8").splitlines():
            match = re.fullmatch(r".*:(\S+)\t(\d+)\t(\S+)", line)
            if match is None:
                continue
            name = match[1]
            frames[name] = max(frames.get(name, 0), int(match[2]))
            if match[3] == "dynamic":
                unbounded.add(name)
    return {name: size for name, size in frames.items() if name not in unbounded}


@contextlib.contextmanager
def _build_folder() -> Iterator[Path]:
    try:
        temporary = tempfile.TemporaryDirectory(prefix="arc-codegen-build-", ignore_cleanup_errors=True)
    except OSError as error:
        raise CrossCompileError(
            f"there is no folder to compile in: {error}",
            code="ARC723",
            hint="Make room, or set TMPDIR to a folder that you may write to.",
        ) from error
    with temporary as name:
        yield Path(name)


def _write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith(("/", "-")) or "\\" in name:
            raise OutputError(
                f"{name!r} cannot be the name of a source or header", code="ARC602", hint="use plain relative names"
            )
        path = folder / name
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise CrossCompileError(
                f"the folder to compile in cannot be written: {error}",
                code="ARC723",
                hint="Make room, or set TMPDIR to a folder that you may write to.",
            ) from error


def place_files(files: Mapping[Path, Path]) -> None:
    """Copy what was built to where it was asked for: all beside their targets first, then all into their places.

    Parameters
    ----------
    files : mapping of Path to Path
        Where each file goes, and where it is now. Folders are made.

    Raises
    ------
    OutputError
        ARC604: the system refuses; nothing was changed.
    """
    made: list[Path] = []
    staged: dict[Path, Path] = {}
    kept: dict[Path, Path] = {}
    placed: list[Path] = []
    target = next(iter(files))
    try:
        for target, source in files.items():
            _make_folders(target.parent, made)
            waiting = target.with_name(f"{_SCRATCH}{secrets.token_hex(4)}")
            staged[target] = waiting
            waiting.write_bytes(source.read_bytes())
            # An image for this machine is a program.
            waiting.chmod(source.stat().st_mode & 0o777)
        for target, waiting in staged.items():
            if target.is_dir():
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            if target.exists() and len(files) > 1:
                backup = target.with_name(f"{_SCRATCH}{secrets.token_hex(4)}")
                os.replace(target, backup)
                kept[target] = backup
            os.replace(waiting, target)
            placed.append(target)
    except OSError as error:
        with contextlib.suppress(OSError):
            for new in placed:
                new.unlink()
            for old, backup in kept.items():
                os.replace(backup, old)
        _remove(staged.values())
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise OutputError(
            f"cannot write {str(target)!r}: {error.strerror or error}",
            code="ARC604",
            hint="make room, or choose a place that you may write to",
        ) from error
    _remove(kept.values())


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        with contextlib.suppress(OSError):
            path.unlink()


def _make_folders(folder: Path, made: list[Path]) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for one in reversed(missing):
        one.mkdir()
        made.append(one)
