"""Straight-line code in an order that needs few registers

Where more scalars would be alive at a time than a processor has registers, operations are put in another order: values
are used as soon as they are there, loads come late and stores early.
"""

import numpy as np

ARGUMENTS = (np.zeros(6, np.float32),)
WITHOUT = ("schedule-scalars",)
LINES = 30


def model(x):
    a = [x[i] * x[j] for i in range(6) for j in range(i, 6)]
    b = [a[k] - a[(5 * k + 3) % 21] for k in range(21)]
    return np.array([b[k] * b[20 - k] + a[k] for k in range(21)], like=x)
