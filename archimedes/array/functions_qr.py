"""QR factors and least squares, by Householder reflections of traced arrays, whose derivatives CasADi knows.

Golub and Van Loan, Matrix Computations, 4th ed., sections 5.1.2 and 5.2.1; the signs of R's diagonal are those of
LAPACK, which NumPy returns. Each column takes a block of code of its own.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, NoReturn

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.errors import located
from archimedes.array.function_table import implements
from archimedes.array.functions_linalg import solve_triangle
from archimedes.array.keywords import UNSET, is_traced, require
from archimedes.array.operands import as_real
from archimedes.array.primitives import as_symbolic
from archimedes.array.roots import root_of_squares
from archimedes.errors import ArcTypeError

COLUMN_LIMIT: Final = 32
"""Largest number of columns of a traced matrix."""


class QRResult(NamedTuple):
    """The result of `qr`, named as NumPy's."""

    Q: SymbolicArray
    R: SymbolicArray


class LeastSquaresResult(NamedTuple):
    """The result of `lstsq`, in the order of NumPy's."""

    x: SymbolicArray
    residuals: Any
    rank: int
    s: Any


class NoSingularValues:
    """Stands for the singular values, which `numpy.linalg.lstsq` returns and a trace does not have."""

    def _refuse(self, *args: object) -> NoReturn:
        raise located(
            ArcTypeError,
            "np.linalg.lstsq: the singular values of a traced matrix",
            code="ARC174",
            hint="the solution is what is computed: x, *_ = np.linalg.lstsq(a, b); np.linalg.qr has R",
        )

    __array__ = __getitem__ = __iter__ = __len__ = __float__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _refuse


def _tall(function: str, a: Any) -> SymbolicArray:
    matrix = as_real(a)
    rows, columns = matrix.shape if matrix.ndim == 2 else (0, 0)
    got = f"got shape {matrix.shape}"
    require(matrix.ndim == 2, f"{function}: one matrix is factored, {got}", hint="call it for one matrix of a stack")
    require(
        0 < columns <= rows,
        f"{function}: a traced matrix has at least as many rows as columns, {got}",
        code="ARC173",
        hint="for fewer equations than unknowns, np.linalg.pinv(a) @ b is the solution of least norm",
    )
    require(
        columns <= COLUMN_LIMIT,
        f"{function}: {columns} columns; each takes code of its own, up to {COLUMN_LIMIT} can be traced",
        code="ARC173",
        hint="solve the normal equations: arc.linalg.solve(a.T @ a, a.T @ b, assume='pos')",
    )
    return matrix


class _Reflected(NamedTuple):
    """Rows of R, and of what was reflected beside the matrix; the reflections; for each column LAPACK's sign."""

    upper: SymbolicArray
    beside: SymbolicArray
    reflections: list[tuple[SymbolicArray, SymbolicArray]]
    signs: list[SymbolicArray | float]


def _reflect(vector: SymbolicArray, height: SymbolicArray, block: SymbolicArray) -> SymbolicArray:
    """``(I - v v' / h)`` times the block."""
    return as_symbolic(block - np.outer(vector, (vector @ block) / height))


def _reflected(matrix: SymbolicArray, beside: SymbolicArray) -> _Reflected:
    """Householder's reflections of a matrix (m, n), and of ``beside`` (m, p) with it."""
    rows, columns = matrix.shape
    rest = as_symbolic(np.concatenate([matrix, beside], axis=1))
    zero, one = np.zeros((), matrix.dtype), np.ones((), matrix.dtype)
    finished = []
    reflections = []
    signs: list[SymbolicArray | float] = []
    for k in range(columns):
        diagonal = rest[0, 0]
        sign: SymbolicArray | float = 1.0
        if rows - k > 1:
            column = rest[:, 0]
            below = np.sum(column[1:] * column[1:])
            length = root_of_squares(as_symbolic(diagonal * diagonal + below))
            # The sign against which nothing cancels; a zero column is left as it is.
            diagonal = as_symbolic(np.where(rest[0, 0] < 0, length, -length))
            height = length * (length + np.abs(rest[0, 0]))
            height = as_symbolic(np.where(height == 0, one, height))
            vector = as_symbolic(np.concatenate([np.reshape(rest[0, 0] - diagonal, (1,)), column[1:]]))
            reflections.append((vector, height))
            rest = as_symbolic(np.concatenate([column[:, None], _reflect(vector, height, rest[:, 1:])], axis=1))
            # LAPACK reflects nothing where there is nothing to reflect, which is the other sign.
            sign = as_symbolic(np.where((below == 0) & (length > 0), -one, one))
        finished.append(np.concatenate([np.full(k, zero), np.reshape(diagonal, (1,)), rest[0, 1:]]))
        signs.append(sign)
        rest = rest[1:, 1:]
    stacked = as_symbolic(np.stack(finished))
    return _Reflected(stacked[:, :columns], stacked[:, columns:], reflections, signs)


@implements(np.linalg.qr)
def qr(a: Any, mode: str = "reduced") -> Any:
    """Q with orthonormal columns (m, n) and the upper triangular R (n, n), ``a = Q R``; modes "reduced" and "r"."""
    require(
        mode in ("reduced", "r"),
        f"np.linalg.qr: mode={mode!r} of a traced matrix",
        code="ARC173",
        hint="use 'reduced' (the default), or 'r' for R alone",
    )
    matrix = _tall("np.linalg.qr", a)
    rows, columns = matrix.shape
    found = _reflected(matrix, as_symbolic(np.zeros((rows, 0), matrix.dtype)))
    signs = as_symbolic(np.stack([as_symbolic(sign) for sign in found.signs]))
    upper = as_symbolic(found.upper * signs[:, None])
    if mode == "r":
        return upper
    basis = as_symbolic(np.eye(rows, columns, dtype=matrix.dtype))
    for k in range(len(found.reflections) - 1, -1, -1):
        vector, height = found.reflections[k]
        # Columns before k are still those of the unit matrix here, with zeros from row k on.
        turned = _reflect(vector, height, basis[k:, k:])
        beside = basis[k:, :k]
        lower = as_symbolic(np.concatenate([beside, turned], axis=1)) if k else turned
        basis = as_symbolic(np.concatenate([basis[:k], lower], axis=0)) if k else lower
    return QRResult(as_symbolic(basis * signs), upper)


def least_squares(function: str, a: Any, b: Any) -> tuple[SymbolicArray, SymbolicArray]:
    """The solution, of the shape of ``b`` but for its rows, and the sums of squares that are left."""
    matrix, right = _tall(function, a), as_real(b)
    rows = matrix.shape[0]
    vector = right.ndim == 1
    require(
        right.ndim in (1, 2) and right.shape[0] == rows and right.size > 0,
        f"{function}: a matrix of shape {matrix.shape} and a right-hand side of shape {np.shape(b)} do not fit",
        hint="b has one row (or element) for each row of a",
    )
    if vector:
        right = right.reshape((rows, 1))
    found = _reflected(matrix, right)
    x = solve_triangle(found.upper, found.beside, lower=False, transposed=False)
    left = right - matrix @ x
    residuals = as_symbolic(np.sum(left * left, axis=0))
    return (x[:, 0] if vector else x), residuals


@implements(np.linalg.lstsq)
def lstsq(a: Any, b: Any, rcond: Any = None) -> LeastSquaresResult:
    """Least squares of a matrix whose columns do not depend on each other."""
    require(
        rcond is None or rcond is UNSET or (not is_traced(rcond) and rcond in ("warn", -1)),
        f"np.linalg.lstsq: rcond={rcond!r} of a traced matrix, whose columns must not depend on each other",
        code="ARC173",
        hint="leave it out; add a small multiple of the unit matrix below a if they may",
    )
    x, residuals = least_squares("np.linalg.lstsq", a, b)
    rows, columns = np.shape(a)
    return LeastSquaresResult(x, residuals if rows > columns else np.zeros(0), columns, NoSingularValues())
