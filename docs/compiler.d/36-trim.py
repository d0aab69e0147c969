"""Loops carry only what is read

Results of a loop that nobody reads go, with the carries that only they need.
"""

import numpy as np

import archimedes as arc


def model(x, inputs):
    def step(carry, value):
        state, energy = carry
        return (state * 0.5 + value, energy + state * state), state

    (last, _), _ = arc.scan(step, (x, np.float32(0.0)), inputs)
    return last


ARGUMENTS = (np.float32(1.0), np.zeros(100, np.float32))
WITHOUT = ("trim-loops", "trim-loops-again", "drop-stores", "promote-elements")
