"""Short inner loops are straight lines"""

import numpy as np


def model(points):
    return np.sum(points * points, axis=1)


ARGUMENTS = (np.zeros((100, 3), np.float32),)
WITHOUT = ("unroll-loops",)
OPTIONS = {"optimize": "speed"}
