"""QR factors and least squares in traces: NumPy's values and signs, derivatives, what is refused; SciPy's functions."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.linalg

import archimedes as arc
from archimedes.errors import ArcTypeError, ArcValueError

Compiled = Callable[..., Any]
generator = np.random.default_rng(11)
EPS = float(np.finfo(float).eps)
SHAPES = [(1, 1), (3, 1), (2, 2), (4, 3), (5, 5), (9, 4)]
TOLERANCE = 100 * EPS
"""Higham, 2nd ed., theorem 19.4: a few m n u; the conditions are those of random matrices of this seed, below 20."""


def well_conditioned(m: int, n: int) -> np.ndarray:
    return generator.uniform(-1, 1, (m, n)) + 3 * np.eye(m, n)


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_factors_are_numpys_with_their_signs(compiled: Compiled, m: int, n: int) -> None:
    factor = compiled(np.linalg.qr)
    a = well_conditioned(m, n)
    for matrix in (a, -a, np.triu(a), -np.triu(a), np.eye(m, n), np.zeros((m, n)), a * np.arange(n)):
        found, expected = factor(matrix), np.linalg.qr(matrix)
        for got, wanted in zip(found, expected, strict=True):
            np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE * max(1.0, float(np.abs(matrix).max())))
        assert np.array_equal(np.tril(found[1], -1), np.zeros((n, n)))
    np.testing.assert_array_equal(compiled(lambda a: arc.linalg.qr(a, mode="r"))(a), factor(a)[1])
    np.testing.assert_array_equal(arc.linalg.qr(a, mode="r"), np.linalg.qr(a, mode="r"))


@pytest.mark.parametrize(("m", "n"), SHAPES)
def test_solutions_are_numpys(compiled: Compiled, m: int, n: int) -> None:
    a = well_conditioned(m, n)
    for b in (generator.normal(size=m), generator.normal(size=(m, 3))):
        expected, residuals, rank, _ = np.linalg.lstsq(a, b)
        np.testing.assert_allclose(compiled(arc.linalg.lstsq)(a, b), expected, rtol=0, atol=TOLERANCE)
        np.testing.assert_allclose(arc.linalg.lstsq(a, b), expected, rtol=0, atol=TOLERANCE)

        def all_of_it(a: Any, b: Any) -> Any:
            x, left, found, _ = np.linalg.lstsq(a, b, rcond=None)
            return x, left, found

        got = compiled(all_of_it)(a, b)
        np.testing.assert_allclose(got[0], expected, rtol=0, atol=TOLERANCE)
        assert np.shape(got[1]) == np.shape(residuals)
        np.testing.assert_allclose(got[1], residuals, rtol=TOLERANCE, atol=TOLERANCE)
        assert got[2] == rank == n


def test_derivatives() -> None:
    a, b = well_conditioned(4, 2), generator.normal(size=4)
    for matrix in (a, np.triu(a)):  # of the latter the factors jump, but not the solution
        arc.testing.check_grads(arc.linalg.lstsq, (matrix, b), order=1)
    arc.testing.check_grads(lambda a: tuple(np.linalg.qr(a)), (a,), order=1)
    arc.testing.check_grads(lambda a: np.linalg.lstsq(a, b)[1], (a,), order=1)
    arc.testing.check_grads(lambda a: np.linalg.qr(a, mode="r"), (a[:2],), order=1)
    arc.testing.check_grads(lambda a: arc.linalg.lstsq(a, b), (a[:, :1],), order=2)


def test_the_derivative_of_a_solution_is_golubs_and_pereyras() -> None:
    a, b = well_conditioned(6, 3), generator.normal(size=6)
    pseudo, x = np.linalg.pinv(a), np.linalg.lstsq(a, b)[0]
    residual = b - a @ x
    normal = np.linalg.inv(a.T @ a)
    by_matrix, by_right = arc.jac(arc.linalg.lstsq, argnums=(0, 1))(a, b)
    # dx = pinv(A) (db - dA x) + inv(A'A) dA' (b - A x): Golub and Pereyra, 1973, for a matrix of full rank.
    expected = -np.einsum("ki,j->kij", pseudo, x) + np.einsum("kj,i->kij", normal, residual)
    np.testing.assert_allclose(by_matrix, expected, rtol=0, atol=100 * TOLERANCE)
    np.testing.assert_allclose(by_right, pseudo, rtol=0, atol=TOLERANCE)


def test_columns_that_depend_on_each_other(compiled: Compiled) -> None:
    for a in (np.zeros((3, 2)), np.eye(3, 2) * [1.0, 0.0]):
        with pytest.raises(np.linalg.LinAlgError, match="ARC781"):
            compiled(arc.linalg.lstsq)(a, np.ones(3))
    with pytest.raises(np.linalg.LinAlgError, match="2 columns has rank 1"):
        arc.linalg.lstsq(np.ones((3, 2)), np.ones(3))


def test_generated_c(tmp_path: Path) -> None:
    """A line through points that are known in the run: float32 C, no library."""

    def fitted_line(t: Any, y: Any) -> Any:
        return arc.linalg.lstsq(np.stack([np.ones_like(t), t], axis=1), y)

    artifact = arc.codegen(fitted_line, (arc.f32[6], arc.f32[6]), output_dir=tmp_path)
    assert "arc_status_t fitted_line(" in artifact.header.read_text()
    t = np.arange(6, dtype=np.float32)
    found = artifact.library().function("fitted_line")(t, 0.5 + 2.0 * t)
    # Conditions of 1, t at six points are below 10: n m condition u with m = 6, n = 2.
    np.testing.assert_allclose(found, [0.5, 2.0], rtol=0, atol=12 * 10 * 2.0**-24 * 10.5)
    with pytest.raises(np.linalg.LinAlgError, match="ARC781"):
        artifact.library().function("fitted_line")(0 * t, t)


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda a: np.linalg.qr(a.T), r"ARC173.*at least as many rows as columns, got shape \(2, 3\)"),
        (lambda a: np.linalg.qr(a, mode="complete"), r"ARC173.*mode='complete'"),
        (lambda a: np.linalg.lstsq(a, a[:, 0], rcond=0.1), r"ARC173.*rcond=0.1"),
        (lambda a: arc.linalg.lstsq(a, np.ones(2)), r"ARC152.*\(3, 2\).*\(2,\) do not fit"),
        (lambda a: np.linalg.qr(np.stack([a, a])), r"ARC152.*one matrix is factored, got shape \(2, 3, 2\)"),
        (lambda a: np.linalg.qr(np.tile(a, (20, 20))), r"ARC173.*40 columns"),
    ],
)
def test_refused(function: Any, words: str) -> None:
    with pytest.raises(ArcValueError, match=words):
        arc.compile(function)(np.ones((3, 2)))


def test_singular_values_are_not_traced() -> None:
    for use in (lambda s: s[0], np.max, lambda s: 2.0 * s, lambda s: s / 3.0, len):
        with pytest.raises(ArcTypeError, match="ARC174"):
            arc.compile(lambda a, use=use: use(np.linalg.lstsq(a, a[:, 0])[3]))(np.ones((3, 2)))


@pytest.mark.parametrize(
    ("name", "arguments", "instead"),
    [
        ("cholesky", (), "use arc.linalg.cholesky"),
        ("cho_factor", (), "use arc.linalg.cho_factor"),
        ("solve_triangular", (np.ones(2),), "use arc.linalg.solve_triangular"),
        ("solve", (np.ones(2),), "use arc.linalg.solve"),
        ("lstsq", (np.ones(2),), "use arc.linalg.lstsq"),
        ("qr", (), "use arc.linalg.qr"),
        ("inv", (), "use np.linalg.inv"),
        ("det", (), "use np.linalg.det"),
        ("norm", (), "use np.linalg.norm"),
        ("expm", (), "those of arc.linalg"),
    ],
)
def test_functions_of_scipy_name_what_to_use(name: str, arguments: tuple[Any, ...], instead: str) -> None:
    def user(a: Any) -> Any:
        return getattr(scipy.linalg, name)(a, *arguments)

    with pytest.raises(ArcTypeError) as caught:
        arc.compile(user)(np.eye(2))
    assert f"[ARC175] {__file__}:" in str(caught.value)
    assert f"scipy.linalg.{name} computes with numbers" in str(caught.value)
    assert instead in str(caught.value)


def test_cholesky_as_in_scipy(compiled: Compiled) -> None:
    a, b = well_conditioned(4, 4), generator.normal(size=(4, 2))
    a = a @ a.T

    def solved(a: Any, b: Any) -> Any:
        return arc.linalg.cho_solve(arc.linalg.cho_factor(a), b)

    expected = scipy.linalg.cho_solve(scipy.linalg.cho_factor(a), b)
    for function in (solved, compiled(solved)):
        np.testing.assert_allclose(function(a, b), expected, rtol=0, atol=TOLERANCE)
    with pytest.raises(ArcTypeError, match=r"scipy.linalg.cho_solve.*(\n.*)*use arc.linalg.cho_solve"):
        arc.compile(lambda a, b: scipy.linalg.cho_solve((a, True), b))(a, b)
