"""The searches of the runtime: bisection and computed intervals find the same, in C as in the reference."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cffi
import numpy as np
import pytest
from arc_codegen.ir.kernels import find
from arc_codegen.passes.loopgen.lookups import even_steps
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.flags import C_WARNINGS, NUMERICS
from toolchains import require_tool

REALS = pytest.mark.parametrize(
    ("suffix", "ctype", "real"), [("f32", "float", np.float32), ("f64", "double", np.float64)]
)


def grids(real: type) -> list[np.ndarray]:
    rng = np.random.default_rng(2)
    even = [(0.0, 1.0, 2), (0.0, 1.0, 7), (0.1, 0.1, 33), (-3.3, 1e-3, 257), (1e6, 0.3, 9), (-1.0, 2.0 / 20, 21)]
    found = [start + step * np.arange(n) for start, step, n in even]
    found += [np.sort(rng.normal(size=n)) for n in (2, 3, 8, 100)]
    found += [np.array([0.0, 0.0, 1.0, 1.0, 1.0, 2.0]), np.array([5.0, 1.0, 3.0, 2.0, 4.0])]
    return [grid.astype(real) for grid in found]


def places(grid: np.ndarray) -> np.ndarray:
    beside = [grid, np.nextafter(grid, grid.dtype.type(np.inf)), np.nextafter(grid, grid.dtype.type(-np.inf))]
    spread = np.linspace(grid.min() - 1, grid.max() + 1, 300).astype(grid.dtype)
    limits = np.finfo(grid.dtype)
    ends = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, limits.max, -limits.max, limits.tiny], grid.dtype)
    return np.concatenate([*beside, spread, ends])


@REALS
@pytest.mark.parametrize(("compiler", "level"), [("gcc", "-O0"), ("gcc", "-O3"), ("clang", "-O3")])
def test_c_finds_what_the_reference_does(
    tmp_path: Path, compiler: str, level: str, suffix: str, ctype: str, real: type
) -> None:
    for name in closure([f"arc_find_{suffix}.c"]):
        (tmp_path / name).write_text(text_of(name))
    flags = ["-std=c99", "-fPIC", "-shared", level, *NUMERICS, *C_WARNINGS, "-Werror"]
    library = str(tmp_path / "find.so")
    command = [require_tool(compiler), *flags, str(tmp_path / f"arc_find_{suffix}.c"), "-o", library]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    ffi = cffi.FFI()
    ffi.cdef(f"int32_t arc_find_{suffix}(const {ctype} *grid, int32_t size, {ctype} x);")
    ffi.cdef(f"int32_t arc_find_even_{suffix}(const {ctype} *grid, int32_t size, {ctype} per_unit, {ctype} x);")
    lib = ffi.dlopen(library)
    computed = 0
    for grid in grids(real):
        pointer = ffi.from_buffer(f"{ctype}[]", grid)
        expected = find(grid, places(grid))
        bisect, even = getattr(lib, f"arc_find_{suffix}"), getattr(lib, f"arc_find_even_{suffix}")
        assert [bisect(pointer, len(grid), x) for x in places(grid).tolist()] == expected.tolist()
        per_unit = even_steps(grid)
        if per_unit:
            computed += 1
            assert [even(pointer, len(grid), per_unit, x) for x in places(grid).tolist()] == expected.tolist()
    assert computed >= 4


@REALS
def test_the_reference_is_numpys_search_within_the_grid(suffix: str, ctype: str, real: type) -> None:
    for grid in grids(real)[:-1]:
        x = places(grid)
        x = x[~np.isnan(x)]
        expected = np.clip(np.searchsorted(grid, x, side="right") - 1, 0, len(grid) - 2)
        np.testing.assert_array_equal(find(grid, x), expected)


def test_which_grids_count_as_even() -> None:
    rough = np.linspace(0, 10, 11)
    assert even_steps(rough) == 1.0
    rough[5] += 0.2  # a fifth of a step: a guess is still off by one interval at most
    assert even_steps(rough) == 1.0
    rough[5] += 0.1
    assert even_steps(rough) == 0.0
    assert even_steps(np.arange(4.0)) == 0.0  # two comparisons find the interval
    assert even_steps(np.arange(6.0)[::-1].copy()) == 0.0
    # In float32, steps of 0.3 near a million are multiples of 1/16.
    assert even_steps((1e6 + 0.01 * np.arange(9)).astype(np.float32)) == 0.0
