"""What the exponential and logarithmic functions of ``runtime_c`` approximate by polynomials."""

from __future__ import annotations

from mpmath import mp, mpf

from minimax.fit import Fit

__all__ = ["FITS"]

HALF_LN2 = 0.34658  # and what the rounding of x * log2(e) adds
LOG_Z = 0.029438  # ((sqrt(2) - 1) / (sqrt(2) + 1))**2
TINY = 2.0**-30


def _exp_rest(r: mpf) -> mpf:
    """(exp(r) - 1 - r) / r**2, without cancellation."""
    return mp.hyp1f1(1, 3, r) / 2


def _atanh_rest(z: mpf) -> mpf:
    """(atanh(s) / s - 1) / z of z = s**2, without cancellation."""
    return mp.hyp2f1(1, 1.5, 2.5, z) / 3


def _tanh_rest(z: mpf) -> mpf:
    """(tanh(x) / x - 1) / z of z = x**2."""
    x = mp.sqrt(z)
    return (mp.tanh(x) / x - 1) / z


FITS: tuple[Fit, ...] = (
    Fit(
        name="exp",
        function=_exp_rest,
        interval=(-HALF_LN2, HALF_LN2),
        powers=(0, 1, 2, 3, 4),
        weight=lambda r: r * r / mp.exp(r),
    ),
    Fit(
        name="exp2",
        function=lambda r: (2**r - 1) / r,
        interval=(-0.5, 0.5),
        powers=(0, 1, 2, 3, 4, 5),
        weight=lambda r: r / 2**r,
    ),
    Fit(
        name="log",
        function=lambda z: 2 * _atanh_rest(z),
        interval=(TINY, LOG_Z),
        powers=(0, 1, 2),
        weight=lambda z: z / 2 / (1 + z * _atanh_rest(z)),
    ),
    Fit(
        name="tanh",
        function=_tanh_rest,
        interval=(TINY, 1.0),
        powers=(0, 1, 2, 3, 4, 5, 6),
        weight=lambda z: z / (1 + z * _tanh_rest(z)),
    ),
)
