"""Best uniform approximation by a sum of powers, with a weight: Remez's exchange in high precision.

References
----------
E. Y. Remez, "Sur le calcul effectif des polynomes d'approximation de Tchebichef", C. R. Acad. Sci. Paris 199 (1934).
N. Brisebarre and S. Chevillard, "Efficient polynomial L-infinity approximations", ARITH-18 (2007): why the
coefficients are rounded one after another, with the rest fitted again.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mpmath import mp, mpf

__all__ = ["DIGITS", "Real", "chebyshev_grid", "remez"]

DIGITS = 40
"""Decimal digits of the working precision."""

Real = Callable[[mpf], mpf]


def chebyshev_grid(low: mpf, high: mpf, count: int) -> list[mpf]:
    """Extrema of a Chebyshev polynomial on [low, high], ascending: dense where the error oscillates fastest."""
    middle, radius = (low + high) / 2, (high - low) / 2
    return [middle - radius * mp.cos(mp.pi * j / (count - 1)) for j in range(count)]


def remez(
    target: Sequence[mpf], weight: Sequence[mpf], grid: Sequence[mpf], powers: Sequence[int], *, rounds: int = 40
) -> tuple[list[mpf], mpf]:
    """Coefficients of the sum of ``c * x**power`` that is nearest to ``target`` on ``grid``.

    Parameters
    ----------
    target, weight
        Values on the grid. What is minimised is the largest ``abs(target - sum) * weight``.
    grid
        Ascending points, not zero where a weight is infinite there.
    powers
        Exponents of the basis.

    Returns
    -------
    tuple
        The coefficients, and the largest weighted error.
    """
    count = len(powers) + 1
    basis = [[x**power for power in powers] for x in grid]
    reference = [round(j * (len(grid) - 1) / (count - 1)) for j in range(count)]  # extrema of a Chebyshev polynomial
    # Where the error alternates more often than it must, the exchange may go in circles: the best round counts.
    best: list[mpf] = []
    smallest = mpf("inf")
    for _ in range(rounds):
        matrix = mp.matrix(count, count)
        right = mp.matrix(count, 1)
        for row, at in enumerate(reference):
            for column, value in enumerate(basis[at]):
                matrix[row, column] = value
            matrix[row, count - 1] = (-1) ** row / weight[at]
            right[row] = target[at]
        solution = mp.lu_solve(matrix, right)
        coefficients, levelled = list(solution[: count - 1]), abs(solution[count - 1])
        error = [(t - mp.fdot(coefficients, row)) * w for t, row, w in zip(target, basis, weight, strict=True)]
        largest = max(abs(e) for e in error)
        if largest < smallest:
            best, smallest = coefficients, largest
        if largest <= levelled * (1 + mpf(10) ** -4):
            break
        reference = _exchange(error, count)
    return best, smallest


def _exchange(error: Sequence[mpf], count: int) -> list[int]:
    """The extrema of alternating sign: the ``count`` neighbouring ones that hold the largest."""
    extrema: list[int] = []
    for at, value in enumerate(error):
        if extrema and (error[extrema[-1]] > 0) == (value > 0):
            if abs(value) > abs(error[extrema[-1]]):
                extrema[-1] = at
        else:
            extrema.append(at)
    while len(extrema) > count:
        drop_first = abs(error[extrema[0]]) < abs(error[extrema[-1]])
        extrema.pop(0 if drop_first else -1)
    if len(extrema) < count:
        raise ArithmeticError(f"{len(extrema)} alternations, {count} needed: is the grid too coarse?")
    return extrema
