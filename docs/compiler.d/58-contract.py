"""Arrays that are read where they are written become scalars

Where each run of a loop reads of an array only what it has written itself, no array is needed.
"""

import numpy as np

ARGUMENTS = (np.zeros(16, np.float32), np.zeros(16, np.float32))
WITHOUT = ("contract-arrays",)


def model(a, b):
    apart = a - b
    return apart * apart, np.exp(-apart * apart), np.sum(apart)
