"""The one reader of the C runtime's files: which of them a module needs, and their text."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from dataclasses import dataclass

from arc_codegen.ir.kernel_table import family_of
from arc_codegen.runtime_sources import closure, read, text_of

__all__ = ["ABI_VERSION", "RuntimeFiles", "files_for", "placement", "read", "strict_guard"]

ABI_VERSION = 2
"""The runtime's interface that generated code expects; a test keeps it equal to ``ARC_ABI_VERSION`` in arc_abi.h."""


@dataclass(frozen=True, slots=True)
class RuntimeFiles:
    """Files of the runtime that a module needs, by the name they get in its folder.

    ``includes`` are the headers that the generated source names itself, ``public`` those that its header names.
    ``has_config``: whether the source reads arc_config.h that way.
    """

    sources: dict[str, str]
    headers: dict[str, str]
    includes: tuple[str, ...]
    public: tuple[str, ...] = ()
    has_config: bool = False


@functools.cache
def strict_guard() -> str:
    """Preprocessor lines that keep IEEE arithmetic in a source file: the inside of arc_strict.h."""
    text = text_of("arc_strict.h")
    match = re.search(r"#define ARC_STRICT_H\n(.*)#endif\n\Z", text, re.DOTALL)
    assert match is not None
    return match[1].strip() + "\n"


@functools.cache
def _config_block(macro: str) -> str:
    text = text_of("arc_config.h")
    # The macro's documentation comes with it.
    documentation, special_case = (
        r"/\*\*(?:(?!\*/).)*?\*/\n",
        rf"(?:#if !defined\({macro}\)[^#]*\n#define[^#]*\n#endif\n)?",
    )
    pattern = rf"^{documentation}{special_case}#ifndef {macro}\n.*?^#endif\n"
    match = re.search(pattern, text, re.DOTALL | re.MULTILINE)
    assert match is not None, macro
    return match[0]


def placement(definitions: str) -> str:
    """Preprocessor lines for a source without arc_config.h: defaults of the macros that its definitions begin with."""
    macros = ("ARC_FAST_CODE", "ARC_NOINLINE", "ARC_CONST")
    used = [macro for macro in macros if re.search(rf"^(?:ARC_FAST_CODE )?{macro}\b", definitions, re.MULTILINE)]
    if not used:
        return ""
    return "\n".join(_config_block(macro) for macro in used)


def files_for(
    kernels: Iterable[str],
    *,
    functions: Iterable[str] = (),
    status: bool = False,
    guard: bool = False,
    config: bool = False,
    fused: bool = False,
) -> RuntimeFiles:
    """What to ship with a module.

    Parameters
    ----------
    kernels : iterable of str
        C names of the kernels that it calls (``arc_lu_solve_f32`` style).
    functions : iterable of str
        C names of the other functions of the runtime that it calls, and of macros that it uses.
    status : bool
        Whether functions return a status.
    guard : bool
        Whether functions check their inputs.
    config : bool
        Whether the module has defaults of parameters, which a project may want to place.
    fused : bool
        Whether products and sums are one operation, in the runtime as well.

    Examples
    --------
    >>> sorted(files_for(["arc_lu_solve_f32"]).sources)
    ['arc_lu_f32.c']
    >>> sorted(files_for([], functions=["arc_expf"]).sources)
    ['arc_expf.c']
    >>> files_for([]).includes
    ()
    >>> files_for([], status=True).public
    ('arc_status.h',)
    """
    units = sorted({_unit(name) for name in kernels})
    sources = [f"arc_{family}_{real}.c" for family, real in units]
    includes: list[str] = []
    if guard:
        includes.append("arc_guard.h")
    elif config:
        includes.append("arc_config.h")
    includes += sorted({f"arc_{family}.h" for family, _ in units})
    for function in sorted(functions):
        header = _defining_header(function)
        includes.append(header or "arc_math.h")
        sources += [] if header else [f"{function}.c"]
    public = ("arc_status.h",) if status or guard else ()
    texts = {name: text_of(name) for name in closure([*includes, *public, *sources])}
    if fused and "arc_config.h" in texts:
        texts["arc_config.h"] = _fused_config(texts["arc_config.h"])
    return RuntimeFiles(
        sources={name: text for name, text in texts.items() if name.endswith(".c")},
        headers={name: text for name, text in texts.items() if name.endswith(".h")},
        includes=tuple(dict.fromkeys(includes)),
        public=public,
        has_config="arc_config.h" in closure(includes),
    )


def _unit(kernel: str) -> tuple[str, str]:
    """Family and element type of a kernel, which name the file that it is in: ``("lu", "f32")``."""
    name, real = kernel.removeprefix("arc_").rsplit("_", 1)
    return family_of(name), real


@functools.cache
def _defining_header(name: str) -> str:
    """The header that defines it, if one does: a macro, or a function that is expanded where it is called."""
    headers = ("arc_scalar.h", "arc_table.h", "arc_chained.h")
    return next((header for header in headers if re.search(rf"\b{name}\b", text_of(header))), "")


def _fused_config(text: str) -> str:
    """arc_config.h with the variant that multiplies and adds with one rounding."""
    assert text.count("#define ARC_FMA 0\n") == 1
    return text.replace("#define ARC_FMA 0\n", "#define ARC_FMA 1\n")
