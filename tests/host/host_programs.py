"""Hand-written C and its manifest, as the generator would give them, for the tests of the host."""

from __future__ import annotations

import math
import sys
import threading
from collections.abc import Callable
from typing import Any

import numpy as np

from archimedes.host.calling import HostFunction
from archimedes.host.library import build

CTYPES = {
    "double": np.float64,
    "float": np.float32,
    "int32_t": np.int32,
    "int64_t": np.int64,
    "uint8_t": np.uint8,
    "bool": np.bool_,
}
SIZE = 5
HEADER_START = "#include <stdbool.h>\n#include <stdint.h>\n"


def parameter(
    name: str, direction: str, shape: tuple[int, ...], ctype: str = "double", *, by_value: bool = False
) -> dict[str, Any]:
    return {
        "name": name,
        "direction": direction,
        "ctype": ctype,
        "shape": list(shape),
        "size": math.prod(shape),
        "pointer": not by_value,
    }


def program(c: str, functions: dict[str, list[dict[str, Any]]], *, status: tuple[str, ...] = ()) -> Any:
    """(files, manifest) of one C file; the header's prototypes are made from the parameters."""
    prototypes = []
    for name, parameters in functions.items():
        declared = ", ".join(_declared(p) for p in parameters) or "void"
        prototypes.append(f"{'int' if name in status else 'void'} {name}({declared});")
    entries = [
        {"c_name": name, "returns": "status" if name in status else "void", "params": parameters}
        for name, parameters in functions.items()
    ]
    manifest = {
        "schema": 1,
        "name": "program",
        "files": {"sources": ["program.c"], "headers": ["program.h"], "include_dirs": ["."]},
        "functions": entries,
    }
    header = HEADER_START + "\n".join(prototypes) + "\n"
    return {"program.c": f'#include "program.h"\n{c}\n', "program.h": header}, manifest


def _declared(entry: dict[str, Any]) -> str:
    if not entry["pointer"]:
        return f"{entry['ctype']} {entry['name']}"
    const = "const " if entry["direction"] == "in" else ""
    return f"{const}{entry['ctype']} *{entry['name']}"


def scaled(size: int, *, ctype: str = "double", factor: int = 2, tag: str = "") -> Any:
    """``y = factor * x`` on vectors of `size`."""
    loop = f"for (int i = 0; i < {size}; ++i) y[i] = {factor} * x[i];"
    c = f"/* {tag} */\nvoid scaled(const {ctype} *x, {ctype} *y) {{ {loop} }}"
    return program(c, {"scaled": [parameter("x", "in", (size,), ctype), parameter("y", "out", (size,), ctype)]})


def function(parameters: list[dict[str, Any]], body: str, *, returns_status: bool = False) -> HostFunction:
    """The C function `f` with that body."""
    declared = program("", {"f": parameters}, status=("f",) if returns_status else ())
    files, manifest = declared
    prototype = files["program.h"].splitlines()[-1].rstrip(";")
    files["program.c"] += f"{prototype} {{ {body} }}\n"
    return build(files, manifest).function("f")


def identity(shape: tuple[int, ...], ctype: str) -> HostFunction:
    size = int(np.prod(shape))
    return function(
        [parameter("x", "in", shape, ctype), parameter("y", "out", shape, ctype)],
        f"for (int i = 0; i < {size}; ++i) y[i] = x[i];",
    )


def numbers(shape: tuple[int, ...], ctype: str) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 2 if ctype == "bool" else 100, size=shape).astype(CTYPES[ctype])


def run_in_threads(calls: Callable[[int], None], count: int) -> None:
    """Run ``calls(0)``, ``calls(1)``, ... at once, the interpreter changing between them as often as it can."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        threads = [threading.Thread(target=calls, args=(seed,)) for seed in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
