"""Arithmetic that keeps every bit

`x * 1`, a sign that meets another, `x / 8` (whose reciprocal is exact): identities that hold for NaN, infinities and
both zeros. What holds only for most numbers (`x + 0.0`, `x * 0.0`, `x - x`) stays as it is written.
"""

import numpy as np


def model(x, y):
    return x * 1.0 + y / 8.0 - (-np.abs(-x))


ARGUMENTS = (np.zeros(64, np.float32), np.zeros(64, np.float32))
WITHOUT = ("simplify-arithmetic", "simplify-scalars")
