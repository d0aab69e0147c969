"""Boards: start-up code, linker script, serial port and counter, from ``runtime_c/boards`` or a user's folder."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from arc_codegen import runtime
from arc_codegen.toolchain.target_fields import Fields
from arc_codegen.toolchain.targets import TargetError

_COMMON: Final = "boards/common"


@dataclass(frozen=True, slots=True)
class Board:
    """What is compiled and linked around a program.

    Parameters
    ----------
    name : str
        Name of its folder.
    sources, headers, includes : mapping of str to str
        Texts by file name: C sources, headers, and files that the linker script includes.
    script : str
        Text of the linker script; empty where the compiler's own start-up code and script are used.
    flags : tuple of str
        For the board's sources only.
    link_flags : tuple of str
        For the linker.
    """

    name: str
    sources: Mapping[str, str]
    headers: Mapping[str, str]
    includes: Mapping[str, str]
    script: str
    flags: tuple[str, ...]
    link_flags: tuple[str, ...]


def load_board(name_or_path: str) -> Board:
    """Board of a target.

    Parameters
    ----------
    name_or_path : str
        Name of one that comes with the tool, or path of a folder with a ``board.toml``. Its files are looked for in
        that folder, then among those that the tool's boards share.

    Raises
    ------
    TargetError
        There is no such board (ARC720), or its description or one of its files is not right (ARC721).

    Examples
    --------
    >>> sorted(load_board("mps2_an386").headers)
    ['arc_board.h', 'cortex_m_semihosting.h', 'mps_counter.h']
    """
    own = "/" in name_or_path or "\\" in name_or_path
    described = Path(name_or_path) / "board.toml" if own else Path("boards", name_or_path, "board.toml")
    try:
        text = described.read_text(encoding="utf-8") if own else runtime.read(described.as_posix())
        content = tomllib.loads(text)
    except OSError as error:
        raise TargetError(
            f"there is no board {name_or_path!r}: {described} cannot be read",
            code="ARC720",
            hint="The target's description names a board of the tool, or a folder that holds a board.toml.",
        ) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise TargetError(
            f"{described} is not TOML: {error}", code="ARC721", hint="docs/targets.md has an example of a board."
        ) from error
    fields = Fields(described, "", content, TargetError)

    def files(key: str) -> dict[str, str]:
        return {name: _file(name, key, fields, described.parent, own=own) for name in fields.texts(key, default=())}

    script = fields.text("script", default="")
    board = Board(
        name=described.parent.name,
        sources=files("sources"),
        headers=files("headers"),
        includes=files("includes"),
        script=_file(script, "script", fields, described.parent, own=own) if script else "",
        flags=(
            *fields.texts("flags", default=()),
            *(f"-D{define}" for define in fields.texts("defines", default=())),
        ),
        link_flags=fields.texts("link_flags", default=()),
    )
    fields.require_known()
    return board


def _file(name: str, key: str, fields: Fields, folder: Path, *, own: bool) -> str:
    if Path(name).name != name:
        raise fields.error(key, f'names "{name}"; it has to be the name of a file, without folders')
    try:
        return (folder / name).read_text(encoding="utf-8") if own else runtime.read((folder / name).as_posix())
    except (OSError, UnicodeDecodeError):
        pass
    try:
        return runtime.read(f"{_COMMON}/{name}")
    except OSError:
        raise fields.error(key, f'names "{name}", which is neither in {folder} nor among the shared files') from None
