"""Reference order of operations of the runtime's Cholesky and triangular kernels (`kernel_table.KERNELS`).

As in `kernels`, the order *is* the definition, each operation rounded on its own.

``cholesky_factor(n; a)``, on the lower triangle of ``a`` (n, n) in place, for ``i = 0 .. n-1``:

1. for ``j = 0 .. i-1``: ``s = a[i,j]``; for ``k = 0 .. j-1``: ``s = s - a[i,k] * a[j,k]``; ``a[i,j] = s / a[j,j]``;
2. ``d = a[i,i]``; for ``k = 0 .. i-1``: ``d = d - a[i,k] * a[i,k]``; unless ``d > 0``, the result is
   `Status.NOT_POSITIVE_DEFINITE` (the C stops there); ``a[i,i] = sqrt(d)``, and +0 to the right of it.

``triangular_*(n, m; a, x)``, on ``x`` (n, m) in place: forward for the lower triangle and the transposed upper one,
backward for the others: ``x[i] = x[i] - t[i,k] * x[k]`` for the ``k`` already found, ascending; then
``x[i] = x[i] / t[i,i]``. `Status.SINGULAR` if an element of the diagonal is zero (the C does nothing then).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from arc_codegen.ir.status import Status

RealArray = NDArray[Any]


def cholesky_factor(a: RealArray) -> Status:
    """Factor ``a`` of shape (n, n) in place.

    Examples
    --------
    >>> a = np.array([[4.0, 9.0], [2.0, 10.0]])
    >>> cholesky_factor(a).name
    'OK'
    >>> a
    array([[2., 0.],
           [1., 3.]])
    """
    status = Status.OK
    with np.errstate(all="ignore"):
        for i in range(len(a)):
            for j in range(i):
                rest = a[i, j]
                for k in range(j):
                    rest = rest - a[i, k] * a[j, k]
                a[i, j] = rest / a[j, j]
            pivot = a[i, i]
            for k in range(i):
                pivot = pivot - a[i, k] * a[i, k]
            if not pivot > 0:
                status = Status.NOT_POSITIVE_DEFINITE
            a[i, i] = np.sqrt(pivot)
            a[i, i + 1 :] = 0.0
    return status


def solve_triangular(a: RealArray, x: RealArray, *, upper: bool, transposed: bool) -> Status:
    """Solve with one triangle of ``a`` (n, n), or its transpose: ``x`` of shape (n, m) becomes the solution in place.

    Examples
    --------
    >>> x = np.array([[4.0], [5.0]])
    >>> solve_triangular(np.array([[2.0, 9.0], [1.0, 3.0]]), x, upper=False, transposed=False).name
    'OK'
    >>> x.ravel()
    array([2., 1.])
    """
    n = len(a)
    triangle = a.T if transposed else a
    forward = upper == transposed
    with np.errstate(all="ignore"):
        for i in range(n) if forward else range(n - 1, -1, -1):
            for k in range(i) if forward else range(i + 1, n):
                x[i] = x[i] - triangle[i, k] * x[k]
            x[i] = x[i] / triangle[i, i]
    return Status.SINGULAR if (np.diagonal(a) == 0).any() else Status.OK


def _triangular(*, upper: bool, transposed: bool) -> Callable[[RealArray, RealArray], Status]:
    return lambda a, x: solve_triangular(a, x, upper=upper, transposed=transposed)


FACTOR_REFERENCES: Final[dict[str, Callable[..., Status | None]]] = {
    "cholesky_factor": cholesky_factor,
    "triangular_lower": _triangular(upper=False, transposed=False),
    "triangular_lower_transposed": _triangular(upper=False, transposed=True),
    "triangular_upper": _triangular(upper=True, transposed=False),
    "triangular_upper_transposed": _triangular(upper=True, transposed=True),
}
"""By kernel: its reference, a function of the buffers in the order of `kernel_table`, which returns its status."""
