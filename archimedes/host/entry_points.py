"""C entry points of the host library: one pointer in, whatever the function's parameters are.

A cffi call converts every argument by itself (some 40 ns each). Small arrays are copied anyway, into one block
of memory that was registered with cffi once, so the host library gets, beside the generated functions,
an entry point for each that takes that block and calls the function on its parts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from archimedes.host.signature import Parameter, Signature

SMALL_BYTES: Final = 8192
"""Up to here copying an array in or out costs less than telling cffi where it is (benchmarks/bench_host_call.py)."""

_ALIGNMENT: Final = 16  # of each part of a block; the strictest of the element types needs 8

FILE_NAME: Final = "arc_host_entry.c"


def entry_name(c_name: str) -> str:
    """Name of the entry point of the function `c_name`."""
    return f"arc_host_entry_{c_name}"


def in_block(parameter: Parameter) -> bool:
    """Whether the parameter lives in the block: scalars, small arrays, and workspace of any size."""
    return parameter.nbytes <= SMALL_BYTES or parameter.direction == "work"


def has_entry_point(signature: Signature) -> bool:
    """Whether all of the function's parameters fit into the block."""
    return all(in_block(p) for p in signature.parameters)


def block_layout(signature: Signature) -> tuple[dict[str, int], int]:
    """Byte offset of each parameter in the block, by name, and the size of the block."""
    offsets, end = {}, 0
    for parameter in filter(in_block, signature.parameters):
        offsets[parameter.name] = end
        # An array without elements still has a pointer, which has to point somewhere.
        end += -(-max(parameter.nbytes, 1) // _ALIGNMENT) * _ALIGNMENT
    return offsets, max(end, _ALIGNMENT)


def emit_entry_points(signatures: Iterable[Signature], headers: Iterable[str]) -> str:
    """C source of the entry points; the generated headers make the compiler check their calls."""
    lines = ["#include <stdbool.h>", "#include <stdint.h>", *(f'#include "{header}"' for header in headers), ""]
    for signature in filter(has_entry_point, signatures):
        offsets, _ = block_layout(signature)
        arguments = ", ".join(_argument(p, offsets[p.name]) for p in signature.parameters)
        name, call = entry_name(signature.c_name), f"{signature.c_name}({arguments});"
        returned, statement = ("int", f"return (int){call}") if signature.returns == "status" else ("void", call)
        lines += [
            f"{returned} {name}(void *block);",
            f"{returned} {name}(void *block)",
            "{",
            "  unsigned char *at = block;",
            "  (void)at;",
            f"  {statement}",
            "}",
            "",
        ]
    return "\n".join(lines)


def _argument(parameter: Parameter, offset: int) -> str:
    qualifier = "const " if parameter.direction == "in" else ""
    part = f"({qualifier}{parameter.ctype} *)(void *)(at + {offset})"
    return part if parameter.pointer else f"*{part}"
