"""States stay in registers while their loop runs

They are read before the loop and written behind it.
"""

import numpy as np

import archimedes as arc


def model(state, inputs):
    def step(state, value):
        moved = 0.9 * state[0] + 0.1 * state[1] + value
        return np.array([moved, state[0]], like=state), moved

    return arc.scan(step, state, inputs)


ARGUMENTS = (np.zeros(2, np.float32), np.zeros(100, np.float32))
WITHOUT = ("promote-elements",)
