"""Where the files of a module lie in its folder, and what stands around them for build systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from arc_codegen.c.literals import literal
from arc_codegen.c.module import CFunction, CModule
from arc_codegen.c.numeric_flags import numeric_flags
from arc_codegen.c.text import comment_text
from arc_codegen.errors import OptionError
from arc_codegen.ir.evaluate import Array
from arc_codegen.ir.types import DType
from arc_codegen.options import Options
from arc_codegen.package.arguments import Place, call, places, variable
from arc_codegen.package.hex_floats import wrapped
from arc_codegen.package.render import Provenance, template
from arc_codegen.package.vectors import FunctionVectors

# Targets that CMake keeps for itself (policy CMP0037), and those of our Makefile.
_CMAKE_TARGETS = frozenset(
    ["all", "clean", "depend", "edit_cache", "help", "install", "package", "package_source", "rebuild_cache", "test"]
)

_MACROS_ONLY = "arc_scalar.h"  # takes two macros from <math.h> where a compiler has no others; nothing to link


@dataclass(frozen=True, slots=True)
class Layout:
    """All files of a module but its manifest: text by name, relative to the folder, ``/`` between."""

    sources: Mapping[str, str]
    headers: Mapping[str, str]
    extras: Mapping[str, str]
    include_dirs: tuple[str, ...] = (".",)

    @property
    def files(self) -> dict[str, str]:
        return {**self.sources, **self.headers, **self.extras}


def lay_out(
    module: CModule,
    *,
    sources: Mapping[str, str],
    headers: Mapping[str, str],
    tests: Mapping[str, str],
    vectors: Mapping[str, FunctionVectors],
    options: Options,
    provenance: Provenance,
) -> Layout:
    """The files of a module in their places, with those of the packages that the options ask for.

    Parameters
    ----------
    module : CModule
    sources, headers, tests : mapping of str to str
        Text by name: the C, and the program that checks the test vectors with its header.
    vectors : mapping of str to FunctionVectors
        By the names of the functions; the first vector is what an example is called with.
    options : Options
    provenance : Provenance

    Raises
    ------
    OptionError
        ARC550: the name of the module is one that the build system keeps for itself.
    """
    if "arduino" in options.package:
        return _arduino(module, sources, headers, tests, vectors, provenance)
    words = {
        "module": module.name,
        "macro": module.stem.upper(),
        "tool": provenance.tool,
        "sources": list(sources),
        "headers": list(headers),
        "objects": [f"{name.removesuffix('.c')}.o" for name in sources],
        "flags": numeric_flags(module.platform_functions),
        "uses_math": any("<math.h>" in text for name, text in {**sources, **headers}.items() if name != _MACROS_ONLY),
        "vectors": bool(tests),
    }
    extras = dict(tests)
    if "cmake" in options.package:
        if module.name in _CMAKE_TARGETS:
            message = f"the module {module.name!r} would be a target of a name that CMake keeps for itself"
            raise OptionError(message, code="ARC550", hint=f"give it another name: name='my_{module.name}'")
        extras["CMakeLists.txt"] = _text("CMakeLists.txt.j2", words)
    if "make" in options.package:
        extras[f"{module.name}.mk"] = _text("module.mk.j2", words)
        extras["Makefile"] = _text("Makefile.j2", words)
    return Layout(sources, headers, extras)


def _arduino(
    module: CModule,
    sources: Mapping[str, str],
    headers: Mapping[str, str],
    tests: Mapping[str, str],
    vectors: Mapping[str, FunctionVectors],
    provenance: Provenance,
) -> Layout:
    """A library as the Arduino IDE takes it; it compiles all that is in ``src`` and nothing of ``extras``."""
    sketch = f"{module.name}_demo"
    words: dict[str, Any] = {
        "module": module.name,
        "tool": provenance.tool,
        "sketch": f"{sketch}.ino",
        "sentence": comment_text(_sentence(module)),
        "names": [function.c_name for function in module.functions],
        "functions": [_demonstrated(function, vectors.get(function.name)) for function in module.functions],
        "includes_math": any("NAN" in t["row"] or "INFINITY" in t["row"] for t in _all_constants(module, vectors)),
    }
    extras = {
        "library.properties": _text("library.properties.j2", words),
        "keywords.txt": _text("keywords.txt.j2", words),
        f"examples/{sketch}/{sketch}.ino": _text("sketch.ino.j2", words),
        **{f"extras/{name}": text for name, text in tests.items()},
    }
    return Layout(
        {f"src/{name}": text for name, text in sources.items()},
        {f"src/{name}": text for name, text in headers.items()},
        extras,
        ("src",),
    )


def _text(name: str, words: Mapping[str, Any]) -> str:
    return template(name).render(words).rstrip("\n") + "\n"


def _sentence(module: CModule) -> str:
    documented = [function.doc for function in module.functions if function.doc]
    return documented[0].split("\n", 1)[0] if documented else f"The functions of the module {module.name}."


def _demonstrated(function: CFunction, vectors: FunctionVectors | None) -> dict[str, Any]:
    """What the sketch says of a function."""
    written = [place for item in function.parameters if item.direction in ("out", "inout") for place in places(item)]
    return {
        "function": function,
        "variables": [variable(item) for item in function.parameters],
        "constants": _constants(function, vectors),
        "call": call(function),
        "outputs": [
            {"is_array": bool(p.extents), "size": p.size, "shown": p.shown, "printed": _printed(p)} for p in written
        ],
    }


def _all_constants(module: CModule, vectors: Mapping[str, FunctionVectors]) -> list[dict[str, Any]]:
    return [table for function in module.functions for table in _constants(function, vectors.get(function.name))]


def _constants(function: CFunction, vectors: FunctionVectors | None) -> list[dict[str, Any]]:
    """The first vector; without one the arguments stay zero."""
    if vectors is None or not vectors.inputs:
        return []
    read = [place for item in function.parameters if item.direction in ("in", "inout") for place in places(item)]
    arrays = [array for array in vectors.inputs[0] if array.size]
    return [
        {
            "path": place.path,
            "name": f"value_{number}",
            "ctype": place.ctype,
            "size": place.size,
            "row": _row(array, place.dtype),
        }
        for number, (place, array) in enumerate(zip(read, arrays, strict=True))
    ]


def _row(array: Array, dtype: DType) -> str:
    values: Sequence[Any] = array.ravel().tolist()
    # A sketch is no part of the module, whose files need not have the runtime's macros.
    spelled = [literal(value, dtype).replace("ARC_", "") for value in values]
    return wrapped(spelled, indent="      ")


def _printed(place: Place) -> str:
    element = place.element("k")
    if place.dtype.is_real:
        return f"{element}, {7 if place.dtype is DType.F32 else 15}"
    return f"(long){element}"
