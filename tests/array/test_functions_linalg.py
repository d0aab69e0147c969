"""Linear algebra: values against LAPACK, derivatives against differences, limits as errors."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced_calls import Traced, check, gradient_of, hessian_of

from archimedes.array.functions_linalg import BATCH_LIMIT
from archimedes.errors import ArcError

generator = np.random.default_rng(11)
EPS = float(np.finfo(float).eps)


def well_conditioned(n: int) -> np.ndarray:
    """Diagonally dominant: condition number below 10 for all sizes used here."""
    return generator.uniform(-1.0, 1.0, (n, n)) / n + 2 * np.eye(n)[generator.permutation(n)]


def positive_definite(n: int) -> np.ndarray:
    m = generator.uniform(-1.0, 1.0, (n, n))
    return m @ m.T / n + np.eye(n)


BACKWARD = 1000 * EPS
"""LU and Cholesky are backward stable: error at most about n * growth * condition * eps, here 8 * 4 * 10 at most."""


@pytest.mark.parametrize("n", [1, 2, 3, 4, 8])
def test_solve_inv_det(n: int) -> None:
    a = well_conditioned(n)
    b = generator.standard_normal((n, 3))
    check(np.linalg.solve, a, b, rtol=BACKWARD, gradient=True)
    check(np.linalg.solve, a, b[:, 0].copy(), rtol=BACKWARD, gradient=True)
    check(np.linalg.solve, a.T.copy(), b, rtol=BACKWARD)
    check(np.linalg.inv, a, rtol=BACKWARD, gradient=True)
    check(np.linalg.det, a, rtol=BACKWARD, gradient=True)
    check(lambda b: np.linalg.solve(a, b), b, rtol=BACKWARD, gradient=True)
    check(lambda a: np.linalg.solve(a, b), a, rtol=BACKWARD, gradient=True)


def test_solve_takes_one_node() -> None:
    a, b = well_conditioned(30), generator.standard_normal(30)
    assert Traced(np.linalg.solve, a, b).function.n_instructions() <= 6


def test_stacks_are_unrolled() -> None:
    stack = np.stack([well_conditioned(3) for _ in range(4)]).reshape(2, 2, 3, 3)
    b = generator.standard_normal((2, 3, 2))
    check(np.linalg.solve, stack, b, rtol=BACKWARD, gradient=True)
    check(np.linalg.solve, stack, b[0, :, 0].copy(), rtol=BACKWARD)
    check(np.linalg.inv, stack, rtol=BACKWARD)
    check(np.linalg.det, stack, rtol=BACKWARD, gradient=True)
    check(np.linalg.cholesky, stack @ np.swapaxes(stack, -1, -2), rtol=BACKWARD)
    check(np.linalg.pinv, stack[..., :2].copy(), rtol=100 * BACKWARD)
    with pytest.raises(ArcError, match=rf"ARC155.*{BATCH_LIMIT + 1} matrices"):
        Traced(np.linalg.inv, np.zeros((BATCH_LIMIT + 1, 2, 2)))


def test_integer_matrices_give_reals() -> None:
    a = np.array([[2, 1], [1, 3]])
    check(np.linalg.inv, a, rtol=BACKWARD)
    check(np.linalg.solve, a, np.array([1, 2]), rtol=BACKWARD)
    check(np.linalg.det, a, rtol=BACKWARD)
    check(np.linalg.norm, a, rtol=BACKWARD)


@pytest.mark.parametrize("n", [1, 3, 5])
def test_slogdet(n: int) -> None:
    check(np.linalg.slogdet, -well_conditioned(n), rtol=BACKWARD, atol=BACKWARD, gradient=True)
    check(lambda a: np.linalg.slogdet(a).logabsdet, well_conditioned(n), rtol=BACKWARD, atol=BACKWARD)


def test_determinant_of_permutations_has_the_right_sign() -> None:
    for permutation in ([0, 1, 2, 3, 4], [1, 0, 2, 3, 4], [4, 3, 2, 1, 0], [1, 2, 3, 4, 0]):
        check(np.linalg.det, np.eye(5)[permutation] * 2, rtol=BACKWARD)


def test_derivative_of_determinant_at_singular_matrix() -> None:
    a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [1.0, 0.0, 1.0]])
    cofactors = np.array([[4.0, 4.0, -4.0], [-2.0, -2.0, 2.0], [0.0, 0.0, 0.0]])
    assert np.array_equal(gradient_of(np.linalg.det, a), cofactors)


def test_second_derivatives_of_solve() -> None:
    """Hessian of b' inv(A) b in A by differences of the gradient."""
    a, b = well_conditioned(3), np.array([1.0, -2.0, 0.5])

    def energy(a: np.ndarray) -> np.ndarray:
        return b @ np.linalg.solve(a, b)

    hessian = hessian_of(energy, a)
    step = 2.0**-18
    for k in range(9):
        shift = np.zeros(9)
        shift[k] = step
        column = gradient_of(energy, a + shift.reshape(3, 3)) - gradient_of(energy, a - shift.reshape(3, 3))
        # The differences carry h**2 of truncation and eps / h of rounding, both about 1e-10.
        np.testing.assert_allclose(hessian[:, k], column.ravel() / (2 * step), atol=1e-7)


@pytest.mark.parametrize("n", [1, 2, 5, 9])
def test_cholesky(n: int) -> None:
    a = positive_definite(n)
    check(np.linalg.cholesky, a, rtol=BACKWARD, gradient=True)
    check(lambda a: np.linalg.cholesky(a, upper=True), a, rtol=BACKWARD, gradient=True)
    spoiled = a + np.triu(np.full((n, n), 100.0), 1)
    check(np.linalg.cholesky, spoiled, rtol=BACKWARD)  # the upper triangle is not read


def test_cholesky_takes_one_node() -> None:
    assert Traced(np.linalg.cholesky, np.eye(100)).function.n_instructions() <= 6


def test_pinv_of_full_rank() -> None:
    tall = generator.standard_normal((6, 3))
    # Normal equations square the condition number, which is below 10 here.
    check(np.linalg.pinv, tall, rtol=10 * BACKWARD, gradient=True)
    check(np.linalg.pinv, tall.T.copy(), rtol=10 * BACKWARD, gradient=True)
    with pytest.raises(ArcError, match="'rcond'"):
        Traced(lambda a: np.linalg.pinv(a, rcond=1e-3), tall)


@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 7])
def test_matrix_power(n: int) -> None:
    check(lambda a: np.linalg.matrix_power(a, n), well_conditioned(4) / 2, rtol=100 * BACKWARD, gradient=n != 0)
    if n >= 0:
        check(lambda a: np.linalg.matrix_power(a, n), np.array([[1, 2], [0, 1]]))


def test_multi_dot() -> None:
    a, b, c = (generator.standard_normal(s) for s in ((2, 9), (9, 3), (3, 7)))
    check(lambda *xs: np.linalg.multi_dot(xs), a, b, c, rtol=BACKWARD, gradient=True)
    check(lambda *xs: np.linalg.multi_dot(xs), a[0].copy(), b, c[:, 0].copy(), rtol=BACKWARD)


VECTOR_ORDERS = [None, 1, 2, 3, 0.5, -1, np.inf, -np.inf, 0]
MATRIX_ORDERS = [None, "fro", 1, -1, np.inf, -np.inf]
X = generator.standard_normal((3, 4)) * 2
T = generator.standard_normal((2, 3, 4))


@pytest.mark.parametrize("order", VECTOR_ORDERS)
def test_vector_norms(order: float | None) -> None:
    smooth = order != 0
    check(lambda x: np.linalg.norm(x, order), X[0].copy(), rtol=BACKWARD, gradient=smooth)
    check(lambda x: np.linalg.norm(x, order, axis=0), X, rtol=BACKWARD, gradient=smooth)
    check(lambda x: np.linalg.norm(x, order, axis=-1, keepdims=True), X, rtol=BACKWARD, gradient=smooth)
    if order is not None:
        check(lambda x: np.linalg.vector_norm(x, ord=order, axis=(0, 2), keepdims=True), T, rtol=BACKWARD)


@pytest.mark.parametrize("order", MATRIX_ORDERS)
def test_matrix_norms(order: object) -> None:
    check(lambda x: np.linalg.norm(x, order), X, rtol=BACKWARD, gradient=True)
    check(lambda x: np.linalg.norm(x, order, keepdims=True), X, rtol=BACKWARD)
    if order is not None:
        check(lambda x: np.linalg.matrix_norm(x, ord=order), T, rtol=BACKWARD)


@pytest.mark.parametrize("order", MATRIX_ORDERS)
@pytest.mark.parametrize("axes", [(0, 1), (2, 0), (-1, 1)])
def test_matrix_norms_over_axes(order: object, axes: tuple[int, int]) -> None:
    check(lambda x: np.linalg.norm(x, order, axis=axes), T, rtol=BACKWARD, gradient=True)
    check(lambda x: np.linalg.norm(x, order, axis=axes, keepdims=True), T, rtol=BACKWARD)


def test_norm_of_any_rank_and_special_values() -> None:
    check(np.linalg.norm, T, rtol=BACKWARD, gradient=True)
    check(np.linalg.norm, np.array([3.0, np.nan]))
    check(np.linalg.norm, np.array([3.0, -np.inf]))
    check(np.linalg.norm, np.zeros(3))


@pytest.mark.parametrize("order", [None, 2, 1, np.inf, 3])
def test_norm_at_origin_has_derivative_zero(order: float | None) -> None:
    origin = np.zeros(3)
    assert np.array_equal(gradient_of(lambda x: np.linalg.norm(x, order), origin), origin)
    if order in (None, 2):
        assert np.array_equal(hessian_of(np.linalg.norm, origin), np.zeros((3, 3)))
        # NaN in the argument is not hidden.
        assert np.all(np.isnan(gradient_of(np.linalg.norm, np.array([np.nan, 1.0]))))


def test_second_derivative_of_norm_away_from_origin() -> None:
    x = np.array([3.0, 4.0, 12.0])
    # The projection onto the complement of x, divided by the norm; a few roundings of numbers below 1.
    expected = (np.eye(3) - np.outer(x, x) / 169) / 13
    np.testing.assert_allclose(hessian_of(np.linalg.norm, x), expected, rtol=0, atol=8 * EPS)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 6), st.integers(1, 3))
def test_solve_of_random_systems(seed: int, n: int, columns: int) -> None:
    rng = np.random.default_rng(seed)
    a = rng.uniform(-1, 1, (n, n)) / n + 2 * np.eye(n)[rng.permutation(n)]
    check(np.linalg.solve, a, rng.standard_normal((n, columns)), rtol=BACKWARD)


def test_errors() -> None:
    for function in (np.linalg.inv, np.linalg.det, np.linalg.cholesky):
        with pytest.raises(ArcError, match=r"must be square, got shape \(3, 4\)"):
            Traced(function, X)
    with pytest.raises(ArcError, match="do not fit"):
        Traced(np.linalg.solve, np.eye(3), np.ones(4))
    with pytest.raises(ArcError, match=r"ARC157.*'nuc'"):
        Traced(lambda x: np.linalg.norm(x, "nuc"), X)
    with pytest.raises(ArcError, match="exponent must be a known integer"):
        Traced(lambda a: np.linalg.matrix_power(a, 1.5), np.eye(2))
    with pytest.raises(ArcError, match="cannot be traced"):
        Traced(np.linalg.svd, X)
