"""Steps that are written out become a loop again

A Python loop is run while the function is traced, so that its steps arrive one after the other, in the value and in its
gradient. Equal steps are found and put into a loop: the size of the C does not depend on their number.
"""

import numpy as np


def model(x, inputs):
    for k in range(50):
        x = x + 0.1 * (inputs[k] - np.sin(x))
    return x


ARGUMENTS = (np.float32(1.0), np.zeros(50, np.float32))
WITHOUT = ("roll-loops",)
LINES = 12
