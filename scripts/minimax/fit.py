"""A polynomial with coefficients that a target holds exactly, fitted to a function; and the error that it leaves."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from fractions import Fraction

import numpy as np
from mpmath import mp, mpf

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
            rounded: list[mpf] = []
            for index in range(len(self.powers)):
                free, _ = remez(target, weight, grid, self.powers[index:])
                coefficient = self.format_of(index).nearest(free[0])
                rounded.append(coefficient)
                target = [t - coefficient * x ** self.powers[index] for t, x in zip(target, grid, strict=True)]
            polished = self._polish(rounded, grid, weight)
            error = largest_error(self, polished)
        return polished, error

    def _polish(self, start: Sequence[mpf], grid: Sequence[mpf], weight: Sequence[mpf]) -> list[Fraction]:
        """Neighbours of single coefficients and of pairs, as long as the largest error shrinks.

        The residual is exact at the start, so float64 is enough for its changes.
        """
        residual = np.array(
            [
                float((self.function(x) - mp.fsum(c * x**p for c, p in zip(start, self.powers, strict=True))) * w)
                for x, w in zip(grid, weight, strict=True)
            ]
        )
        steps = [self.format_of(j).spacing(c) for j, c in enumerate(start)]
        change = np.array(
            [
                [float(step * x**p * w) for x, w in zip(grid, weight, strict=True)]
                for step, p in zip(steps, self.powers, strict=True)
            ]
        )
        moved = _descend(residual, change)
        return [_fraction(c + int(m) * s) for c, m, s in zip(start, moved, steps, strict=True)]


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
