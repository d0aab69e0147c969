"""Zeros that are known

An element of an array that is zero when code is generated (of a sparse constant, a Jacobian, `np.zeros`) is no
element: no product has it for a factor, no sum for a term. `x * 0.0` with a number is computed. This pass,
`relax-arithmetic`, `share-reciprocals` and `form-fma` decide bits; all others keep them
([ADR 502](adr/0502-structural-zeros.md)).
"""

import numpy as np


def model(x, y):
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return turn @ x + np.array([y, 0.0, 0.0])


ARGUMENTS = (np.zeros(3, np.float32), np.float32(0.0))
WITHOUT = ("structural-zeros",)
