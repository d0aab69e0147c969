"""Square roots of sums of squares, whose derivative at the origin is 0 by definition."""

from __future__ import annotations

import numpy as np

from archimedes.array.core import SymbolicArray
from archimedes.array.primitives import as_symbolic


def root_of_squares(total: SymbolicArray) -> SymbolicArray:
    """``sqrt(total)`` for a sum of squares: the derivative where ``total`` is 0 is 0, of every order.

    The root is taken of 1 where the sum is 0, so that the derivative of the branch that is not chosen stays finite;
    NaN and infinity pass through the root as usual.
    """
    is_zero = total == 0
    one = np.ones((), dtype=total.dtype)
    zero = np.zeros((), dtype=total.dtype)
    return as_symbolic(np.where(is_zero, zero, np.sqrt(np.where(is_zero, one, total))))
