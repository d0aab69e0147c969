"""A loop with too many scalars becomes several

Four filters one after another have more coefficients and states than a function may keep in registers without saving
what was there. Two go over all samples first, and leave in the output what the other two begin with.
"""

import numpy as np

import archimedes as arc


def model(sections, state, samples):
    def filter_sample(state, sample):
        moved = np.zeros_like(state)
        for k in range(4):
            b0, b1, b2, a1, a2 = sections[k]
            filtered = b0 * sample + state[k, 0]
            moved[k, 0] = b1 * sample - a1 * filtered + state[k, 1]
            moved[k, 1] = b2 * sample - a2 * filtered
            sample = filtered
        return moved, sample

    return arc.scan(filter_sample, state, samples)


ARGUMENTS = (np.zeros((4, 5), np.float32), np.zeros((4, 2), np.float32), np.zeros(64, np.float32))
WITHOUT = ("distribute-loops",)
LINES = 70
