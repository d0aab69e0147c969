"""Short axes of products become scalars of a loop

Matrices of three by three for each of many points are no matrices for a processor: their rows are taken apart into
scalars, which live in registers while the loop over the points runs.
"""

import numpy as np

ARGUMENTS = (np.zeros((3, 3), np.float32), np.zeros((4, 3), np.float32), np.zeros((16, 3), np.float32))
DERIVATIVE = "grad"
KEYWORDS = {"argnums": 1}
WITHOUT = ("split-lanes",)
LINES = 60
LINES_AFTER = 60


def model(turn, centres, x):
    apart = x[:, None, :] - centres[None]
    turned = np.einsum("ij,nkj->nki", turn, apart)
    return np.sum(np.sqrt(1.0 + np.sum(turned * turned, axis=2)))
