"""Stencils without borders of zeros

The derivative of a slice is an array of zeros with the slice's cotangent in its place. What is added up of such arrays
is written between the borders of their parts, where each of them is a part or 0.0, and needs no memory; what two
neighbours share goes from run to run in a scalar. With `optimize="speed"` grids are gone through in strips of columns.
"""

import numpy as np


def model(x):
    slope = x[1:] - x[:-1]
    return np.sum(np.sqrt(slope * slope + 0.001))


DERIVATIVE = "grad"
ARGUMENTS = (np.zeros(100, np.float32),)
WITHOUT = ("split-index-sets", "carry-values", "take-in-first-runs")
