"""Generated C files to a loaded shared library."""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any, TypeVar

import cffi
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import Compiler, find_compiler
from arc_codegen.toolchain.shared_library import BASE_FLAGS, library_key, shared_library

from archimedes.host.calling import HostFunction
from archimedes.host.entry_points import RESERVED_NAMES, entry_point_files
from archimedes.host.errors import LibraryLoadError, ManifestError
from archimedes.host.python_entry import EntryPoints
from archimedes.host.signature import Parameter, Signature, read_signatures
from archimedes.host.struct_calls import (
    StructFunction,
    StructSignature,
    declaration,
    read_struct_signatures,
    struct_declarations,
)

__all__ = ["BASE_FLAGS", "HostLibrary", "build"]

S = TypeVar("S", Signature, StructSignature)


class HostLibrary:
    """A compiled and loaded set of generated files. Made by `build`; pickles as what it was built from.

    Attributes
    ----------
    files : dict of str to str
        File name -> text.
    manifest : dict
        What the generator says about them.
    flags : tuple of str
        Compiler flags beyond `BASE_FLAGS`.
    key : str
        Its key in the build cache.
    ffi : cffi.FFI
        cffi's interface to it.
    lib : object
        The opened library; its attributes are the C functions past our wrappers, pointers being ``void *``.
    cffi_only : str
        Why calls go through cffi alone; empty if they do not.
    """

    def __init__(
        self, files: Mapping[str, str], manifest: Mapping[str, Any], *, flags: tuple[str, ...], compiler: Compiler
    ) -> None:
        self.files = dict(files)
        self.manifest = dict(manifest)
        self.flags = flags
        self._signatures = read_signatures(manifest)
        self._struct_signatures = read_struct_signatures(manifest)
        sources = _sources(self.files, self.manifest, self._signatures.values())
        self.key = library_key(sources, compiler, _all_flags(self.manifest, compiler, flags))
        self.ffi, self.lib, self._entry_points = self._load(sources, compiler)
        self.cffi_only = self._entry_points.problem
        self._functions: dict[str, HostFunction] = {}
        self._struct_functions: dict[str, StructFunction] = {}

    def _load(self, sources: Mapping[str, str], compiler: Compiler) -> tuple[cffi.FFI, Any, EntryPoints]:
        ffi = cffi.FFI()
        declarations = [
            *struct_declarations(self.manifest),
            *map(_declaration, self._signatures.values()),
            *map(declaration, self._struct_signatures.values()),
        ]
        ffi.cdef("\n".join(declarations))
        listed = self.manifest.get("files", {})
        translated = [*listed.get("sources", ()), *(name for name in RESERVED_NAMES if name.endswith(".c"))]
        with shared_library(
            sources,
            translated,
            compiler=compiler,
            flags=_all_flags(self.manifest, compiler, self.flags),
            include_dirs=listed.get("include_dirs", ()),
        ) as path:
            try:
                return ffi, ffi.dlopen(str(path)), EntryPoints(path)
            except OSError as error:
                raise LibraryLoadError(
                    f"the compiled library cannot be loaded: {error}",
                    code="ARC704",
                    hint="If the folder is on a file system mounted noexec, set ARC_CODEGEN_CACHE (and TMPDIR) to "
                    "another; if the compiler in CC builds for another machine, name one for this machine.",
                ) from error

    @property
    def names(self) -> tuple[str, ...]:
        """C names of its functions."""
        return tuple(entry["c_name"] for entry in self.manifest["functions"])

    @property
    def struct_names(self) -> tuple[str, ...]:
        """C names of those that have structs among their parameters."""
        return tuple(self._struct_signatures)

    def function(self, c_name: str) -> HostFunction:
        """The function of that C name, which has no structs among its parameters.

        Raises
        ------
        ManifestError
            The manifest lists no such function (ARC709).
        """
        if c_name not in self._functions:
            signature = self._listed(self._signatures, c_name)
            self._functions[c_name] = HostFunction(self, signature, self.ffi, self.lib)
        return self._functions[c_name]

    def struct_function(self, c_name: str) -> StructFunction:
        """The function of that C name, which has; it takes and gives their leaves.

        Raises
        ------
        ManifestError
            The manifest lists no such function (ARC709).
        """
        if c_name not in self._struct_functions:
            signature = self._listed(self._struct_signatures, c_name)
            self._struct_functions[c_name] = StructFunction(self, signature, self.ffi, self.lib)
        return self._struct_functions[c_name]

    def _listed(self, signatures: Mapping[str, S], c_name: str) -> S:
        if c_name not in signatures:
            raise ManifestError(
                f"no function {c_name!r} in this library; it has {', '.join(signatures) or 'none'}",
                code="ARC709",
                hint="Use the function's C name as the manifest gives it.",
            )
        return signatures[c_name]

    def entry_point(
        self, c_name: str, *, otherwise: Callable[..., Any], failed: Callable[[int], None]
    ) -> Callable[..., Any] | None:
        """The function of that C name as a built-in function; see `EntryPoints.function`. None if it cannot be one."""
        if self.cffi_only:
            return None
        signature, index = self._signatures[c_name], list(self._signatures).index(c_name)
        return self._entry_points.function(index, signature, otherwise=otherwise, failed=failed)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.files, self.manifest, self.flags)

    def __repr__(self) -> str:
        return f"HostLibrary({', '.join(self.names)})"


_loaded: weakref.WeakValueDictionary[tuple[str, str], HostLibrary] = weakref.WeakValueDictionary()


def build(files: Mapping[str, str], manifest: Mapping[str, Any], *, flags: Sequence[str] = ()) -> HostLibrary:
    """Compile generated files with the system's C compiler and load them; from the build cache where it has them.

    Parameters
    ----------
    files : mapping of str to str
        File name (relative) -> text: all sources and headers that the manifest names.
    manifest : mapping
        The generator's manifest.
    flags : sequence of str, optional
        Further compiler flags, after `BASE_FLAGS` and those that the manifest's options ask for.

    Returns
    -------
    HostLibrary
        Loaded; the same object while one built from the same files is alive.

    Raises
    ------
    CompilerNotFoundError
        No C compiler (ARC701, ARC702).
    CompileError
        The compiler rejects the files (ARC703).
    LibraryLoadError
        The result cannot be loaded (ARC704).
    ManifestError
        The manifest does not fit the files, or asks for types that Python cannot pass (ARC709).
    ToolchainError
        The C multiplies and adds with one rounding (``fma="on"``), and this machine cannot (ARC716).

    Examples
    --------
    >>> import numpy as np
    >>> c = "void twice(const double x[2], double y[2]) { y[0] = 2 * x[0]; y[1] = 2 * x[1]; }"
    >>> h = "void twice(const double x[2], double y[2]);"
    >>> parameters = [
    ...     {"name": "x", "direction": "in", "ctype": "double", "shape": [2], "size": 2, "pointer": True},
    ...     {"name": "y", "direction": "out", "ctype": "double", "shape": [2], "size": 2, "pointer": True},
    ... ]
    >>> manifest = {
    ...     "files": {"sources": ["twice.c"], "headers": ["twice.h"], "include_dirs": ["."]},
    ...     "functions": [{"c_name": "twice", "returns": "void", "params": parameters}],
    ... }
    >>> twice = build({"twice.c": c, "twice.h": h}, manifest).function("twice")
    >>> twice(np.array([1.0, 2.5]))
    array([2., 5.])
    """
    compiler, flags = find_compiler(), tuple(flags)
    sources = _sources(files, manifest, read_signatures(manifest).values())
    # The same C may come with manifests that read it differently: shapes () and (1,) are one pointer.
    key = library_key(sources, compiler, _all_flags(manifest, compiler, flags))
    identity = (key, json.dumps(manifest, sort_keys=True))
    library = _loaded.get(identity)
    if library is None:
        library = HostLibrary(files, manifest, flags=flags, compiler=compiler)
        _loaded[identity] = library
    return library


def _rebuild(files: dict[str, str], manifest: dict[str, Any], flags: tuple[str, ...]) -> HostLibrary:
    return build(files, manifest, flags=flags)


def _sources(files: Mapping[str, str], manifest: Mapping[str, Any], signatures: Any) -> dict[str, str]:
    """All files of the compilation, the entry points among them; names checked."""
    listed = manifest.get("files", {})
    missing = [name for name in (*listed.get("sources", ()), *listed.get("headers", ())) if name not in files]
    if missing:
        raise ManifestError(
            f"the manifest names {', '.join(missing)}, which are not among the files {', '.join(files)}",
            code="ARC709",
            hint="Pass the manifest and the files of one generation, unchanged.",
        )
    for name in (*files, *listed.get("include_dirs", ())):
        path = PurePosixPath(name)
        if path.is_absolute() or ".." in path.parts or "\\" in name or "\0" in name or name in ("", *RESERVED_NAMES):
            raise ManifestError(
                f"the file name {name!r} leads out of the build folder or is reserved",
                code="ARC709",
                hint="File names of a generation are relative to its folder, without '..'.",
            )
    # The module's own header declares its functions; those of the runtime are its business (one is a template's body).
    own = f"{manifest.get('name', '')}.h"
    headers = [name for name in listed.get("headers", ()) if PurePosixPath(name).name == own]
    headers = headers or listed.get("headers", ())
    return {**files, **entry_point_files(signatures, headers)}


def _all_flags(manifest: Mapping[str, Any], compiler: Compiler, flags: tuple[str, ...]) -> tuple[str, ...]:
    fused = manifest.get("options", {}).get("fma") == "on"
    return (*fma_flags(compiler), *flags) if fused else flags


def _declaration(signature: Signature) -> str:
    """What cffi is told. Pointers are ``void *``: the wrapper checks element types, and cffi then needs no cast."""
    returned = "int" if signature.returns == "status" else "void"
    parameters = ", ".join(map(_declared, signature.parameters)) or "void"
    return f"{returned} {signature.c_name}({parameters});"


def _declared(parameter: Parameter) -> str:
    if not parameter.pointer:
        return parameter.ctype
    return "const void *" if parameter.direction == "in" else "void *"
