"""Linear algebra: solve, inv, det, cholesky, pinv, matrix_power, and products of matrices.

Systems become one solve node each (LU with partial pivoting), with derivatives of every order. For a matrix that is
exactly singular the generated C returns an error, which a call from Python raises as NumPy does.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import casadi as ca
import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.factor_hooks import MatrixOperation, call_matrix_operation
from archimedes.array.function_table import implements
from archimedes.array.keywords import refuse_keywords, require
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic, from_held, made, matmul2
from archimedes.errors import ArcTypeError, ArcValueError

BATCH_LIMIT: Final = 64
"""Largest number of stacked matrices: each is solved by code of its own."""


class SlogdetResult(NamedTuple):
    """The result of `slogdet`, named as NumPy's."""

    sign: SymbolicArray
    logabsdet: SymbolicArray


def _square(function: str, a: Any) -> SymbolicArray:
    array = as_real(a)
    require(
        array.ndim >= 2 and array.shape[-1] == array.shape[-2],
        f"{function}: the last two dimensions of the array must be square, got shape {array.shape}",
    )
    return array


def _batched(function: str, arrays: list[SymbolicArray], single: Callable[..., SymbolicArray]) -> SymbolicArray:
    """Apply a function of matrices to every matrix of stacks that broadcast against each other."""
    batch = np.broadcast_shapes(*(array.shape[:-2] for array in arrays))
    if not batch:
        return single(*arrays)
    count = math.prod(batch)
    if not 0 < count <= BATCH_LIMIT:
        raise located(
            ArcValueError,
            f"{function}: a stack of {count} matrices; from 1 to {BATCH_LIMIT} are unrolled into code",
            code="ARC155",
            hint="trace the function of one matrix and call it in a loop",
        )
    rows = [
        as_symbolic(np.broadcast_to(array, (*batch, *array.shape[-2:]))).reshape((count, *array.shape[-2:]))
        for array in arrays
    ]
    results = [single(*(row[k] for row in rows)) for k in range(count)]
    return as_symbolic(np.stack(results)).reshape((*batch, *results[0].shape))


def _solve_matrix(a: SymbolicArray, b: SymbolicArray) -> SymbolicArray:
    """``x`` with ``a @ x = b`` for one matrix and a matrix of right-hand sides.

    The carrier holds ``a`` transposed, so the node solves with the transpose of what it is given.
    """
    n, columns = b.shape
    if n == 0 or columns == 0:
        return b.copy()
    dtype = (a[0, 0] + b[0, 0]).dtype
    solver = ca.Linsol("solve", "qr", ca.Sparsity.dense(n, n))
    solution = solver.solve(a.held, b.held.T, True)
    return from_held(solution.T, (n, columns), dtype)


@implements(np.linalg.solve)
def solve(a: Any, b: Any) -> SymbolicArray:
    """Solution ``x`` of ``a @ x = b`` for a vector or matrix ``b``; stacks of matrices are unrolled."""
    return solve_with("np.linalg.solve", a, b, _solve_matrix)


def solve_with(function: str, a: Any, b: Any, single: Callable[..., SymbolicArray]) -> SymbolicArray:
    """As `solve`, each matrix by ``single``; ``function`` is what errors name."""
    matrix, right = _square(function, a), as_real(b)
    vector = right.ndim == 1
    if vector:
        right = right.reshape((-1, 1))
    require(
        right.ndim >= 2 and right.shape[-2] == matrix.shape[-1],
        f"{function}: a matrix of shape {matrix.shape} and a right-hand side of shape {np.shape(b)} do not fit",
        hint="b has one row (or element) for each row of a",
    )
    solution = _batched(function, [matrix, right], single)
    return solution[..., 0] if vector else solution


@implements(np.linalg.inv)
def inv(a: Any) -> SymbolicArray:
    """Inverse of a square matrix: the solution for the unit matrix."""
    matrix = _square("np.linalg.inv", a)
    identity = np.eye(matrix.shape[-1], dtype=matrix.dtype)
    return _batched("np.linalg.inv", [matrix], lambda m: _solve_matrix(m, as_symbolic(identity)))


def _det_matrix(a: SymbolicArray) -> SymbolicArray:
    n = a.shape[-1]
    if n == 0:
        return as_symbolic(np.ones((), dtype=a.dtype))
    if n == 1:
        return a[0, 0]
    if n == 2:
        return as_symbolic(a[0, 0] * a[1, 1] - a[0, 1] * a[1, 0])
    if n == 3:
        minors = (
            a[1, 1] * a[2, 2] - a[1, 2] * a[2, 1],
            a[1, 0] * a[2, 2] - a[1, 2] * a[2, 0],
            a[1, 0] * a[2, 1] - a[1, 1] * a[2, 0],
        )
        return as_symbolic(a[0, 0] * minors[0] - a[0, 1] * minors[1] + a[0, 2] * minors[2])
    return from_held(ca.det(a.held), (), a.dtype)


@implements(np.linalg.det)
def det(a: Any) -> SymbolicArray:
    """Determinant: by minors up to 3 x 3 (so that its derivative exists at singular matrices), above by LU."""
    return _batched("np.linalg.det", [_square("np.linalg.det", a)], _det_matrix)


@implements(np.linalg.slogdet)
def slogdet(a: Any) -> Any:
    """Sign and logarithm of the absolute value of the determinant, of the determinant itself: it must not overflow."""
    determinant = det(a)
    return SlogdetResult(as_symbolic(np.sign(determinant)), as_symbolic(np.log(np.abs(determinant))))


def _cholesky_matrix(a: SymbolicArray) -> SymbolicArray:
    """Lower factor of one matrix."""
    n = a.shape[-1]
    if n == 0:
        return a.copy()
    return made(call_matrix_operation(MatrixOperation("cholesky", n), a.flat_mx), (n, n), a.dtype)


def solve_triangle(a: SymbolicArray, b: SymbolicArray, *, lower: bool, transposed: bool) -> SymbolicArray:
    """``x`` with ``t @ x = b`` for a triangle ``t`` of one matrix, or its transpose, and a matrix ``b``."""
    n, columns = b.shape
    if n == 0 or columns == 0:
        return b.copy()
    operation = MatrixOperation("lower" if lower else "upper", n, columns, transposed)
    return made(call_matrix_operation(operation, a.flat_mx, b.flat_mx), (n, columns), (a[0, 0] + b[0, 0]).dtype)


def solve_definite(a: SymbolicArray, b: SymbolicArray) -> SymbolicArray:
    """``x`` with ``a @ x = b`` for one symmetric positive definite matrix."""
    factor = _cholesky_matrix(a)
    halfway = solve_triangle(factor, b, lower=True, transposed=False)
    return solve_triangle(factor, halfway, lower=True, transposed=True)


@implements(np.linalg.cholesky)
def cholesky(a: Any, /, *, upper: bool = False) -> SymbolicArray:
    """Lower Cholesky factor of a symmetric positive definite matrix, of which the lower triangle is read.

    Of a matrix that is not positive definite the generated C returns an error, raised as NumPy does.
    """
    matrix = _square("np.linalg.cholesky", a)
    if upper:
        matrix = as_symbolic(np.swapaxes(matrix, -1, -2))
    factor = _batched("np.linalg.cholesky", [matrix], _cholesky_matrix)
    return as_symbolic(np.swapaxes(factor, -1, -2)) if upper else factor


def _pinv_matrix(a: SymbolicArray) -> SymbolicArray:
    rows, columns = a.shape
    transposed = a.T
    if rows >= columns:
        return _solve_matrix(matmul2(transposed, a), transposed)
    return _solve_matrix(matmul2(a, transposed), a).T


@implements(np.linalg.pinv)
def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = None) -> SymbolicArray:
    """Pseudo-inverse of a matrix of full rank, from its normal equations (which square the condition number)."""
    refuse_keywords("np.linalg.pinv", rcond=rcond, hermitian=hermitian, rtol=rtol)
    matrix = as_real(a)
    require(matrix.ndim >= 2, f"np.linalg.pinv: a matrix is needed, got shape {matrix.shape}")
    return _batched("np.linalg.pinv", [matrix], _pinv_matrix)


@implements(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> SymbolicArray:
    """Integer power of a square matrix by repeated squaring; a negative one is that of the inverse."""
    if isinstance(n, SymbolicArray) or not isinstance(n, (int, np.integer)):
        raise located(
            ArcTypeError,
            f"np.linalg.matrix_power: the exponent must be a known integer, got {type(n).__name__}",
            code="ARC151",
            hint="make it a static argument",
        )
    array = as_symbolic(a)
    require(
        array.ndim >= 2 and array.shape[-1] == array.shape[-2],
        f"np.linalg.matrix_power: the last two dimensions of the array must be square, got shape {array.shape}",
    )
    base = inv(array) if n < 0 else array
    exponent = abs(int(n))
    if exponent == 0:
        identity = np.broadcast_to(np.eye(array.shape[-1]), array.shape)
        return as_symbolic(identity).astype(array.dtype)
    result: SymbolicArray | None = None
    while exponent:
        if exponent & 1:
            result = base if result is None else as_symbolic(np.matmul(result, base))
        exponent >>= 1
        if exponent:
            base = as_symbolic(np.matmul(base, base))
    return result if result is not None and result is not array else array.copy()


@implements(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> SymbolicArray:
    """Product of several matrices, taken in NumPy's cheapest order: that of `numpy.linalg.multi_dot`."""
    refuse_keywords("np.linalg.multi_dot", out=out)
    operands = [as_symbolic(array) for array in arrays]
    require(len(operands) >= 2, "Expecting at least two arrays.")
    ends = (operands[0].ndim == 1, operands[-1].ndim == 1)
    if ends[0]:
        operands[0] = operands[0].reshape((1, -1))
    if ends[1]:
        operands[-1] = operands[-1].reshape((-1, 1))
    product = _cheapest_chain(operands)
    shape = (() if ends[0] else product.shape[:1]) + (() if ends[1] else product.shape[1:])
    return product.reshape(shape)


def _cheapest_chain(operands: list[SymbolicArray]) -> SymbolicArray:
    """Product of a chain of matrices with the fewest multiplications (dynamic programming over splits)."""
    extents = [operands[0].shape[0], *(operand.shape[1] for operand in operands)]
    count = len(operands)
    cost = [[0] * count for _ in range(count)]
    split = [[0] * count for _ in range(count)]
    for length in range(1, count):
        for i in range(count - length):
            j = i + length
            choices = [
                (cost[i][k] + cost[k + 1][j] + extents[i] * extents[k + 1] * extents[j + 1], k) for k in range(i, j)
            ]
            cost[i][j], split[i][j] = min(choices)

    def product(i: int, j: int) -> SymbolicArray:
        if i == j:
            return operands[i]
        return matmul2(product(i, split[i][j]), product(split[i][j] + 1, j))

    return product(0, count - 1)
