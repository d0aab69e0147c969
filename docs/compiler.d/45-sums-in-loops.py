"""Sums in the loop that makes what they sum

The gradient of a least-squares fit sums the residuals once more, with the rows as weights. The sums go into the loop
over the rows, and no array of residuals is kept. Under `speed` they do so only where registers hold them.
"""

import numpy as np


def model(rows, x, measured):
    residuals = np.tanh(rows @ x) - measured
    return rows.T @ residuals


ARGUMENTS = (np.zeros((64, 6), np.float32), np.zeros(6, np.float32), np.zeros(64, np.float32))
WITHOUT = ("interchange-sums",)
