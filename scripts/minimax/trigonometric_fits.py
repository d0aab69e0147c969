"""What the trigonometric functions of ``runtime_c`` approximate by polynomials."""

from __future__ import annotations

from minimax.fit import Fit
from mpmath import mp, mpf

__all__ = ["FITS"]

QUARTER_PI = 0.78541  # and what the rounding of x * 2/pi adds
TINY = 1e-4  # where the leading term is exact, the weight of the rest vanishes


def _sine_rest(z: mpf) -> mpf:
    """(sin(r) - r) / r**3, of z = r**2, by its series: no cancellation."""
    return mp.nsum(lambda n: (-1) ** int(n) * z ** (n - 1) / mp.factorial(2 * n + 1), [1, mp.inf])


def _cosine_rest(z: mpf) -> mpf:
    """(cos(r) - 1 + r**2/2) / r**4, of z = r**2."""
    return mp.nsum(lambda n: (-1) ** int(n) * z ** (n - 2) / mp.factorial(2 * n), [2, mp.inf])


FITS: tuple[Fit, ...] = (
    Fit(
        name="sine",
        function=_sine_rest,
        interval=(TINY, QUARTER_PI**2),
        powers=(0, 1, 2),
        weight=lambda z: mp.sqrt(z) ** 3 / mp.sin(mp.sqrt(z)),
    ),
    Fit(
        name="cosine",
        function=_cosine_rest,
        interval=(TINY, QUARTER_PI**2),
        powers=(0, 1, 2),
        weight=lambda z: z * z / mp.cos(mp.sqrt(z)),
    ),
)
