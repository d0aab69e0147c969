"""A polynomial with coefficients that a target holds exactly, fitted to a function; and the error that it leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from mpmath import mp, mpf
from scipy.optimize import linprog

from minimax.remez import DIGITS, Real, chebyshev_grid, remez

__all__ = ["Fit", "Format", "fixed_point", "float32", "largest_error"]

POINTS = 600


@dataclasses.dataclass(frozen=True, kw_only=True)
class Format:
    """Which numbers a coefficient may be: `spacing` gives the distance of neighbours around a number."""

    name: str
    spacing: Callable[[mpf], mpf]

    def nearest(self, value: mpf) -> mpf:
        step = self.spacing(value)
        return mp.nint(value / step) * step


def float32(bits: int = 24) -> Format:
    """IEEE 754 single precision, or the part of it with fewer significant ``bits``."""

    def spacing(value: mpf) -> mpf:
        return mpf(2) ** (mp.frexp(value)[1] - bits) if value else mpf(2) ** -149

    return Format(name=f"float32/{bits}", spacing=spacing)


def fixed_point(fraction_bits: int) -> Format:
    """Integers that stand for multiples of 2**-fraction_bits."""
    return Format(name=f"Q{fraction_bits}", spacing=lambda _: mpf(2) ** -fraction_bits)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Fit:
    """What to approximate, by which powers, where, and what an error costs.

    Attributes
    ----------
    name
        As in the comment ``/* fit name: ... */`` above the coefficients in the C source.
    function
        The function of x that the sum of ``c * x**power`` approximates.
    interval
        Lowest and highest x. Where the weight is infinite (zeros of the function), leave the point out.
    powers
        Exponents of the basis, in the order in which the coefficients are rounded.
    weight
        What the error at x is multiplied with: ``1/f(x)`` for the relative error of the final result.
    formats
        One for each power; float32 where there are fewer.
    """

    name: str
    function: Real
    interval: tuple[float, float]
    powers: tuple[int, ...]
    weight: Real
    formats: tuple[Format, ...] = ()

    def format_of(self, index: int) -> Format:
        return self.formats[index] if index < len(self.formats) else float32()

    def solve(self) -> tuple[list[Fraction], float]:
        """Coefficients that the formats hold exactly, in the order of ``powers``, and log2 of the largest error."""
        with mp.workdps(DIGITS):
            grid = chebyshev_grid(mpf(self.interval[0]), mpf(self.interval[1]), POINTS)
            target = [self.function(x) for x in grid]
            weight = [abs(self.weight(x)) for x in grid]
            coefficients, _ = remez(target, weight, grid, self.powers)
            rounded = self._round(coefficients, target, grid, weight)
            polished = self._polish(rounded, grid, weight)
            error = largest_error(self, polished)
        return polished, error

    def _round(
        self, free: Sequence[mpf], target: Sequence[mpf], grid: Sequence[mpf], weight: Sequence[mpf]
    ) -> list[mpf]:
        """Round the coefficients one after another, each time moving those behind to where they are best.

        The powers that are left have a common zero, so that Remez's exchange does not apply; a linear program does.
        """
        coefficients = list(free)
        for index in range(len(self.powers)):
            coefficients[index] = self.format_of(index).nearest(coefficients[index])
            behind = range(index + 1, len(self.powers))
            residual = _residual(coefficients, self.powers, target, grid, weight)
            change = [[x ** self.powers[j] * w for x, w in zip(grid, weight, strict=True)] for j in behind]
            for j, move in zip(behind, _best_moves(residual, change), strict=True):
                coefficients[j] += move
        return coefficients

    def _polish(self, start: Sequence[mpf], grid: Sequence[mpf], weight: Sequence[mpf]) -> list[Fraction]:
        """Neighbours of single coefficients and of pairs, as long as the largest error shrinks.

        The residual is exact at the start, so float64 is enough for its changes.
        """
        target = [self.function(x) for x in grid]
        residual = np.array([float(e) for e in _residual(start, self.powers, target, grid, weight)])
        steps = [self.format_of(j).spacing(c) for j, c in enumerate(start)]
        change = np.array(
            [
                [float(step * x**p * w) for x, w in zip(grid, weight, strict=True)]
                for step, p in zip(steps, self.powers, strict=True)
            ]
        )
        moved = _descend(residual, change)
        return [_fraction(c + int(m) * s) for c, m, s in zip(start, moved, steps, strict=True)]


def _residual(
    coefficients: Sequence[mpf],
    powers: Sequence[int],
    target: Sequence[mpf],
    grid: Sequence[mpf],
    weight: Sequence[mpf],
) -> list[mpf]:
    return [
        (t - mp.fsum(c * x**p for c, p in zip(coefficients, powers, strict=True))) * w
        for t, x, w in zip(target, grid, weight, strict=True)
    ]


def _best_moves(residual: Sequence[mpf], change: Sequence[Sequence[mpf]]) -> list[mpf]:
    """What of each row of ``change`` to subtract so that the largest |residual| is least."""
    if not change:
        return []
    scale = max(abs(e) for e in residual)
    scales = [max(abs(e) for e in row) for row in change]
    columns = np.array([[float(e / s) for e in row] for row, s in zip(change, scales, strict=True)]).T
    right = np.array([float(e / scale) for e in residual])
    bound = np.ones((len(right), 1))
    solution = linprog(
        [0.0] * len(change) + [1.0],
        A_ub=np.vstack([np.hstack([-columns, -bound]), np.hstack([columns, -bound])]),
        b_ub=np.concatenate([-right, right]),
        bounds=[(None, None)] * len(change) + [(0.0, None)],
        method="highs",
    )
    if not solution.success:
        raise ArithmeticError(solution.message)
    return [mpf(float(move)) * scale / s for move, s in zip(solution.x, scales, strict=False)]


def _descend(residual: np.ndarray, change: np.ndarray) -> np.ndarray:
    """Multiples of the rows of ``change`` that, subtracted, make the largest |residual| small."""
    count = len(change)
    moved = np.zeros(count, dtype=int)
    best = np.abs(residual).max()
    improved = True
    while improved:
        improved = False
        for i in range(count):
            for j in range(i, count):
                for a in (-2, -1, 1, 2):
                    for b in (0,) if i == j else (-2, -1, 0, 1, 2):
                        tried = residual - a * change[i] - b * change[j]
                        largest = np.abs(tried).max()
                        if largest < best * (1 - 1e-9):
                            best, residual, improved = largest, tried, True
                            moved[i] += a
                            moved[j] += b
    return moved


def _fraction(value: mpf) -> Fraction:
    sign, mantissa, exponent, _ = value._mpf_
    return Fraction(-int(mantissa) if sign else int(mantissa)) * Fraction(2) ** int(exponent)


def largest_error(fit: Fit, coefficients: Sequence[Fraction], *, points: int = 4 * POINTS + 1) -> float:
    """log2 of the largest weighted error of these coefficients (in the order of ``fit.powers``), on a finer grid."""
    with mp.workdps(DIGITS):
        exact = [mpf(c.numerator) / c.denominator for c in coefficients]
        grid = chebyshev_grid(mpf(fit.interval[0]), mpf(fit.interval[1]), points)
        error = max(
            abs((fit.function(x) - mp.fsum(c * x**p for c, p in zip(exact, fit.powers, strict=True))) * fit.weight(x))
            for x in grid
        )
        return float(mp.log(error, 2))
