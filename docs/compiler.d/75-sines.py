"""Sine and cosine of one angle are one call"""

import numpy as np


def model(angle, x, y):
    sine, cosine = np.sin(angle), np.cos(angle)
    return cosine * x - sine * y, sine * x + cosine * y


ARGUMENTS = (np.float32(1.0), np.float32(2.0), np.float32(3.0))
WITHOUT = ("pair-sines",)
