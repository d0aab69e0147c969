"""Reader of the files of NIST's Statistical Reference Datasets, nonlinear regression."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

FloatArray = np.ndarray[Any, np.dtype[np.float64]]

_FIRST_OBSERVATION = 60
"""The files number their lines; observations are those from line 61 on."""

_PARAMETER = re.compile(r"^\s*b\d+\s*=\s*(\S+)\s+(\S+)\s+(\S+)\s+(\S+)\s*$")


@dataclass(frozen=True, slots=True)
class Problem:
    """One regression problem and its certified answer.

    Attributes
    ----------
    name : str
    difficulty : str
        ``Lower``, ``Average`` or ``Higher``, as NIST grades it.
    x : (m,) or (m, k) array
        Predictors.
    y : (m,) array
        Response.
    starts : tuple of two (n,) arrays
        The far start and the near one.
    certified : (n,) array
        Parameters to eleven digits.
    deviation : (n,) array
        Their certified standard deviations.
    sum_of_squares : float
        Certified residual sum of squares.
    """

    name: str
    difficulty: str
    x: FloatArray
    y: FloatArray
    starts: tuple[FloatArray, FloatArray]
    certified: FloatArray
    deviation: FloatArray
    sum_of_squares: float


def read_problem(path: Path) -> Problem:
    """Read ``<name>.dat``.

    Raises
    ------
    ValueError
        The file has no parameter lines, no residual sum of squares or no observations.
    """
    lines = path.read_text(encoding="ascii").splitlines()
    parameters = np.array(
        [[float(number) for number in match.groups()] for match in map(_PARAMETER.match, lines) if match]
    )
    sums = [line.split(":")[1] for line in lines if line.startswith("Residual Sum of Squares:")]
    table = np.array(
        [[float(number) for number in line.split()] for line in lines[_FIRST_OBSERVATION:] if line.strip()]
    )
    if not (parameters.size and sums and table.size):
        raise ValueError(f"{path} is not a file of NIST's nonlinear regression collection")
    grades = [line.split()[0] for line in lines if "Level of Difficulty" in line]
    start1, start2, certified, deviation = parameters.T
    predictors = table[:, 1:]
    return Problem(
        name=path.stem,
        difficulty=grades[0] if grades else "?",
        x=predictors[:, 0].copy() if predictors.shape[1] == 1 else predictors.copy(),
        y=table[:, 0].copy(),
        starts=(start1.copy(), start2.copy()),
        certified=certified.copy(),
        deviation=deviation.copy(),
        sum_of_squares=float(sums[0]),
    )
