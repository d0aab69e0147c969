"""What the runtime's files need of each other: headers by ``#include``, sources by the functions that they call."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from importlib import resources

HEADERS = "include/arc"
SOURCES = "src"

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)
_CALLED = re.compile(r"\barc_\w+(?=\s*\()")


def read(path: str) -> str:
    """Text of a file of the runtime; ``path`` is relative to its folder."""
    return resources.files("arc_codegen").joinpath("_runtime_c", path).read_text(encoding="utf-8")


@functools.cache
def _paths() -> dict[str, str]:
    """Where each file is, by its name; names are unique, since all are shipped into one folder."""
    root = resources.files("arc_codegen").joinpath("_runtime_c")
    return {
        item.name: f"{folder}/{item.name}"
        for folder in (HEADERS, SOURCES)
        for item in root.joinpath(folder).iterdir()
        if item.name.endswith((".c", ".h"))
    }


def exists(name: str) -> bool:
    """Whether the runtime has a file of that name."""
    return name in _paths()


def text_of(name: str) -> str:
    """Text of a file of the runtime by its name alone."""
    return read(_paths()[name])


@functools.cache
def _needs(name: str) -> tuple[str, ...]:
    """Files that one file needs itself: function ``f`` is defined in ``f.c``, where there is such a file."""
    text = text_of(name)
    code = _COMMENT.sub(" ", text)
    included = [header for header in _INCLUDE.findall(text) if exists(header)]
    called = [f"{function}.c" for function in _CALLED.findall(code) if name.endswith(".c") or _is_internal(name)]
    return tuple(dict.fromkeys([*included, *(source for source in called if exists(source) and source != name)]))


def _is_internal(name: str) -> bool:
    """A header of the sources defines functions that call others; a public one merely declares them."""
    return _paths()[name].startswith(SOURCES)


def closure(names: Iterable[str]) -> tuple[str, ...]:
    """These files and all that they need, sorted.

    Examples
    --------
    >>> closure(["arc_lu.h"])
    ('arc_abi.h', 'arc_lu.h', 'arc_status.h')
    """
    found: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending.extend(_needs(name))
    return tuple(sorted(found))
