"""C of the host library beside the generated functions: for each of them an entry point that Python calls directly.

It is generated as tables, which `arc_host_python.c` interprets; see `arc_host_python.h`.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import resources
from typing import Final

from archimedes.host.signature import Parameter, Signature

FILE_NAME: Final = "arc_host_entry.c"
_FIXED_FILES: Final = ("arc_host_python.h", "arc_host_python.c")
RESERVED_NAMES: Final = (FILE_NAME, *_FIXED_FILES)

ELEMENT_CONSTANTS: Final = {
    "double": "ARC_HOST_DOUBLE",
    "float": "ARC_HOST_FLOAT",
    "int32_t": "ARC_HOST_INT32",
    "int64_t": "ARC_HOST_INT64",
    "uint8_t": "ARC_HOST_UINT8",
    "bool": "ARC_HOST_BOOL",
}
"""C element type -> its name in `arc_host_python.h`."""


@cache
def fixed_file(name: str) -> str:
    """Text of a C file that is the same in every host library."""
    return resources.files("archimedes.host").joinpath(name).read_text(encoding="utf-8")


def entry_point_files(signatures: Iterable[Signature], headers: Iterable[str]) -> dict[str, str]:
    """All C files of the entry points by name; those that end in ``.c`` are to be compiled."""
    return {name: fixed_file(name) for name in _FIXED_FILES} | {FILE_NAME: emit_entry_points(signatures, headers)}


def emit_entry_points(signatures: Iterable[Signature], headers: Iterable[str]) -> str:
    """C source of the entry points; the generated headers make the compiler check their calls."""
    lines = ['#include "arc_host_python.h"', *(f'#include "{header}"' for header in headers), ""]
    methods = []
    for signature in signatures:
        name = signature.c_name
        lines += [*_tables(signature), "", *_functions(signature), ""]
        methods.append(f'  {{"{name}", arc_host_enter_{name}, ARC_HOST_CALL_FLAGS, NULL}},')
    lines += ["arc_host_method arc_host_methods[] = {", *(methods or ["  {0}"]), "};", ""]
    return "\n".join(lines)


def _tables(signature: Signature) -> Iterable[str]:
    name = signature.c_name
    for index, p in enumerate(signature.parameters):
        if p.shape:
            yield f"static const intptr_t arc_host_shape_{index}_{name}[] = {{{', '.join(map(str, p.shape))}}};"
    # C has no empty arrays.
    entries = [_table_entry(name, index, p) for index, p in enumerate(signature.parameters)] or ["{0}"]
    yield f"static const arc_host_parameter arc_host_parameters_{name}[] = {{"
    yield from (f"  {entry}," for entry in entries)
    yield "};"


def _table_entry(name: str, index: int, p: Parameter) -> str:
    shape = f"arc_host_shape_{index}_{name}" if p.shape else "NULL"
    return f"{{ARC_HOST_{p.direction.upper()}, {ELEMENT_CONSTANTS[p.ctype]}, {len(p.shape)}, {shape}, {p.nbytes}}}"


def _functions(signature: Signature) -> list[str]:
    name, count = signature.c_name, len(signature.parameters)
    call = f"{name}({', '.join(_argument(p, index) for index, p in enumerate(signature.parameters))});"
    statements = [f"return (int){call}"] if signature.returns == "status" else [call, "return 0;"]
    described = (
        f"arc_host_parameters_{name}, {count}, {len(signature.inputs)}, {len(signature.outputs)}, arc_host_run_{name}"
    )
    return [
        f"static int arc_host_run_{name}(const arc_host_slot *slots) {{",
        *(["  (void)slots;"] if count == 0 else []),
        *(f"  {statement}" for statement in statements),
        "}",
        "",
        f"static arc_host_object *arc_host_enter_{name}(arc_host_object *self, arc_host_object *const *arguments,",
        "    intptr_t count, arc_host_object *keywords) {",
        f"  static const arc_host_function function = {{{described}}};",
        f"  arc_host_slot slots[{max(count, 1)}];",
        "  return arc_host_call(&function, slots, self, arguments, count, keywords);",
        "}",
    ]


def _argument(p: Parameter, index: int) -> str:
    qualifier = "const " if p.direction == "in" else ""
    part = f"({qualifier}{p.ctype} *)slots[{index}].at"
    return part if p.pointer else f"*{part}"
