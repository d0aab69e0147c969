"""What the way forward has computed, the way back reads

The gradient of a scan goes back over the carries before each run, from which it can compute again what the run
computed. Elementary functions, divisions, products of matrices are dearer than that: their values are kept beside the
carries where they save enough for the memory. `optimize="speed"` keeps much, `"balanced"` what is worth it, `"size"`
nothing.
"""

import numpy as np

import archimedes as arc


def model(forces):
    def step(x, force):
        x = x + 0.1 * (force + np.exp(-x) * np.tanh(x))
        return x, x * x

    _, energies = arc.scan(step, np.zeros((), forces.dtype), forces)
    return np.sum(energies)


ARGUMENTS = (np.zeros(50, np.float32),)
DERIVATIVE = "grad"
WITHOUT = ("remember-values",)
