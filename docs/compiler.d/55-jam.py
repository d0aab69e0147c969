"""Several rows go together

Runs of a loop around a loop are jammed: `x[j]` is loaded once for two sums, each of which keeps the order of its terms.
"""

import numpy as np


def model(A, x):
    return A @ x


ARGUMENTS = (np.zeros((32, 32), np.float32), np.zeros(32, np.float32))
WITHOUT = ("jam-loops",)
