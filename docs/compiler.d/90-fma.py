"""Fused products: other bits

Under `fma="on"` only. Which products are fused is decided first of all, on what the user wrote, so that all goals and
all targets have the same bits.
"""

import numpy as np


def model(a, b, c):
    return a * b + c


ARGUMENTS = tuple(np.float32(k) for k in range(3))
WITHOUT = ("form-fma",)
OPTIONS = {"fma": "on"}
