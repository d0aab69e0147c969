"""Small arrays are scalars

A small array has no memory: its elements are computed one by one, those that are read, in registers.
"""

import numpy as np


def model(x):
    across = np.array([[0.0, -x[2], x[1]], [x[2], 0.0, -x[0]], [-x[1], x[0], 0.0]], like=x)
    return np.sum((across @ across)[0])


ARGUMENTS = (np.zeros(3, np.float32),)
WITHOUT = ("scalarise",)
