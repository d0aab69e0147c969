"""The one reader of the C runtime's files: which of them a module needs, and their text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources

from arc_codegen.ir.kernel_table import KERNELS

ABI_VERSION = 2
"""The runtime's interface that generated code expects; a test keeps it equal to ``ARC_ABI_VERSION`` in arc_abi.h."""

_HEADERS = "include/arc"
_SOURCES = "src"


@dataclass(frozen=True, slots=True)
class RuntimeFiles:
    """Files of the runtime that a module needs, by the name they get in its folder.

    ``includes`` are the headers that the generated source names itself, ``public`` those that its header names.
    """

    sources: dict[str, str]
    headers: dict[str, str]
    includes: tuple[str, ...]
    public: tuple[str, ...] = ()

    @property
    def has_config(self) -> bool:
        """Whether the source reads arc_config.h."""
        return "arc_config.h" in self.headers


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


@functools.cache
def _config_block(macro: str) -> str:
    text = read(f"{_HEADERS}/arc_config.h")
    # The macro's documentation comes with it.
    match = re.search(rf"^/\*\*(?:(?!\*/).)*?\*/\n#ifndef {macro}\n.*?^#endif\n", text, re.DOTALL | re.MULTILINE)
    assert match is not None, macro
    return match[0]


def placement(definitions: str) -> str:
    """Preprocessor lines for a source without arc_config.h: defaults of the macros that its definitions begin with."""
    used = [macro for macro in ("ARC_FAST_CODE", "ARC_CONST") if re.search(rf"^{macro}\b", definitions, re.MULTILINE)]
    if not used:
        return ""
    return "\n".join(_config_block(macro) for macro in used)


def files_for(
    kernels: Iterable[str], *, status: bool = False, guard: bool = False, config: bool = False
) -> RuntimeFiles:
    """What to ship with a module.

    Parameters
    ----------
    kernels : iterable of str
        C names of the kernels that it calls (``arc_lu_solve_f32`` style).
    status : bool
        Whether functions return a status.
    guard : bool
        Whether functions check their inputs.
    config : bool
        Whether the module has defaults of parameters, which a project may want to place.

    Examples
    --------
    >>> sorted(files_for(["arc_lu_solve_f32"]).sources)
    ['arc_lu_f32.c']
    >>> files_for([]).includes
    ()
    >>> files_for([], status=True).public
    ('arc_status.h',)
    """
    units = sorted({_unit(name) for name in kernels})
    families = sorted({family for family, _ in units})
    names: set[str] = set()
    includes: list[str] = []
    if status or guard:
        names |= {"arc_abi.h", "arc_status.h"}
    if guard:
        names |= {"arc_config.h", "arc_guard.h"}
        includes.append("arc_guard.h")
    elif config:
        names.add("arc_config.h")
        includes.append("arc_config.h")
    if units:
        names |= {"arc_abi.h", "arc_status.h", "arc_strict.h"}
    for family in families:
        names.add(f"arc_{family}.h")
        includes.append(f"arc_{family}.h")
    headers = {name: read(f"{_HEADERS}/{name}") for name in names}
    headers |= {f"arc_{family}_body.h": read(f"{_SOURCES}/arc_{family}_body.h") for family in families}
    sources = {f"arc_{family}_{real}.c": read(f"{_SOURCES}/arc_{family}_{real}.c") for family, real in units}
    public = ("arc_status.h",) if status or guard else ()
    return RuntimeFiles(sources, dict(sorted(headers.items())), tuple(includes), public)


def _unit(kernel: str) -> tuple[str, str]:
    """Family and element type of a kernel, which name the file that it is in: ``("lu", "f32")``."""
    name, real = kernel.removeprefix("arc_").rsplit("_", 1)
    return KERNELS[name].family, real
