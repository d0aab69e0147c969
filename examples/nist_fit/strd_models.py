"""The residuals of NIST's nonlinear regression problems, as anyone would write them in NumPy.

``b`` holds the parameters, ``x`` the predictor and ``y`` the response, one element an observation; each function
returns the residual of every observation. The formulas are those printed in the files of the collection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any
"""A NumPy array, or what stands for one while a function is traced."""


def saturation(b: Array, x: Array, y: Array) -> Array:
    """Misra1a, BoxBOD."""
    return y - b[0] * (1 - np.exp(-b[1] * x))


def chwirut(b: Array, x: Array, y: Array) -> Array:
    """Chwirut2: ultrasonic calibration."""
    return y - np.exp(-b[0] * x) / (b[1] + b[2] * x)


def power(b: Array, x: Array, y: Array) -> Array:
    """DanWood."""
    return y - b[0] * x ** b[1]


def three_exponentials(b: Array, x: Array, y: Array) -> Array:
    """Lanczos1, Lanczos3."""
    return y - (b[0] * np.exp(-b[1] * x) + b[2] * np.exp(-b[3] * x) + b[4] * np.exp(-b[5] * x))


def two_gaussians(b: Array, x: Array, y: Array) -> Array:
    """Gauss1, Gauss3: two peaks on a decaying baseline."""
    baseline = b[0] * np.exp(-b[1] * x)
    first = b[2] * np.exp(-((x - b[3]) ** 2) / b[4] ** 2)
    second = b[5] * np.exp(-((x - b[6]) ** 2) / b[7] ** 2)
    return y - (baseline + first + second)


def kirby(b: Array, x: Array, y: Array) -> Array:
    """Kirby2: quadratic over quadratic."""
    return y - (b[0] + b[1] * x + b[2] * x**2) / (1 + b[3] * x + b[4] * x**2)


def rational_cubic(b: Array, x: Array, y: Array) -> Array:
    """Hahn1, Thurber: cubic over cubic."""
    return y - (b[0] + b[1] * x + b[2] * x**2 + b[3] * x**3) / (1 + b[4] * x + b[5] * x**2 + b[6] * x**3)


def nelson(b: Array, x: Array, y: Array) -> Array:
    """Nelson: two predictors, the columns of ``x``; the residual is in the logarithm."""
    time, temperature = x[:, 0], x[:, 1]
    return np.log(y) - (b[0] - b[1] * time * np.exp(-b[2] * temperature))


def mgh09(b: Array, x: Array, y: Array) -> Array:
    """MGH09: Kowalik and Osborne's function."""
    return y - b[0] * (x**2 + x * b[1]) / (x**2 + x * b[2] + b[3])


def mgh10(b: Array, x: Array, y: Array) -> Array:
    """MGH10: Meyer's function."""
    return y - b[0] * np.exp(b[1] / (x + b[2]))


def mgh17(b: Array, x: Array, y: Array) -> Array:
    """MGH17: Osborne's first function."""
    return y - (b[0] + b[1] * np.exp(-x * b[3]) + b[2] * np.exp(-x * b[4]))


def roszman(b: Array, x: Array, y: Array) -> Array:
    """Roszman1: quantum defects."""
    return y - (b[0] - b[1] * x - np.arctan(b[2] / (x - b[3])) / np.pi)


def enso(b: Array, x: Array, y: Array) -> Array:
    """ENSO: three cycles, the first a year of twelve months."""
    level = b[0]
    year = b[1] * np.cos(2 * np.pi * x / 12) + b[2] * np.sin(2 * np.pi * x / 12)
    second = b[4] * np.cos(2 * np.pi * x / b[3]) + b[5] * np.sin(2 * np.pi * x / b[3])
    third = b[7] * np.cos(2 * np.pi * x / b[6]) + b[8] * np.sin(2 * np.pi * x / b[6])
    return y - (level + year + second + third)


def eckerle(b: Array, x: Array, y: Array) -> Array:
    """Eckerle4: transmittance."""
    return y - (b[0] / b[1]) * np.exp(-0.5 * ((x - b[2]) / b[1]) ** 2)


def logistic(b: Array, x: Array, y: Array) -> Array:
    """Rat42: sigmoidal growth."""
    return y - b[0] / (1 + np.exp(b[1] - b[2] * x))


def generalised_logistic(b: Array, x: Array, y: Array) -> Array:
    """Rat43: sigmoidal growth."""
    return y - b[0] / ((1 + np.exp(b[1] - b[2] * x)) ** (1 / b[3]))


def bennett(b: Array, x: Array, y: Array) -> Array:
    """Bennett5: superconductivity."""
    return y - b[0] * (b[1] + x) ** (-1 / b[2])


RESIDUALS: dict[str, Callable[[Array, Array, Array], Array]] = {
    "Bennett5": bennett,
    "BoxBOD": saturation,
    "Chwirut2": chwirut,
    "DanWood": power,
    "ENSO": enso,
    "Eckerle4": eckerle,
    "Gauss1": two_gaussians,
    "Gauss3": two_gaussians,
    "Hahn1": rational_cubic,
    "Kirby2": kirby,
    "Lanczos1": three_exponentials,
    "Lanczos3": three_exponentials,
    "MGH09": mgh09,
    "MGH10": mgh10,
    "MGH17": mgh17,
    "Misra1a": saturation,
    "Nelson": nelson,
    "Rat42": logistic,
    "Rat43": generalised_logistic,
    "Roszman1": roszman,
    "Thurber": rational_cubic,
}
"""Residual function of each problem by the name of its file."""
