"""Linear algebra beyond NumPy's: systems whose matrix is known to be definite, or triangular; least squares.

`numpy.linalg.solve`, `inv`, `det`, `cholesky`, `qr` and their like are traced as they are; see docs/linalg.md.
"""

from __future__ import annotations

import functools
from typing import Any, Literal

import numpy as np

from archimedes.array.errors import located
from archimedes.array.functions_linalg import solve_definite, solve_triangle, solve_with
from archimedes.array.functions_qr import least_squares
from archimedes.array.keywords import is_traced
from archimedes.errors import ArcValueError

__all__ = ["cho_factor", "cho_solve", "cholesky", "lstsq", "qr", "solve", "solve_triangular"]


def cholesky(a: Any, *, upper: bool = False) -> Any:
    """Cholesky factor of a symmetric positive definite matrix: `numpy.linalg.cholesky`.

    Parameters
    ----------
    a : array_like or SymbolicArray, (..., n, n)
        Of which the lower triangle is read (the upper one with ``upper``).
    upper : bool
        Give the upper triangular factor, the transpose of the lower one.

    Returns
    -------
    ndarray or SymbolicArray, (..., n, n)

    Raises
    ------
    numpy.linalg.LinAlgError
        The matrix is not positive definite (ARC782); in C the status ``ARC_ERROR_NOT_POSITIVE_DEFINITE``.

    Examples
    --------
    >>> cholesky(np.array([[4.0, 2.0], [2.0, 10.0]]))
    array([[2., 0.],
           [1., 3.]])
    """
    return np.linalg.cholesky(a, upper=upper)


def solve(a: Any, b: Any, *, assume: str = "gen") -> Any:
    """Solution ``x`` of ``a @ x = b``.

    Parameters
    ----------
    a : array_like or SymbolicArray, (..., n, n)
    b : array_like or SymbolicArray, (n,) or (..., n, m)
        As for `numpy.linalg.solve`.
    assume : {"gen", "pos"}
        What is known of the matrix: nothing (LU with partial pivoting), or that it is symmetric positive definite
        (Cholesky: half of the work, no comparisons; the lower triangle is read).

    Returns
    -------
    ndarray or SymbolicArray
        Of the shape of ``b`` (broadcast against stacks of matrices).

    Raises
    ------
    numpy.linalg.LinAlgError
        The matrix is singular (ARC781), or, with "pos", not positive definite (ARC782).
    ArcValueError
        Another assumption (ARC172).

    Examples
    --------
    >>> solve(np.array([[4.0, 2.0], [2.0, 10.0]]), np.array([8.0, 22.0]), assume="pos")
    array([1., 2.])
    """
    if assume not in ("gen", "pos"):
        message = f"arc.linalg.solve: assume={assume!r} is not known"
        raise located(ArcValueError, message, code="ARC172", hint="use 'gen' or 'pos'")
    if assume == "gen":
        return np.linalg.solve(a, b)
    if is_traced(a) or is_traced(b):
        return solve_with("arc.linalg.solve", a, b, solve_definite)
    factor = np.linalg.cholesky(a)
    return np.linalg.solve(np.swapaxes(factor, -1, -2), np.linalg.solve(factor, b))


def solve_triangular(a: Any, b: Any, *, lower: bool = False, transposed: bool = False) -> Any:
    """Solution ``x`` of ``t @ x = b`` for a triangle ``t`` of ``a``; the other triangle is not read.

    Parameters
    ----------
    a : array_like or SymbolicArray, (..., n, n)
    b : array_like or SymbolicArray, (n,) or (..., n, m)
    lower : bool
        Take the lower triangle; by default the upper one, as `scipy.linalg.solve_triangular` does.
    transposed : bool
        Solve with the transpose of the triangle.

    Returns
    -------
    ndarray or SymbolicArray
        Of the shape of ``b``.

    Raises
    ------
    numpy.linalg.LinAlgError
        An element of the diagonal is zero (ARC781).

    Examples
    --------
    >>> solve_triangular(np.array([[2.0, 9.0], [1.0, 4.0]]), np.array([4.0, 10.0]), lower=True)
    array([2., 2.])
    """
    if is_traced(a) or is_traced(b):
        single = functools.partial(solve_triangle, lower=lower, transposed=transposed)
        return solve_with("arc.linalg.solve_triangular", a, b, single)
    triangle = np.tril(a) if lower else np.triu(a)
    return np.linalg.solve(np.swapaxes(triangle, -1, -2) if transposed else triangle, b)


def cho_factor(a: Any) -> Any:
    """Cholesky factor of a symmetric positive definite matrix for `cho_solve`: its lower factor.

    Parameters
    ----------
    a : array_like or SymbolicArray, (..., n, n)
        Of which the lower triangle is read.

    Returns
    -------
    ndarray or SymbolicArray, (..., n, n)
        As `cholesky` gives it, with zeros above; no pair, as `scipy.linalg.cho_factor` gives it.

    Examples
    --------
    >>> cho_solve(cho_factor(np.array([[4.0, 2.0], [2.0, 10.0]])), np.array([8.0, 22.0]))
    array([1., 2.])
    """
    return cholesky(a)


def cho_solve(factor: Any, b: Any) -> Any:
    """Solution ``x`` of ``a @ x = b`` from the lower Cholesky factor of ``a``.

    Parameters
    ----------
    factor : array_like or SymbolicArray, (..., n, n)
        The lower factor, from `cholesky` or `cho_factor`.
    b : array_like or SymbolicArray, (n,) or (..., n, m)

    Returns
    -------
    ndarray or SymbolicArray
        Of the shape of ``b``.

    Examples
    --------
    >>> cho_solve(np.array([[2.0, 0.0], [1.0, 3.0]]), np.array([8.0, 22.0]))
    array([1., 2.])
    """
    return solve_triangular(factor, solve_triangular(factor, b, lower=True), lower=True, transposed=True)


def lstsq(a: Any, b: Any) -> Any:
    """Solution ``x`` with the least sum of squares of ``a @ x - b``, by Householder's reflections.

    Parameters
    ----------
    a : array_like or SymbolicArray, (m, n)
        With at least as many rows as columns, which do not depend on each other.
    b : array_like or SymbolicArray, (m,) or (m, p)

    Returns
    -------
    ndarray or SymbolicArray, (n,) or (n, p)
        The first of the results of `numpy.linalg.lstsq`, which can be traced too.

    Raises
    ------
    numpy.linalg.LinAlgError
        The columns depend on each other (ARC781): exactly, or, of arrays that are not traced, nearly.
    ArcValueError
        Fewer rows than columns, or more than 32 columns (ARC173).

    Notes
    -----
    Derivatives are those of the reflections, which agree with Golub and Pereyra, The differentiation of
    pseudo-inverses and nonlinear least squares problems, 1973. Squares of elements must not overflow.

    Examples
    --------
    >>> lstsq(np.array([[1.0, 0.0], [1.0, 1.0], [1.0, 2.0]]), np.array([1.0, 3.0, 5.0])).round(12)
    array([1., 2.])
    """
    if is_traced(a) or is_traced(b):
        return least_squares("arc.linalg.lstsq", a, b)[0]
    x, _, rank, _ = np.linalg.lstsq(a, b)
    if rank < np.shape(a)[1]:
        raise np.linalg.LinAlgError(f"arc.linalg.lstsq: a matrix of {np.shape(a)[1]} columns has rank {rank}")
    return x


def qr(a: Any, *, mode: Literal["reduced", "r"] = "reduced") -> Any:
    """Factors of a matrix with at least as many rows as columns, ``a = Q @ R``: `numpy.linalg.qr`.

    Parameters
    ----------
    a : array_like or SymbolicArray, (m, n)
    mode : {"reduced", "r"}
        Both factors, or R alone.

    Returns
    -------
    Q : ndarray or SymbolicArray, (m, n)
        Its columns are orthonormal.
    R : ndarray or SymbolicArray, (n, n)
        Upper triangular.

    Raises
    ------
    ArcValueError
        Of a traced matrix: fewer rows than columns, more than 32 columns, another mode (ARC173).

    Examples
    --------
    >>> Q, R = qr(np.array([[3.0, 1.0], [4.0, 2.0]]))
    >>> (Q @ R).round(12)
    array([[3., 1.],
           [4., 2.]])
    """
    return np.linalg.qr(a, mode=mode)
