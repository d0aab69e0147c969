"""Work arrays whose lives do not overlap share memory"""

import numpy as np


def shortened(y):
    return y / (1.0 + np.sqrt(y @ y))


def model(A, B, C, D, x):
    return D @ shortened(C @ shortened(B @ shortened(A @ x)))


ARGUMENTS = (*(np.zeros((rows, 24), np.float32) for rows in (24, 24, 24, 2)), np.zeros(24, np.float32))
WITHOUT = ("share-memory",)
OPTIONS = {"optimize": "size"}
