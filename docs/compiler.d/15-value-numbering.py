"""Nothing is computed twice

Equal operations on equal operands are one value, across all outputs and derivatives, whichever way round commutative
operands stand. The function itself is the C before.
"""

import numpy as np


def model(x, y):
    product = x * y
    return np.sin(product) + y * x, np.cos(y * x)


ARGUMENTS = (np.float32(1.0), np.float32(2.0))
