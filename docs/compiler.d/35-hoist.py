"""What every run of a loop would compute alike is computed before it"""

import numpy as np

import archimedes as arc


def model(x, rate, inputs):
    def step(state, value):
        state = state * np.exp(-rate) + value
        return state, state

    return arc.scan(step, x, inputs)[1]


ARGUMENTS = (np.float32(1.0), np.float32(2.0), np.zeros(100, np.float32))
WITHOUT = ("hoist-invariants",)
