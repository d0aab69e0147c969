"""Columns of a Jacobian in a loop

A Jacobian is taken by sweeps, one for each column, or for each row. In a step of an integrator they do the same on
other numbers, as soon as the first stage is behind: they become a loop, which is one sweep's code and, since nothing
but the numbers differs, takes no more time. What is zero in some of them is known, and is not computed; the numbers
that differ from the beginning, or are constants, go in.
"""

import numpy as np

ARGUMENTS = (np.zeros(3, np.float32),)
DERIVATIVE = "jac"


def model(x):
    for _ in range(6):
        x = x + 0.1 * np.array([x[1] * x[2] - x[0], x[2] * x[0] - x[1], x[0] * x[1] - x[2]], like=x)
    return x
