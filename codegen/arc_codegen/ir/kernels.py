"""Reference order of operations of the runtime's kernels (`kernel_table.KERNELS`).

The order below *is* the definition: the C of the runtime performs the same operations in the same order, each
rounded to the element type on its own (a product, then a subtraction; never fused), so host, chip and interpreter
agree bit for bit.

``lu_factor(n; a, pivot)``, on ``a`` (n, n) in place, for ``k = 0 .. n-1``:

1. *pivot*: ``p = k``; for ``i = k+1 .. n-1``: if ``|a[i,k]| > |a[p,k]|`` then ``p = i``. The first of equals wins;
   a comparison with NaN is false, so a NaN in row k stays and one below it is never chosen. ``pivot[k] = p``.
2. *swap* the whole rows ``k`` and ``p`` (columns ``0 .. n-1``, the multipliers already found among them).
3. *eliminate*: for ``i = k+1 .. n-1``: ``a[i,k] = a[i,k] / a[k,k]``, but where ``a[k,k]`` is zero ``a[i,k]`` stays
   what it is (zero too, or NaN) and the matrix is known to be singular; then for ``j = k+1 .. n-1``:
   ``a[i,j] = a[i,j] - a[i,k] * a[k,j]``.

Element (i, j) therefore receives its updates in the order ``k = 0, 1, ...`` whichever loop is outermost: Doolittle's
row-by-row form, which starts from ``a[i,j]`` and subtracts the products in the order of k, gives the same bits.
The result is `Status.SINGULAR` if any ``a[k,k]`` was zero, exactly as for LAPACK's getrf; the factors are complete all
the same, with a zero on the diagonal of U. NaN is not zero: a matrix that holds one is not called singular.

``lu_solve(n, m; a, pivot, x)``, on ``x`` (n, m) in place, each column on its own:

1. *permute*: for ``k = 0 .. n-1`` swap rows ``k`` and ``pivot[k]`` of x.
2. *forward*: for ``i = 0 .. n-1``, for ``k = 0 .. i-1``: ``x[i] = x[i] - a[i,k] * x[k]``.
3. *backward*: for ``i = n-1 .. 0``, for ``k = i+1 .. n-1`` ascending: ``x[i] = x[i] - a[i,k] * x[k]``; then
   ``x[i] = x[i] / a[i,i]``.

``lu_det(n; a, pivot, det)``: ``d = a[0,0]``; for ``k = 1 .. n-1``: ``d = d * a[k,k]``; then ``d = -d`` if an odd number
of ``pivot[k]`` differ from ``k``; ``det[0] = d``. For ``n = 0`` it is 1.

References
----------
G. H. Golub, C. F. Van Loan, *Matrix Computations*, 4th ed., section 3.4 (partial pivoting).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arc_codegen.ir.factor_kernels import FACTOR_REFERENCES
from arc_codegen.ir.status import Status

RealArray = NDArray[Any]
IntArray = NDArray[np.int32]


def lu_factor(a: RealArray, pivot: IntArray) -> Status:
    """Factor ``a`` of shape (n, n) in place; ``pivot`` of shape (n,) receives the row swapped at each step.

    Examples
    --------
    >>> a, pivot = np.array([[1.0, 2.0], [4.0, 2.0]]), np.zeros(2, np.int32)
    >>> lu_factor(a, pivot).name
    'OK'
    >>> a
    array([[4.  , 2.  ],
           [0.25, 1.5 ]])
    >>> pivot
    array([1, 1], dtype=int32)
    """
    n = len(a)
    status = Status.OK
    with np.errstate(all="ignore"):
        for k in range(n):
            p = k
            for i in range(k + 1, n):
                if abs(a[i, k]) > abs(a[p, k]):
                    p = i
            pivot[k] = p
            if p != k:
                a[[k, p]] = a[[p, k]]
            # Vectorised over i and j, which are independent of each other; k stays sequential.
            if a[k, k] == 0:
                status = Status.SINGULAR
            else:
                a[k + 1 :, k] = a[k + 1 :, k] / a[k, k]
            a[k + 1 :, k + 1 :] -= np.multiply.outer(a[k + 1 :, k], a[k, k + 1 :])
    return status


def lu_solve(a: RealArray, pivot: IntArray, x: RealArray) -> None:
    """Solve with the factors of `lu_factor`: ``x`` of shape (n, m) becomes the solution in place.

    Examples
    --------
    >>> a, pivot = np.array([[0.0, 2.0], [4.0, 2.0]]), np.zeros(2, np.int32)
    >>> x = np.array([[2.0], [6.0]])
    >>> status = lu_factor(a, pivot)
    >>> lu_solve(a, pivot, x)
    >>> x.ravel()
    array([1., 1.])
    """
    n = len(a)
    with np.errstate(all="ignore"):
        for k in range(n):
            p = int(pivot[k])
            if p != k:
                x[[k, p]] = x[[p, k]]
        for i in range(n):
            for k in range(i):
                x[i] = x[i] - a[i, k] * x[k]
        for i in range(n - 1, -1, -1):
            for k in range(i + 1, n):
                x[i] = x[i] - a[i, k] * x[k]
            x[i] = x[i] / a[i, i]


def lu_det(a: RealArray, pivot: IntArray) -> RealArray:
    """Determinant, of shape (), from the factors of `lu_factor`.

    Examples
    --------
    >>> a, pivot = np.array([[0.0, 2.0], [4.0, 2.0]]), np.zeros(2, np.int32)
    >>> status = lu_factor(a, pivot)
    >>> float(lu_det(a, pivot))
    -8.0
    """
    n = len(a)
    det = np.ones((), a.dtype)
    with np.errstate(all="ignore"):
        for k in range(n):
            # 1 * x is x for every x, so starting from 1 is starting from a[0, 0].
            det = np.asarray(det * a[k, k])
        swaps = sum(int(pivot[k]) != k for k in range(n))
        return np.asarray(-det) if swaps % 2 else det


def find(grid: RealArray, x: RealArray) -> IntArray:
    """The interval of an ascending grid that each ``x`` lies in: 0 .. n-2, by bisection; 0 for NaN.

    ``low = 0, high = n - 1``; while they differ by more than 1: ``middle = (low + high) / 2`` rounded down, which
    becomes ``low`` if ``grid[middle] <= x``, else ``high``. The result is ``low``.

    Examples
    --------
    >>> find(np.array([0.0, 1.0, 4.0]), np.array([-1.0, 0.5, 1.0, 9.0, np.nan]))
    array([0, 0, 1, 1, 0], dtype=int32)
    """
    low, high = np.zeros(x.shape, np.int32), np.full(x.shape, len(grid) - 1, np.int32)
    while (high - low > 1).any():
        middle = (low + high) // 2
        below = grid[middle] <= x
        wide = high - low > 1
        low, high = np.where(wide & below, middle, low), np.where(wide & ~below, middle, high)
    return low


def _store_det(a: RealArray, pivot: IntArray, det: RealArray) -> None:
    det[...] = lu_det(a, pivot)


REFERENCES: Final[dict[str, Callable[..., Status | None]]] = {
    "lu_factor": lu_factor,
    "lu_solve": lu_solve,
    "lu_det": _store_det,
    **FACTOR_REFERENCES,
}
"""By kernel: its reference, a function of the buffers in the order of `kernel_table`, which returns its status."""
