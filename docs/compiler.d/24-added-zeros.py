"""Zeros that change nothing are not added

Adding 0.0 changes -0.0, and nothing else. What cannot be -0.0, such as an exponential, a square or a sum that began
with another number than -0.0, needs no such addition.
"""

import numpy as np

ARGUMENTS = (np.zeros(36, np.float32), np.zeros(12, np.float32))
DERIVATIVE = "grad"
OPTIONS = {"optimize": "size"}
WITHOUT = ("drop-added-zeros",)
LINES = 60


def model(x, a):
    return np.sum(a * np.sqrt(1.0 + x[:12] ** 2)) + np.sum(np.exp(x[12:24])) + np.sum(x[24:] ** 3)
