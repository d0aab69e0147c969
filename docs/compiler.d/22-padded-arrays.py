"""Slices of a gradient are written where they belong

The gradient of a function that reads slices of an array is, as differentiation gives it, a sum of arrays that are zero
but for a slice. They become one array of their parts, and where parts meet, sums of these only.
"""

import numpy as np

ARGUMENTS = (np.zeros(24, np.float32), np.zeros(16, np.float32))
DERIVATIVE = "grad"
WITHOUT = ("join-padded-sums", "join-padded-chains", "split-index-sets")
LINES = 60


def model(x, a):
    return np.sum(a * np.sqrt(1.0 + x[:16] ** 2)) + np.sum(np.exp(x[8:])) + np.sum(x[4:20] ** 3)
