"""Whole sweeps, where the code is to be short

With `optimize="size"` such a loop has the whole sweep, from the seed on, which is a row of the identity matrix: what is
zero in some of the sweeps is computed there. That is about twice the time, and of a quadrotor's integrator half of the
code. Beside it, numbers are rounded at other places than with the other goals.
"""

import numpy as np

ARGUMENTS = (np.zeros(4, np.float32),)
DERIVATIVE = "jac"
OPTIONS = {"optimize": "size"}
LINES_AFTER = -72


def rates(state):
    x, y, angle, speed = state
    return np.array([speed * x + y * angle, speed * y - x * angle, x * y, 0.1 * angle * speed], like=state)


def model(state):
    middle = state
    for _ in range(5):
        middle = state + 0.05 * rates(middle)
    return state + 0.1 * rates(middle)
