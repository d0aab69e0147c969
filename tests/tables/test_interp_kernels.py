"""arc_interp of the runtime without the generator: bits of generated code and of NumPy, SciPy's curves, bad grids."""

from __future__ import annotations

import itertools
import subprocess
from pathlib import Path
from typing import Any

import cffi
import numpy as np
import pytest
import scipy.interpolate
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.flags import C_WARNINGS, NUMERICS, WARNINGS
from toolchains import require_tool

import archimedes as arc

generator = np.random.default_rng(8)
REALS = pytest.mark.parametrize("real", [np.float32, np.float64])
OUTSIDE = {"clamp": 0, "extrapolate": 1}
GRIDS = {
    "even": np.linspace(-1.0, 3.0, 21),
    "uneven": np.cumsum(generator.uniform(0.05, 0.5, 30)) - 2.0,
    "short": np.array([0.0, 0.5, 2.0]),
    "shortest": np.array([-0.5, 2.5]),
}

_DECLARED = """
typedef struct {{ const {c} *grid; int32_t size; {c} per_unit; }} axis_t;
int arc_axis_{s}(int32_t size, const {c} *grid, axis_t *axis);
void arc_cubic_slopes_{s}(const axis_t *axis, const {c} *values, {c} *slopes);
void arc_pchip_slopes_{s}(const axis_t *axis, const {c} *values, {c} *slopes);
{c} arc_interp_linear_{s}(const axis_t *axis, const {c} *values, int outside, {c} x);
{c} arc_interp_cubic_{s}(const axis_t *axis, const {c} *values, const {c} *slopes, int outside, {c} x);
{c} arc_interpn_linear_{s}(int32_t axes, const axis_t *axis, const {c} *values, int outside, const {c} *x);
int arc_interpn_slopes_{s}(int32_t axes, const axis_t *axis, {c} *tables);
{c} arc_interpn_cubic_{s}(int32_t axes, const axis_t *axis, const {c} *tables, int outside, const {c} *x);
"""


class Kernels:
    """The functions for one element type, on ndarrays."""

    def __init__(self, folder: Path, real: Any) -> None:
        self.real = np.dtype(real)
        self.suffix, self.ctype = ("f32", "float") if self.real.itemsize == 4 else ("f64", "double")
        for name in closure([f"arc_interp_{self.suffix}.c"]):
            (folder / name).write_text(text_of(name))
        library = folder / f"{self.suffix}.so"
        flags = ["-std=c99", "-O2", "-fPIC", "-shared", *NUMERICS, *C_WARNINGS, "-Werror"]
        sources = map(str, sorted(folder.glob("*.c")))
        _run([require_tool("gcc"), *flags, *sources, "-o", str(library)])
        self.ffi = cffi.FFI()
        self.ffi.cdef(_DECLARED.format(s=self.suffix, c=self.ctype))
        self.library = self.ffi.dlopen(str(library))
        self.kept: list[Any] = []

    def call(self, name: str, *arguments: Any) -> Any:
        return getattr(self.library, f"{name}_{self.suffix}")(*arguments)

    def array(self, values: Any) -> Any:
        self.kept.append(np.array(values, self.real))
        return self.ffi.from_buffer(f"{self.ctype}[]", self.kept[-1])

    def axes(self, *grids: Any) -> Any:
        made = self.ffi.new("axis_t[]", len(grids))
        for k, grid in enumerate(grids):
            assert self.call("arc_axis", len(grid), self.array(grid), made + k) == 0
        return made

    def interp(self, x: Any, grid: Any, values: Any, method: str, outside: str) -> Any:
        axis, table = self.axes(grid), self.array(values)
        extra = []
        if method != "linear":
            extra = [self.array(np.zeros(len(grid)))]
            self.call(f"arc_{method}_slopes", axis, table, *extra)
        name = "arc_interp_linear" if method == "linear" else "arc_interp_cubic"
        found = [self.call(name, axis, table, *extra, OUTSIDE[outside], place) for place in x.tolist()]
        return np.array(found, self.real)

    def interpn(self, points: Any, grids: Any, values: Any, method: str, outside: str) -> Any:
        axes, count = self.axes(*grids), len(grids)
        tables = self.array(values.ravel())
        if method == "cubic":
            tables = self.array(np.concatenate([values.ravel(), np.zeros((2**count - 1) * values.size)]))
            assert self.call("arc_interpn_slopes", count, axes, tables) == 0
        name = f"arc_interpn_{method}"
        found = [self.call(name, count, axes, tables, OUTSIDE[outside], self.array(point)) for point in points]
        return np.array(found, self.real)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made: dict[Any, Kernels] = {}

    def of(real: Any) -> Kernels:
        if real not in made:
            made[real] = Kernels(tmp_path_factory.mktemp("interp"), real)
        return made[real]

    return of


def places(grid: np.ndarray) -> np.ndarray:
    """Between, on, right beside and beyond the points of a grid, and no number at all."""
    around = [grid, np.nextafter(grid, grid.dtype.type(9e9)), np.nextafter(grid, grid.dtype.type(-9e9))]
    spread = np.linspace(grid[0] - 1, grid[-1] + 1, 101).astype(grid.dtype)
    return np.concatenate([*around, spread, np.array([np.nan, 0.0, -0.0, 1e-40], grid.dtype)])


def assert_same_bits(found: Any, expected: Any) -> None:
    """The same bits, but that a NaN is as good as any other."""
    assert found.dtype == expected.dtype
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_array_equal(np.signbit(found)[~np.isnan(found)], np.signbit(expected)[~np.isnan(found)])


@REALS
@pytest.mark.parametrize("grid", list(GRIDS))
def test_bits_of_generated_code(kernels: Any, grid: str, real: Any) -> None:
    """With the table a parameter, generated code computes slopes and pieces in the run: the same operations."""
    points = GRIDS[grid].astype(real)
    values = generator.standard_normal(len(points)).astype(real)
    values[1:3] = values[0]  # where pchip turns
    x = places(points)
    variants = list(itertools.product(["linear", "cubic", "pchip"], OUTSIDE))
    compiled = arc.compile(lambda x, g, v: tuple(arc.interp(x, g, v, method=m, outside=o) for m, o in variants))
    for (method, outside), expected in zip(variants, compiled(x, points, values), strict=True):
        assert_same_bits(kernels(real).interp(x, points, values, method, outside), expected)
    ends = np.array([-np.inf, np.inf], real)
    for method in ("linear", "cubic", "pchip"):
        np.testing.assert_array_equal(kernels(real).interp(ends, points, values, method, "clamp"), values[[0, -1]])


@REALS
@pytest.mark.parametrize(("method", "count"), [("linear", 1), ("linear", 2), ("linear", 3), ("cubic", 2), ("cubic", 3)])
def test_several_variables(kernels: Any, method: str, count: int, real: Any) -> None:
    grids = [GRIDS[name].astype(real) for name in ("short", "uneven", "even")[:count]]
    values = generator.standard_normal([len(grid) for grid in grids]).astype(real)
    x = [generator.uniform(grid[0] - 0.4, grid[-1] + 0.4, 40).astype(real) for grid in grids]
    for k in range(count):  # points of the grid, its ends, and no number
        x[k][k : k + 3] = grids[k][0], grids[k][-1], np.nan
    compiled = arc.compile(
        lambda *a: tuple(arc.interpn(a[:count], a[count:-1], a[-1], method=method, outside=o) for o in OUTSIDE)
    )
    for outside, expected in zip(OUTSIDE, compiled(*x, *grids, values), strict=True):
        assert np.isnan(expected).any()
        assert_same_bits(kernels(real).interpn(np.stack(x, -1), grids, values, method, outside), expected)


def test_numpys_bits_and_scipys_curves(kernels: Any) -> None:
    grid = GRIDS["uneven"]
    values = generator.standard_normal(len(grid))
    x = places(grid)
    linear = kernels(np.float64).interp(x, grid, values, "linear", "clamp")
    np.testing.assert_array_equal(linear, np.interp(x, grid, values))
    inside = x[(x >= grid[0]) & (x <= grid[-1])]
    monotone = scipy.interpolate.PchipInterpolator(grid, values)(inside)
    # Slopes are below 1e2, and each value is a sum of four terms of a dozen roundings.
    scale = 50 * np.finfo(float).eps * 1e2
    found = kernels(np.float64).interp(inside, grid, values, "pchip", "clamp")
    np.testing.assert_allclose(found, monotone, rtol=0, atol=scale)
    points = np.stack([generator.uniform(g[0], g[-1], 50) for g in GRIDS.values()], -1)
    table = generator.standard_normal([len(g) for g in GRIDS.values()])
    expected = scipy.interpolate.RegularGridInterpolator(tuple(GRIDS.values()), table)(points)
    four = kernels(np.float64).interpn(points, list(GRIDS.values()), table, "linear", "clamp")
    np.testing.assert_allclose(four, expected, rtol=0, atol=100 * np.finfo(float).eps * np.abs(table).max())


@REALS
def test_grids_are_checked(kernels: Any, real: Any) -> None:
    made = kernels(real)
    axis = made.ffi.new("axis_t *")
    expected = {
        -5: [[], [1.0]],
        -2: [[0.0, 1.0, 1.0], [2.0, 1.0, 0.0]],
        -1: [[0.0, np.nan, 1.0], [0.0, np.inf], [-np.inf, 0.0], [np.nan, 1.0]],
    }
    for status, grids in expected.items():
        for grid in grids:
            assert made.call("arc_axis", len(grid), made.array([*grid, 0.0]), axis) == status
            assert axis.size == 0, "nothing is written"
    assert made.axes(GRIDS["even"])[0].per_unit == pytest.approx(5.0, rel=1e-6)
    assert made.axes(GRIDS["uneven"])[0].per_unit == 0.0
    one = made.array([0.5] * 7)
    for axes in (0, 7):
        assert np.isnan(made.call("arc_interpn_linear", axes, axis, one, 0, one))
    assert np.isnan(made.call("arc_interpn_cubic", 4, axis, one, 0, one))
    assert made.call("arc_interpn_slopes", 4, axis, one) == -5


@pytest.mark.parametrize("suffix", ["f32", "f64"])
@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        ("clang", ["-std=c99", *C_WARNINGS]),
        ("g++", ["-x", "c++", "-std=c++11", *WARNINGS]),
        ("clang++", ["-x", "c++", "-std=c++11", *WARNINGS]),
        ("arm-none-eabi-gcc", ["-mcpu=cortex-m4", "-mthumb", "-std=c99", *C_WARNINGS]),
        (
            "riscv64-unknown-elf-gcc",
            ["-march=rv32imac", "-mabi=ilp32", "--specs=picolibc.specs", "-std=c99", *C_WARNINGS],
        ),
        ("avr-gcc", ["-mmcu=atmega2560", "-std=c99", *C_WARNINGS]),
        ("avr-gcc", ["-mmcu=atmega2560", "-x", "c++", "-std=c++11", *WARNINGS]),
    ],
)
def test_no_compiler_warns(tmp_path: Path, suffix: str, compiler: str, flags: list[str]) -> None:
    for name in closure([f"arc_interp_{suffix}.c"]):
        (tmp_path / name).write_text(text_of(name))
    for source in sorted(tmp_path.glob("*.c")):
        _run([require_tool(compiler), *flags, "-Werror", "-O2", "-c", str(source), "-o", str(tmp_path / "o.o")])
