"""Compiles generated files with real compilers and calls them through cffi, for tests of the C that comes out."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import cffi
import numpy as np
from arc_codegen.generate import Generated
from arc_codegen.ir.types import DType
from arc_codegen.package.writer import write_files
from arc_codegen.toolchain.flags import C_WARNINGS, NUMERICS, WARNINGS
from numpy.typing import NDArray
from toolchains import require_tool

Array = NDArray[Any]
NUMPY_OF_CTYPE = {"float": "f4", "double": "f8", "int32_t": "i4", "int64_t": "i8", "bool": "?"}


def place(generated: Generated, folder: Path) -> list[str]:
    """Write the files; return the sources' paths."""
    write_files(generated.files, folder)
    return [str(folder / name) for name in generated.manifest["files"]["sources"]]


def compile_shared(generated: Generated, folder: Path, compiler: str, *flags: str) -> Path:
    sources = place(generated, folder)
    library = folder / "library.so"
    command = [require_tool(compiler), "-std=c99", "-fPIC", "-shared", *flags, *NUMERICS, *sources]
    run([*command, "-o", str(library), "-lm"])
    return library


def run(command: Sequence[str], *, expect_failure: bool = False) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert (done.returncode != 0) == expect_failure, f"{' '.join(command)}\n{output}"
    return output


def warning_free(generated: Generated, folder: Path, *, compilers: Sequence[str] = ("gcc", "clang")) -> None:
    """Every source compiles as C99 and as C++ without a warning, at -O2 so that flow analysis takes part."""
    sources = place(generated, folder)
    target = ["-O2", "-c", "-o", str(folder / "object.o")]
    for compiler in compilers:
        for source in sources:
            run([require_tool(compiler), "-std=c99", *C_WARNINGS, "-Werror", *target, source])
    for compiler in compilers:
        cpp = require_tool({"gcc": "g++", "clang": "clang++"}[compiler])
        for source in sources:
            run([cpp, "-x", "c++", "-std=c++11", *WARNINGS, "-Werror", *target, source])


def declarations(manifest: Mapping[str, Any]) -> str:
    lines = []
    for function in manifest["functions"]:
        parameters = [f"{p['ctype']} {'*' if p['pointer'] else ''}{p['name']}" for p in function["params"]]
        returned = "int" if function["returns"] == "status" else "void"
        lines.append(f"{returned} {function['c_name']}({', '.join(parameters) or 'void'});")
    return "\n".join(lines)


class Library:
    """A compiled module; `call` takes inputs and returns outputs as arrays."""

    def __init__(self, generated: Generated, path: Path) -> None:
        self._ffi = cffi.FFI()
        self._ffi.cdef(declarations(generated.manifest))
        self._library = self._ffi.dlopen(str(path))
        self._functions = {function["c_name"]: function for function in generated.manifest["functions"]}
        self.status = 0  # what the last call returned

    def call(self, c_name: str, inputs: Sequence[Array]) -> list[Array]:
        pending = list(inputs)
        outputs: list[Array] = []
        arguments: list[Any] = []
        for item in self._functions[c_name]["params"]:
            dtype = NUMPY_OF_CTYPE[item["ctype"]]
            if item["direction"] == "in":
                array = np.ascontiguousarray(pending.pop(0), dtype)
                if not item["pointer"]:
                    arguments.append(array.item())
                    continue
            else:
                array = np.full(item["size"], 77, dtype)
                if item["direction"] == "out":
                    outputs.append(array)
            arguments.append(self._ffi.from_buffer(f"{item['ctype']}[]", array, require_writable=False))
        assert not pending
        self.status = getattr(self._library, c_name)(*arguments) or 0
        shapes = [tuple(p["shape"]) for p in self._functions[c_name]["params"] if p["direction"] == "out"]
        return [array.reshape(shape) for array, shape in zip(outputs, shapes, strict=True)]


def assert_same_bits(got: Array, expected: Array, what: str) -> None:
    """Equal bit for bit; NaN as NaN, whatever its payload."""
    assert got.dtype == expected.dtype, what
    assert got.shape == expected.shape, what
    if got.dtype.kind == "f":
        bits = f"i{got.dtype.itemsize}"
        same = (got.view(bits) == expected.view(bits)) | (np.isnan(got) & np.isnan(expected))
    else:
        same = got == expected
    assert same.all(), f"{what}: {got[~same][:5]} != {expected[~same][:5]}"


def special_values(dtype: DType) -> Array:
    """Values where implementations go wrong, of a real type: zeros, ties, limits, subnormals, infinities, NaN."""
    info = np.finfo(dtype.numpy_name)
    small = [0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, 10.0, 1e-3, 0.1, 0.3, 7.25, 100.7]
    limits = [float(info.max), float(info.tiny), float(info.smallest_subnormal), float(info.eps), np.inf]
    powers = [2.0**k for k in (23, 24, 31, 32, 52, 53, 62, 63, 64)]
    below = [float(np.nextafter(np.array(p, dtype.numpy_name), np.array(0, dtype.numpy_name))) for p in powers]
    positive = [*small, *limits, *powers, *below]
    return np.array([*positive, *(-value for value in positive), np.nan], dtype.numpy_name)
