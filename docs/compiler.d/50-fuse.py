"""Loops over one range are one loop

Where no run of the second needs what a later run of the first makes.
"""

import numpy as np


def model(x, y):
    return np.sum(x * y), x + y


ARGUMENTS = (np.zeros(64, np.float32), np.zeros(64, np.float32))
WITHOUT = ("fuse-loops",)
OPTIONS = {"optimize": "size"}
