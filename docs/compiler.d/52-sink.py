"""What a later loop reads is computed there

An array that one loop makes and another reads is not kept in memory if the second loop can make its elements for few
instructions more.
"""

import numpy as np

ARGUMENTS = (np.zeros((20, 3), np.float32), np.zeros(3, np.float32))
DERIVATIVE = "grad"
WITHOUT = ("sink-elements",)


def model(points, centre):
    apart = points - centre
    return np.sum(np.sqrt(np.sum(apart * apart, axis=1)))
