"""What a run computes twice is computed once

Loops that were put together may compute the same: the second time it has a name. Elements of tables of indices that are
known are written as what they are, and sums that only belong to elements which nobody reads, here the zeros of
triangular matrices, are not made.
"""

import numpy as np

ARGUMENTS = (np.zeros((4, 6), np.float32), np.zeros((4, 3), np.float32), np.zeros((16, 3), np.float32))
DERIVATIVE = "grad"
OPTIONS = {"optimize": "speed"}
WITHOUT = ("share-expressions", "fold-tables", "drop-unread")
LINES = 60
LINES_AFTER = 90

PACKED = np.array([[0, 6, 6], [1, 2, 6], [3, 4, 5]])


def model(factors, centres, x):
    lower = np.concatenate([factors, np.zeros((4, 1), np.float32)], axis=1)[:, PACKED]
    whitened = np.einsum("kij,nkj->nki", lower, x[:, None, :] - centres[None])
    return np.sum(np.sqrt(1.0 + np.sum(whitened * whitened, axis=2)))
