"""`arc.linalg` and Cholesky factors in traces: values, derivatives, what is generated, what fails."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcValueError
from archimedes.host.status import NotPositiveDefiniteError

Compiled = Callable[..., Any]
generator = np.random.default_rng(3)
EPS = float(np.finfo(float).eps)
BACKWARD = 1000 * EPS
"""Conditions below 10, n at most 6: n * condition * a few eps."""


def definite(n: int) -> np.ndarray:
    m = generator.uniform(-1, 1, (n, n))
    return m @ m.T / n + np.eye(n)


@pytest.mark.parametrize("n", [1, 2, 4, 6])
def test_definite_and_triangular_systems(compiled: Compiled, n: int) -> None:
    a = definite(n)
    for b in (generator.normal(size=n), generator.normal(size=(n, 3))):
        expected = np.linalg.solve(a, b)
        for assume in ("gen", "pos"):
            found = compiled(lambda a, b, assume=assume: arc.linalg.solve(a, b, assume=assume))(a, b)
            np.testing.assert_allclose(found, expected, rtol=BACKWARD, atol=BACKWARD)
            np.testing.assert_allclose(arc.linalg.solve(a, b, assume=assume), expected, rtol=BACKWARD, atol=BACKWARD)
        for lower in (False, True):
            for transposed in (False, True):
                options = {"lower": lower, "transposed": transposed}
                found = compiled(lambda a, b, kw=options: arc.linalg.solve_triangular(a, b, **kw))(a, b)
                np.testing.assert_allclose(
                    found, arc.linalg.solve_triangular(a, b, **options), rtol=BACKWARD, atol=BACKWARD
                )


def test_stacks() -> None:
    stack = np.stack([definite(3) for _ in range(4)])
    b = generator.normal(size=(4, 3, 2))
    found = arc.compile(lambda a, b: arc.linalg.solve(a, b, assume="pos"))(stack, b)
    np.testing.assert_allclose(found, np.linalg.solve(stack, b), rtol=BACKWARD, atol=BACKWARD)


@pytest.mark.parametrize(
    "function",
    [
        lambda a, b: np.linalg.cholesky(a @ a.T + np.eye(3)) @ b,
        lambda a, b: arc.linalg.solve(a @ a.T + np.eye(3), b, assume="pos"),
        lambda a, b: arc.linalg.solve_triangular(a + 3 * np.eye(3), b),
        lambda a, b: arc.linalg.solve_triangular(a + 3 * np.eye(3), b, lower=True, transposed=True),
        lambda a, b: np.sum(np.log(np.diagonal(np.linalg.cholesky(a @ a.T + np.eye(3))))) * b,
    ],
)
def test_derivatives(function: Any) -> None:
    arc.testing.check_grads(function, (generator.uniform(-1, 1, (3, 3)), generator.uniform(-1, 1, (3, 2))))


def test_the_gradient_of_the_log_determinant_is_the_inverse() -> None:
    a = definite(5)
    gradient = arc.grad(arc.compile(lambda a: 2 * np.sum(np.log(np.diagonal(np.linalg.cholesky(a))))))(a)
    inverse = np.linalg.inv(a)
    # The lower triangle is read, so that its elements stand for two of the matrix each.
    folded = np.tril(inverse) + np.tril(inverse, -1)
    np.testing.assert_allclose(gradient, folded, rtol=0, atol=BACKWARD)


@pytest.mark.parametrize("n", [1, 3])
def test_matrices_that_are_not_definite(compiled: Compiled, n: int, capfd: pytest.CaptureFixture[str]) -> None:
    for function in (np.linalg.cholesky, lambda a: arc.linalg.solve(a, np.ones(n), assume="pos")):
        for bad in (-np.eye(n), np.zeros((n, n)), np.full((n, n), np.nan)):
            with pytest.raises(np.linalg.LinAlgError, match="ARC782") as caught:
                compiled(function)(bad)
            assert type(caught.value) is NotPositiveDefiniteError
        compiled(function)(np.eye(n))
    with pytest.raises(np.linalg.LinAlgError, match="ARC781"):
        compiled(arc.linalg.solve_triangular)(np.zeros((n, n)), np.ones(n))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("real", [np.float32, np.float64])
def test_generated_c_factors_once(tmp_path: Path, real: Any) -> None:
    def whiten(a: Any, x: Any, y: Any) -> Any:
        factor = np.linalg.cholesky(a)
        return arc.linalg.solve_triangular(factor, x, lower=True), arc.linalg.solve(a, y, assume="pos")

    artifact = arc.codegen(whiten, (np.eye(6), np.ones(6), np.ones((6, 2))), float_type=real, output_dir=tmp_path)
    source, header = artifact.source.read_text(), artifact.header.read_text()
    assert source.count("arc_cholesky_factor_f") == 1
    assert "@retval ARC_ERROR_NOT_POSITIVE_DEFINITE a matrix is not positive definite" in header
    assert "<math.h>" not in source
    a, x, y = definite(6), generator.normal(size=6), generator.normal(size=(6, 2))
    found = artifact.library().function("whiten")(a.astype(real), x.astype(real), y.astype(real))
    tolerance = BACKWARD * float(np.finfo(real).eps) / EPS
    np.testing.assert_allclose(found[0], np.linalg.solve(np.linalg.cholesky(a), x), rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found[1], np.linalg.solve(a, y), rtol=tolerance, atol=tolerance)


def test_refused() -> None:
    with pytest.raises(ArcValueError, match=r"ARC172.*assume='sym'"):
        arc.linalg.solve(np.eye(2), np.ones(2), assume="sym")
    with pytest.raises(ArcValueError, match=r"arc.linalg.solve_triangular.*must be square"):
        arc.compile(arc.linalg.solve_triangular)(np.ones((2, 3)), np.ones(2))
