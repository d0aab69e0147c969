"""`arc.interp`, `arc.interpn` and `np.interp`: values against NumPy and SciPy, derivatives, ends, what is refused."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.interpolate
from arc_codegen.toolchain.flags import C_WARNINGS, WARNINGS
from hypothesis import given, settings
from hypothesis import strategies as st
from toolchains import require_tool

import archimedes as arc
from archimedes.errors import ArcValueError

Compiled = Callable[..., Any]
generator = np.random.default_rng(5)
EPS = float(np.finfo(float).eps)
EVEN = np.linspace(-1.0, 3.0, 21)
UNEVEN = np.cumsum(generator.uniform(0.05, 0.5, 30)) - 2.0
SPECIAL = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1e300, -1e300, 5e-324])


def places(grid: np.ndarray) -> np.ndarray:
    """Between, on, right beside and beyond the points of a grid."""
    around = [grid, np.nextafter(grid, np.inf), np.nextafter(grid, -np.inf)]
    return np.concatenate([*around, np.linspace(grid[0] - 1, grid[-1] + 1, 101), SPECIAL])


@pytest.mark.parametrize(
    "grid", [EVEN, UNEVEN, EVEN[:9], np.array([0.0, 1.0, 1.0, 2.0, 3.0, 3.0, 4, 5, 6, 7, 8])], ids=len
)
def test_np_interp_gives_numpys_bits(compiled: Compiled, grid: np.ndarray) -> None:
    values, x = generator.standard_normal(len(grid)), places(grid)
    for arguments in ({}, {"left": -7.0, "right": 7.0}):
        function = compiled(lambda x, kw=arguments: np.interp(x, grid, values, **kw))
        np.testing.assert_array_equal(function(x), np.interp(x, grid, values, **arguments))
    # With the table a parameter the slope is computed in the run, by the same formula.
    np.testing.assert_array_equal(compiled(np.interp)(x, grid, values), np.interp(x, grid, values))


def test_a_period_wraps_into_a_searched_table() -> None:
    grid, values = np.sort(generator.uniform(0, 1, 12)), generator.standard_normal(12)
    x = np.linspace(-2, 3, 41)
    found = arc.compile(lambda x: np.interp(x, grid, values, period=1.0))(x)
    np.testing.assert_array_equal(found, np.interp(x, grid, values, period=1.0))


@pytest.mark.parametrize("outside", ["clamp", "extrapolate"])
@pytest.mark.parametrize("method", ["linear", "cubic", "pchip"])
@pytest.mark.parametrize("grid", [EVEN, UNEVEN, UNEVEN[:3], UNEVEN[:2]], ids=len)
def test_traced_values_are_those_of_numbers(grid: np.ndarray, method: str, outside: str) -> None:
    """Constant tables to the bit; tables that are parameters up to the rounding of their slopes."""
    values, x = np.sin(grid), places(grid)[:-8]

    def function(x: Any, grid: Any, values: Any) -> Any:
        return arc.interp(x, grid, values, method=method, outside=outside)

    expected = function(x, grid, values)
    fixed = arc.compile(lambda x: function(x, grid, values))
    np.testing.assert_array_equal(fixed(x), expected)
    np.testing.assert_array_equal(arc.compile(lambda x: function(x, grid, values), backend="casadi")(x), expected)
    # Horner's rule of terms below 8 in magnitude, on distances up to 2 where it extrapolates: some 30 roundings of at
    # most (1 + 2 + 4 + 8) * 8 each.
    largest = np.abs(expected).max() + 8 * 15
    np.testing.assert_allclose(arc.compile(function)(x, grid, values), expected, rtol=0, atol=30 * EPS * largest)
    if outside == "clamp":
        np.testing.assert_array_equal(fixed(np.array([-np.inf, np.inf])), values[[0, -1]])
        assert np.isnan(fixed(np.full(2, np.nan))).all()


@pytest.mark.parametrize("grid", [EVEN, UNEVEN], ids=len)
def test_against_scipy(grid: np.ndarray) -> None:
    values = generator.standard_normal(len(grid))
    x = np.linspace(grid[0] - 0.1, grid[-1] + 0.1, 203)
    options = {"outside": "extrapolate"}
    # Sums of four terms, each of a dozen roundings; the polynomials of the ends are the largest, below 1e3 here.
    scale = 50 * EPS * 1e3
    monotone = scipy.interpolate.PchipInterpolator(grid, values)(x)
    np.testing.assert_allclose(arc.interp(x, grid, values, method="pchip", **options), monotone, rtol=0, atol=scale)
    slopes = np.gradient(values, grid, edge_order=2)  # parabolas too
    cubic = scipy.interpolate.CubicHermiteSpline(grid, values, slopes)(x)
    np.testing.assert_allclose(arc.interp(x, grid, values, method="cubic", **options), cubic, rtol=0, atol=scale)
    linear = scipy.interpolate.interp1d(grid, values, fill_value="extrapolate")(x)
    np.testing.assert_allclose(arc.interp(x, grid, values, **options), linear, rtol=0, atol=scale)


def test_quadratics_are_exact_and_monotone_tables_stay_monotone() -> None:
    x = np.linspace(-0.9, 2.9, 77)
    # Coefficients of exact quarters and eighths: only the powers of x round.
    np.testing.assert_allclose(arc.interp(x, EVEN, EVEN**2, method="cubic"), x**2, rtol=0, atol=64 * EPS * 9)
    steps = np.array([0.0, 0.0, 0.0, 1.0, 1.0, 5.0, 5.0])
    dense = arc.interp(np.linspace(0, 6, 400), np.arange(7.0), steps, method="pchip")
    assert (np.diff(dense) >= -8 * EPS).all()
    assert dense.min() == 0.0
    assert dense.max() <= 5.0 + 8 * EPS


@pytest.mark.parametrize("method", ["linear", "cubic", "pchip"])
@pytest.mark.parametrize("outside", ["clamp", "extrapolate"])
def test_derivatives_are_those_of_the_pieces(method: str, outside: str) -> None:
    values = np.cos(2 * UNEVEN)

    def function(x: Any, values: Any) -> Any:
        return np.sum(arc.interp(x, UNEVEN, values, method=method, outside=outside) ** 2)

    # In the middle of intervals: differences across a point see two pieces.
    x = np.concatenate([(UNEVEN[1:] + UNEVEN[:-1]) / 2, [UNEVEN[0] - 0.3, UNEVEN[-1] + 0.3]])
    arc.testing.check_grads(function, (x, values))
    by_x = arc.grad(arc.compile(lambda x: arc.interp(x, UNEVEN, values, method=method, outside=outside)))
    outer = by_x(UNEVEN[0] - 0.5), by_x(UNEVEN[-1] + 0.5)
    assert (outer == (0.0, 0.0)) == (outside == "clamp")
    # At a point: that of the interval to the right, which begins there.
    right = by_x(np.nextafter(UNEVEN[4], 9.0))
    assert by_x(UNEVEN[4]) == pytest.approx(right, abs=1e-12 if method != "linear" else 1e-15)


def test_second_derivatives_of_a_cubic() -> None:
    bend = arc.hess(arc.compile(lambda x: arc.interp(x, EVEN, EVEN**2, method="cubic")))
    # 2, from differences of numbers below 10 divided by steps of 0.2.
    assert bend(0.33) == pytest.approx(2.0, abs=100 * EPS * 10 / 0.2**2)
    assert arc.hess(arc.compile(lambda x: arc.interp(x, EVEN, EVEN**2)))(0.33) == 0.0


GRIDS = (EVEN[:7], UNEVEN[:11], np.array([0.0, 0.5, 2.0, 2.5]))


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_multilinear_against_scipy(axes: int) -> None:
    grids = GRIDS[:axes]
    table = generator.standard_normal([len(grid) for grid in grids])
    points = np.stack([generator.uniform(g[0] - 0.2, g[-1] + 0.2, (4, 6)) for g in grids], axis=-1)
    expected = scipy.interpolate.RegularGridInterpolator(grids, table, bounds_error=False, fill_value=None)(points)
    got = arc.interpn(points, grids, table, outside="extrapolate")
    # Differences of neighbours of up to 6, extended by up to 5 widths along each axis.
    np.testing.assert_allclose(got, expected, rtol=0, atol=100 * EPS * 6 * 10**axes)
    clipped = np.stack([np.clip(points[..., k], g[0], g[-1]) for k, g in enumerate(grids)], axis=-1)
    inside = scipy.interpolate.RegularGridInterpolator(grids, table)(clipped)
    np.testing.assert_allclose(arc.interpn(points, grids, table), inside, rtol=0, atol=100 * EPS * 6)
    traced = arc.compile(lambda p: arc.interpn(p, grids, table))
    np.testing.assert_array_equal(traced(points), arc.interpn(points, grids, table))


@pytest.mark.parametrize("axes", [2, 3])
def test_cubics_of_several_variables_are_products(axes: int) -> None:
    """The table of a product of functions gives the product of their cubics."""
    grids = GRIDS[:axes]
    factors = [np.sin(grid + k) for k, grid in enumerate(grids)]
    table = np.ones(())
    for factor in factors:
        table = np.multiply.outer(table, factor)
    x = [generator.uniform(g[0], g[-1], 40) for g in grids]
    expected = np.prod([arc.interp(c, g, f, method="cubic") for c, g, f in zip(x, grids, factors, strict=True)], axis=0)
    # Sums of 4**axes terms below 4 in magnitude (slopes times widths are below 2).
    np.testing.assert_allclose(arc.interpn(x, grids, table, method="cubic"), expected, rtol=0, atol=4**axes * 8 * EPS)
    traced = arc.compile(lambda *x: arc.interpn(x, grids, table, method="cubic"))
    np.testing.assert_array_equal(traced(*x), arc.interpn(tuple(x), grids, table, method="cubic"))


@pytest.mark.parametrize("method", ["linear", "cubic"])
def test_derivatives_in_several_variables(method: str) -> None:
    grids = GRIDS[:2]
    table = generator.standard_normal((7, 11))

    def function(x: Any, y: Any, table: Any) -> Any:
        return arc.interpn((x, y), grids, table, method=method) ** 2

    arc.testing.check_grads(function, ((grids[0][3] + grids[0][4]) / 2, (grids[1][4] + grids[1][5]) / 2, table))


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_generated_c_searches_once_and_has_no_warning(tmp_path: Path, real: Any) -> None:
    def maps(x: Any, y: Any, rows: Any) -> Any:
        return (
            arc.interp(x, EVEN, EVEN**3, method="cubic"),
            arc.interp(x, UNEVEN, np.sin(UNEVEN)),
            arc.interpn((x, y), GRIDS[:2], np.add.outer(GRIDS[0], GRIDS[1])),
            np.sum(np.interp(rows, UNEVEN, np.cos(UNEVEN))),
        )

    artifact = arc.codegen(maps, (0.5, 0.25, np.zeros(5)), float_type=real, output_dir=tmp_path / "value")
    source = artifact.source.read_text()
    assert source.count("arc_find_even_table_f") == 1  # EVEN
    assert source.count("arc_find_table_f") == 2  # UNEVEN for x and for the rows
    # GRIDS[0], of 7 points, and GRIDS[1], of 11: comparisons but for the first of each.
    assert len(re.findall(r"interval\w* \+= \d;", source)) == 2 + 3
    for source_file in sorted((tmp_path / "value").glob("*.c")):
        for compiler in ("gcc", "clang"):
            for language in (["-std=c99", *C_WARNINGS], ["-x", "c++", "-std=c++11", *WARNINGS]):
                program = {"gcc": "g++", "clang": "clang++"}[compiler] if "c++" in language else compiler
                command = [require_tool(program), *language, "-Werror", "-O2", "-c", "-o", str(tmp_path / "o.o")]
                done = subprocess.run([*command, str(source_file)], capture_output=True, text=True, check=False)
                assert done.returncode == 0, done.stderr
    slope = arc.codegen(
        arc.value_and_grad(lambda x: arc.interp(x, EVEN, EVEN**3, method="cubic")),
        (0.5,),
        name="slope",
        float_type=real,
        output_dir=tmp_path / "slope",
    )
    assert slope.source.read_text().count("arc_find_even_table_f") == 1


def test_for_size_the_only_search_of_a_module_is_in_place_and_several_share_a_function(tmp_path: Path) -> None:
    def source_of(name: str, *grids: np.ndarray) -> str:
        def model(x: Any) -> Any:
            return sum(arc.interp(x, grid, np.sin(grid)) for grid in grids)

        made = arc.codegen(model, (0.5,), name=name, optimize="size", output_dir=tmp_path / name)
        assert made.verify(samples=200, report=False).ok
        return str(made.source.read_text())

    assert "arc_find" not in source_of("one", UNEVEN[:12])
    assert source_of("two", UNEVEN[:12], UNEVEN[:13]).count("arc_find_table_f") == 2


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(9, 40), st.booleans())
def test_random_tables(seed: int, n: int, even: bool) -> None:
    rng = np.random.default_rng(seed)
    grid = (
        np.linspace(*np.sort(rng.normal(size=2) * 10.0 ** rng.integers(-3, 4)), n)
        if even
        else np.sort(rng.normal(size=n))
    )
    values = rng.normal(size=n)
    x = np.concatenate([grid, rng.uniform(grid[0], grid[-1], 40)])
    np.testing.assert_array_equal(_searched(x, grid, values), np.interp(x, grid, values))


def _searched(x: Any, grid: Any, values: Any) -> Any:
    return arc.compile(lambda x: np.interp(x, grid, values), backend="casadi")(x)


class TestRefused:
    def test_grids(self) -> None:
        for grid in ([0.0, 1.0, 1.0], [0.0, np.nan, 1.0], [2.0, 1.0, 0.0], [0.0, 1.0, np.inf]):
            with pytest.raises(ArcValueError, match=r"ARC170.*does not ascend"):
                arc.interp(0.5, grid, np.zeros(3))
        with pytest.raises(ArcValueError, match=r"ARC170.*at least two points"):
            arc.interp(0.5, [1.0], [1.0])
        with pytest.raises(ArcValueError, match=r"ARC170.*values of shape \(3,\) on grids of \(2,\)"):
            arc.interp(0.5, [0.0, 1.0], np.zeros(3))
        with pytest.raises(ArcValueError, match=r"ARC170.*grid 1 does not ascend"):
            arc.interpn((0.5, 0.5), ([0.0, 1.0], [1.0, 0.0]), np.zeros((2, 2)))
        with pytest.raises(ArcValueError, match=r"ARC170.*points of shape \(3,\) for 2 grids"):
            arc.interpn(np.zeros(3), ([0.0, 1.0], [0.0, 1.0]), np.zeros((2, 2)))

    def test_choices(self) -> None:
        with pytest.raises(ArcValueError, match=r"ARC171.*method='spline'[\s\S]*'linear' or 'cubic' or 'pchip'"):
            arc.interp(0.5, [0.0, 1.0], [0.0, 1.0], method="spline")
        with pytest.raises(ArcValueError, match=r"ARC171.*outside='nan'"):
            arc.interp(0.5, [0.0, 1.0], [0.0, 1.0], outside="nan")
        with pytest.raises(ArcValueError, match=r"ARC171.*4 axes, at most 3"):
            arc.interpn((0.5,) * 4, ([0.0, 1.0],) * 4, np.zeros((2,) * 4), method="cubic")

    def test_the_users_line_is_named(self) -> None:
        def model(x: Any) -> Any:
            return arc.interp(x, [1.0, 0.0], [0.0, 1.0])

        with pytest.raises(ArcValueError, match=r"test_interpolation.py:\d+"):
            arc.compile(model)(0.5)
