"""One division for a divisor: other bits

Under `numerics="fast"` only. Several quotients of one divisor are products with its reciprocal, so that a vector is
divided by its norm with one division, and rows by their sums with one for each row. A Cortex-M4F takes 14 cycles for a
division and one for a product. A quotient then differs from the exact one by less than 1.5 units in the last place.
"""

import numpy as np


def model(x):
    return x / np.sqrt(x @ x)


ARGUMENTS = (np.ones(4, np.float32),)
WITHOUT = ("share-reciprocals",)
OPTIONS = {"numerics": "fast"}
