"""C files to a shared library of this machine, by way of the build cache."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from arc_codegen.toolchain.build_cache import cached_library
from arc_codegen.toolchain.flags import HOST_FLAGS
from arc_codegen.toolchain.host_compiler import Compiler, run_compiler

BASE_FLAGS: Final = (*HOST_FLAGS, "-fPIC", "-shared")
"""C99 without contraction and without errno: the bits that the generated code defines, see the files' own headers."""

# A user's `loss` must not be replaced by a `loss` that some other library of the process exports.
_LINK_FLAGS: Final = ("-Wl,-Bsymbolic",) if sys.platform.startswith("linux") else ()


def library_key(files: Mapping[str, str], compiler: Compiler, flags: Sequence[str]) -> str:
    """Digest of all that decides the library's bytes: texts by file name, flags beyond `BASE_FLAGS`, compiler."""
    parts = {
        "files": sorted(files.items()),
        "flags": [*BASE_FLAGS, *flags, *_LINK_FLAGS],
        "compiler": compiler.identity,
        "platform": [sys.platform, platform.machine(), sys.maxsize],
    }
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def shared_library(
    files: Mapping[str, str],
    translated: Sequence[str],
    *,
    compiler: Compiler,
    flags: Sequence[str] = (),
    include_dirs: Sequence[str] = (),
) -> AbstractContextManager[Path]:
    """The path of the library, compiled or from the cache; valid inside the ``with``.

    Parameters
    ----------
    files : mapping of str to str
        Texts by file name, relative and without ``..``.
    translated : sequence of str
        Those of them that are compiled.
    compiler : Compiler
    flags : sequence of str
        Flags beyond `BASE_FLAGS`.
    include_dirs : sequence of str
        Folders of headers, relative, beside the one of the files.

    Raises
    ------
    CompileError
        The compiler rejects the files (ARC703).
    CacheFolderError
        The cache is not private (ARC705).
    """

    def compile_to(path: Path) -> None:
        with tempfile.TemporaryDirectory(prefix="arc-codegen-") as scratch:
            folder = Path(scratch)
            for name, text in files.items():
                file = folder / name
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text, encoding="utf-8", newline="")
            includes = [f"-I{name}" for name in dict.fromkeys((".", *include_dirs))]
            command = (*BASE_FLAGS, *flags, *_LINK_FLAGS, *includes, *translated, "-o", str(path), "-lm")
            run_compiler(compiler, command, folder=folder)

    return cached_library(library_key(files, compiler, flags), compile_to)
