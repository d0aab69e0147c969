"""The one reader of the C runtime's files: which of them a module needs, and their text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

ABI_VERSION = 1
"""The runtime's interface that generated code expects; a test keeps it equal to ``ARC_ABI_VERSION`` in arc_abi.h."""

_HEADERS = "include/arc"
_SOURCES = "src"


@dataclass(frozen=True, slots=True)
class RuntimeFiles:
    """Files of the runtime that a module needs, by the name they get in its folder.

    ``includes`` are the headers that the generated source names itself.
    """

    sources: dict[str, str]
    headers: dict[str, str]
    includes: tuple[str, ...]


def read(path: str) -> str:
    """Text of a file of the runtime; ``path`` is relative to its folder."""
    return resources.files("arc_codegen").joinpath("_runtime_c", path).read_text(encoding="utf-8")


@functools.cache
def strict_guard() -> str:
    """Preprocessor lines that keep IEEE arithmetic in a source file: the inside of arc_strict.h."""
    text = read(f"{_HEADERS}/arc_strict.h")
    match = re.search(r"#define ARC_STRICT_H\n(.*)#endif\n\Z", text, re.DOTALL)
    assert match is not None
    return match[1].strip() + "\n"


def files_for(kernels: Iterable[str]) -> RuntimeFiles:
    """What to ship with a module that calls the given kernels (``arc_lu_solve_f32`` style C names).

    Examples
    --------
    >>> sorted(files_for(["arc_lu_solve_f32"]).sources)
    ['arc_lu_f32.c']
    >>> files_for([]).includes
    ()
    """
    suffixes = sorted({name.rsplit("_", 1)[1] for name in kernels})
    if not suffixes:
        return RuntimeFiles({}, {}, ())
    headers = {name: read(f"{_HEADERS}/{name}") for name in ("arc_abi.h", "arc_lu.h", "arc_strict.h")}
    headers["arc_lu_body.h"] = read(f"{_SOURCES}/arc_lu_body.h")
    sources = {f"arc_lu_{suffix}.c": read(f"{_SOURCES}/arc_lu_{suffix}.c") for suffix in suffixes}
    return RuntimeFiles(sources, dict(sorted(headers.items())), ("arc_lu.h",))
