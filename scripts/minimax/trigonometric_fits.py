"""What the trigonometric functions of ``runtime_c`` approximate by polynomials."""

from __future__ import annotations

from mpmath import mp, mpf

from minimax.fit import Fit

__all__ = ["FITS"]

QUARTER_PI = 0.78541  # and what the rounding of x * 2/pi adds
TANGENT_EDGE = 0.59375  # from here on the tangent is the cotangent of what is lacking to pi/2
TINY = 1e-4  # nearer to zero the differences below lose digits, and the weight vanishes anyway


def _sine_rest(z: mpf) -> mpf:
    """(sin(r) - r) / r**3, of z = r**2."""
    r = mp.sqrt(z)
    return (mp.sin(r) - r) / (r * z)


def _cosine_rest(z: mpf) -> mpf:
    """(cos(r) - 1 + r**2/2) / r**4, of z = r**2."""
    return (mp.cos(mp.sqrt(z)) - 1 + z / 2) / (z * z)


def _tangent_rest(z: mpf) -> mpf:
    """(tan(r) - r) / r**3, of z = r**2."""
    r = mp.sqrt(z)
    return (mp.tan(r) - r) / (r * z)


def _cotangent_rest(z: mpf) -> mpf:
    """(1/r - cot(r)) / r, of z = r**2."""
    r = mp.sqrt(z)
    return (1 / r - mp.cot(r)) / r


def _arc_tangent_rest(z: mpf) -> mpf:
    """(atan(q) - q) / q**3, of z = q**2."""
    q = mp.sqrt(z)
    return (mp.atan(q) - q) / (q * z)


def _arc_sine_rest(z: mpf) -> mpf:
    """(asin(s) - s) / s**3, of z = s**2."""
    s = mp.sqrt(z)
    return (mp.asin(s) - s) / (s * z)


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
    Fit(
        name="tangent",
        function=_tangent_rest,
        interval=(TINY, TANGENT_EDGE**2),
        powers=tuple(range(5)),
        weight=lambda z: mp.sqrt(z) ** 3 / mp.tan(mp.sqrt(z)),
    ),
    Fit(
        name="cotangent",
        function=_cotangent_rest,
        interval=(TINY, QUARTER_PI**2),
        powers=tuple(range(4)),
        weight=lambda z: mp.sqrt(z) * mp.tan(mp.sqrt(z)),
    ),
    Fit(
        name="edge_cotangent",
        function=lambda z: _cotangent_rest(z) - mpf(3) / 8,
        interval=((mp.pi / 4 - 1e-3) ** 2, (mp.pi / 2 - TANGENT_EDGE) ** 2),
        powers=tuple(range(4)),
        weight=lambda z: mp.sqrt(z) * mp.tan(mp.sqrt(z)),
    ),
    Fit(
        name="arc_tangent",
        function=_arc_tangent_rest,
        interval=(TINY, 0.25),
        powers=tuple(range(5)),
        weight=lambda z: mp.sqrt(z) ** 3 / mp.atan(mp.sqrt(z)),
    ),
    Fit(
        name="arc_sine",
        function=_arc_sine_rest,
        interval=(TINY, 0.25),
        powers=tuple(range(5)),
        weight=lambda z: mp.sqrt(z) ** 3 / mp.asin(mp.sqrt(z)),
    ),
)
