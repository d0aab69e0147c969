"""The reference kernels: their documented order element by element, and their accuracy against NumPy's LAPACK."""

from __future__ import annotations

import numpy as np
import pytest
from arc_codegen.ir.builder import GraphBuilder
from arc_codegen.ir.interp import interpret
from arc_codegen.ir.kernels import lu_det, lu_factor, lu_solve
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array

REALS = pytest.mark.parametrize("real", [np.float32, np.float64])


def factor(a: Array) -> tuple[Array, Array]:
    factors, pivot = a.copy(), np.zeros(len(a), np.int32)
    lu_factor(factors, pivot)
    return factors, pivot


def by_the_book(a: Array, x: Array) -> tuple[Array, list[int], Array, Array]:
    """Factors, pivots, solution and determinant by the documented scalar steps, one after the other."""
    n, m = x.shape
    a, x = a.copy(), x.copy()
    pivot = []
    for k in range(n):
        p = k
        for i in range(k + 1, n):
            if abs(a[i, k]) > abs(a[p, k]):
                p = i
        pivot.append(p)
        for j in range(n):
            a[k, j], a[p, j] = a[p, j], a[k, j]
        for i in range(k + 1, n):
            if a[k, k] != 0:
                a[i, k] = a[i, k] / a[k, k]
            for j in range(k + 1, n):
                a[i, j] = a[i, j] - a[i, k] * a[k, j]
    for c in range(m):
        for k in range(n):
            x[k, c], x[pivot[k], c] = x[pivot[k], c], x[k, c]
        for i in range(n):
            for k in range(i):
                x[i, c] = x[i, c] - a[i, k] * x[k, c]
        for i in reversed(range(n)):
            for k in range(i + 1, n):
                x[i, c] = x[i, c] - a[i, k] * x[k, c]
            x[i, c] = x[i, c] / a[i, i]
    det = a.dtype.type(1)
    for k in range(n):
        det = det * a[k, k]
    for k in range(n):
        if pivot[k] != k:
            det = -det
    return a, pivot, x, np.asarray(det)


def doolittle(a: Array) -> Array:
    """L and U row by row (the other classical loop order), on rows permuted before."""
    a = a.copy()
    n = len(a)
    for i in range(n):
        for j in range(n):
            for k in range(min(i, j)):
                a[i, j] = a[i, j] - a[i, k] * a[k, j]
            if j < i:
                a[i, j] = a[i, j] / a[j, j]
    return a


def matrices(real: type) -> list[Array]:
    rng = np.random.default_rng(8)
    found = [rng.normal(size=(n, n)) for n in (0, 1, 2, 3, 7, 12)]
    found += [np.zeros((3, 3)), np.ones((3, 3)), np.eye(4)[::-1], np.array([[1.0, -1.0], [-1.0, 1.0]])]
    found += [rng.choice([0.0, -0.0, 1.0, -1.0, np.inf, np.nan, 1e30], (4, 4)) for _ in range(20)]
    return [matrix.astype(real) for matrix in found]


@REALS
def test_the_documented_order_bit_for_bit(real: type) -> None:
    rng = np.random.default_rng(9)
    for a in matrices(real):
        right = rng.normal(size=(len(a), 3)).astype(real)
        with np.errstate(all="ignore"):
            book = by_the_book(a, right)
        factors, pivot = factor(a)
        x = right.copy()
        lu_solve(factors, pivot, x)
        assert_bits_equal([factors, x, lu_det(factors, pivot)], [book[0], book[2], book[3]])
        assert pivot.tolist() == book[1]


@REALS
def test_row_by_row_doolittle_gives_the_same_bits(real: type) -> None:
    for n in (1, 2, 5, 9):
        a = np.random.default_rng(n).normal(size=(n, n)).astype(real)
        factors, pivot = factor(a)
        permuted = a.copy()
        for k, p in enumerate(pivot):
            permuted[[k, p]] = permuted[[p, k]]
        assert_bits_equal([doolittle(permuted)], [factors])


@REALS
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_backward_error_is_within_the_bound_of_the_algorithm(n: int, real: type) -> None:
    rng = np.random.default_rng(n)
    a = rng.normal(size=(n, n)).astype(real)
    right = rng.normal(size=(n, 2)).astype(real)
    factors, pivot = factor(a)
    x = right.copy()
    lu_solve(factors, pivot, x)
    permuted, right_permuted = a.astype(np.longdouble), right.astype(np.longdouble)
    for k, p in enumerate(pivot):
        permuted[[k, p]] = permuted[[p, k]]
        right_permuted[[k, p]] = right_permuted[[p, k]]
    # Higham, Accuracy and Stability of Numerical Algorithms, 2nd ed., theorem 9.4: (PA + E) x = Pb with
    # |E| <= gamma_3n |L||U|, gamma_k = k u / (1 - k u).
    u = np.finfo(real).eps / 2
    gamma = 3 * n * u / (1 - 3 * n * u)
    lower, upper = np.abs(np.tril(factors, -1) + np.eye(n)), np.abs(np.triu(factors))
    residual = np.abs(permuted @ x.astype(np.longdouble) - right_permuted)
    assert (residual <= gamma * (lower @ upper) @ np.abs(x)).all()


@REALS
@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_against_numpy(n: int, real: type) -> None:
    rng = np.random.default_rng(100 + n)
    a = rng.normal(size=(n, n)).astype(real)
    right = rng.normal(size=(n, 2)).astype(real)
    factors, pivot = factor(a)
    x = right.copy()
    lu_solve(factors, pivot, x)
    # The same theorem for both solutions, in the norm: each is off by at most cond * gamma_3n * || |L||U| || / ||A||.
    u = np.finfo(real).eps / 2
    gamma = 3 * n * u / (1 - 3 * n * u)
    exact = a.astype(np.float64)
    lower, upper = np.abs(np.tril(factors, -1) + np.eye(n)), np.abs(np.triu(factors))
    spread = float(np.linalg.norm(np.linalg.inv(exact), np.inf) * np.linalg.norm(lower @ upper, np.inf))
    expected = np.linalg.solve(exact, right.astype(np.float64))
    bound = 2 * gamma * spread * np.abs(x).max()
    assert np.abs(x - expected).max() <= bound
    # det(PA) = prod(u_kk) of a matrix off by E: relative change at most trace(|A^-1||E|) to first order, and the n
    # roundings of the product.
    relative = 2 * n * gamma * spread + n * u
    np.testing.assert_allclose(lu_det(factors, pivot), np.linalg.det(exact), rtol=relative)


@REALS
def test_exact_on_small_integers(real: type) -> None:
    a = np.array([[2, 1, 0], [4, 4, 1], [0, 2, 8]], real)
    factors, pivot = factor(a)
    x = (a @ np.array([[1], [2], [3]], real)).copy()
    lu_solve(factors, pivot, x)
    assert_bits_equal([x, lu_det(factors, pivot)], [np.array([[1], [2], [3]], real), np.array(28, real)])


class TestPivoting:
    def test_first_of_equals(self) -> None:
        _, pivot = factor(np.array([[1.0, 2.0], [-1.0, 3.0]]))
        assert pivot.tolist() == [0, 1]

    def test_largest_absolute_value(self) -> None:
        _, pivot = factor(np.array([[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [-3.0, 0.0, 1.0]]))
        assert pivot.tolist()[0] == 2

    def test_nan_is_never_chosen_over_a_number_and_never_left(self) -> None:
        _, below = factor(np.array([[1.0, 0.0], [np.nan, 1.0]]))
        _, on = factor(np.array([[np.nan, 0.0], [5.0, 1.0]]))
        assert (below[0], on[0]) == (0, 0)

    def test_swaps_move_whole_rows(self) -> None:
        a = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 7.0], [4.0, 1.0, 1.0]])
        factors, pivot = factor(a)
        lower, upper = np.tril(factors, -1) + np.eye(3), np.triu(factors)
        permuted = a.copy()
        for k, p in enumerate(pivot):
            permuted[[k, p]] = permuted[[p, k]]
        np.testing.assert_array_equal(lower @ upper, permuted)

    def test_sign_of_the_determinant(self) -> None:
        for order, sign in [([0, 1, 2], 1), ([1, 0, 2], -1), ([1, 2, 0], 1)]:
            factors, pivot = factor(np.eye(3)[order])
            assert lu_det(factors, pivot) == sign

    def test_a_zero_pivot_is_a_status_and_a_determinant_of_zero(self) -> None:
        for matrix in (np.zeros((2, 2)), np.ones((3, 3)), np.array([[1.0, 2.0], [2.0, 4.0]]), np.zeros((1, 1))):
            factors, pivot = matrix.copy(), np.zeros(len(matrix), np.int32)
            assert lu_factor(factors, pivot) is Status.SINGULAR
            assert lu_det(factors, pivot) == 0.0
            x = np.ones((len(matrix), 1))
            lu_solve(factors, pivot, x)
            assert not np.isfinite(x).all()

    def test_a_matrix_with_nan_or_infinity_is_not_called_singular(self) -> None:
        for matrix in ([[np.nan, 1.0], [1.0, 1.0]], [[0.0, 1.0], [np.nan, 1.0]], [[np.inf, 1.0], [1.0, 1.0]]):
            factors, pivot = np.array(matrix), np.zeros(2, np.int32)
            status = lu_factor(factors, pivot)
            # A NaN below a zero pivot is kept: it comes out of the determinant.
            assert status is Status.OK or np.isnan(lu_det(factors, pivot))

    def test_empty(self) -> None:
        assert lu_det(*factor(np.zeros((0, 0)))) == 1.0


@REALS
@pytest.mark.parametrize("transposed", [False, True])
def test_graph_solve_uses_the_kernels(transposed: bool, real: type) -> None:
    rng = np.random.default_rng(12)
    a, right = rng.normal(size=(5, 5)).astype(real), rng.normal(size=(5, 2)).astype(real)
    dtype = DType.F32 if real is np.float32 else DType.F64
    builder = GraphBuilder("f")
    x, b = builder.input("a", dtype, (5, 5)), builder.input("b", dtype, (5, 2))
    graph = builder.finish([("x", builder.solve(x, b, transposed=transposed)), ("d", builder.det(x))])
    kept = a.copy()
    factors, pivot = factor(np.ascontiguousarray(a.T) if transposed else a)
    expected = right.copy()
    lu_solve(factors, pivot, expected)
    assert_bits_equal(interpret(graph, [a, right]), [expected, lu_det(*factor(a))])
    assert_bits_equal([a], [kept])
