"""Arrays are computed where they are copied to

Columns of a Jacobian, rows of a matrix, parts of a concatenation: what is computed to be put together is computed in
its place.
"""

import numpy as np

ARGUMENTS = (np.zeros(3, np.float32), np.zeros(30, np.float32))
DERIVATIVE = "jac"
WITHOUT = ("coalesce-copies", "read-assembled")


def model(p, times):
    return p[0] * np.exp(-p[1] * times) + p[2]
