"""Huge functions are split

Straight-line code of many thousand operations becomes a row of static functions, cut where few values go across, so
that the time that compilers take grows with its length and no faster.
"""

import numpy as np

ARGUMENTS = (np.zeros(16, np.float32),)
WITHOUT = ("split-functions",)
LINES = 12
LINES_AFTER = -30


def model(x):
    places = np.random.default_rng(0).integers(1, 16, (9000, 2))
    values = [x[k] for k in range(16)]
    for k, (a, b) in enumerate(places.tolist()):
        values.append(values[-a] * values[-b] if k % 3 else values[-a] - values[-b])
    return np.array(values[-16:], like=x)
