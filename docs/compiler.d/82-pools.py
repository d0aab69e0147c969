"""Tables that are read at one place lie in one array

A search in a small grid is written out. What is read at the interval that it finds goes into one array behind the grid,
and the search moves a pointer: every table is then read at a constant distance from it.
"""

import numpy as np

import archimedes as arc

ARGUMENTS = (np.float32(0.0),)
WITHOUT = ("pool-tables",)

SPEEDS = np.array([0.0, 1.0, 2.5, 4.0, 8.0, 12.0])
PROPORTIONAL = np.array([2.0, 1.8, 1.5, 1.1, 0.8, 0.7])
DERIVATIVE_GAIN = np.array([0.1, 0.12, 0.15, 0.2, 0.3, 0.35])


def model(speed):
    return arc.interp(speed, SPEEDS, PROPORTIONAL), arc.interp(speed, SPEEDS, DERIVATIVE_GAIN)
