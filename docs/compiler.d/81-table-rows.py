"""Rows of a table that have elements in common lie over each other

Each row of this matrix is the one before, moved by one: of 144 elements 23 differ. They are kept once, and each row
begins one place before the last one. Rows of an identity matrix, which are the seeds of a Jacobian's sweeps, are kept
like that, too.
"""

import numpy as np

ARGUMENTS = (np.zeros(12, np.float32),)
WITHOUT = ("overlap-tables",)
OPTIONS = {"optimize": "size"}

DISTANCES = np.arange(12) - np.arange(12)[:, None]
KERNEL = np.exp(-0.1 * DISTANCES**2) * (1.0 + 0.1 * DISTANCES)


def model(x):
    return KERNEL @ x
