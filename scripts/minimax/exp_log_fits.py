"""What the exponential and logarithmic functions of ``runtime_c`` approximate by polynomials."""

from __future__ import annotations

from mpmath import mp, mpf

from minimax.fit import Fit, fixed_point
from minimax.log2_table import largest_distance

__all__ = ["FITS"]

HALF_LN2 = 0.34658  # and what the rounding of x * log2(e) adds
LOG_Z = 0.029438  # ((sqrt(2) - 1) / (sqrt(2) + 1))**2
LOG1P_Z = 0.040001  # (1 / 2 / (2 + 1 / 2))**2
TINY = 2.0**-30
POW_R = float(largest_distance())


def _exp_rest(r: mpf) -> mpf:
    """(exp(r) - 1 - r) / r**2, without cancellation."""
    return mp.hyp1f1(1, 3, r) / 2


def _exp_rest_of_two(r: mpf) -> mpf:
    """(exp(r) - 1 - r - r**2 / 2) / (r**3 / 2), without cancellation."""
    return mp.hyp1f1(1, 4, r) / 3


def _atanh_rest(z: mpf) -> mpf:
    """(atanh(s) / s - 1) / z of z = s**2, without cancellation."""
    return mp.hyp2f1(1, 1.5, 2.5, z) / 3


def _tanh_divisor(z: mpf) -> mpf:
    """D in tanh(x) = x - x**3 / D of z = x**2."""
    x = mp.sqrt(z)
    return z / (1 - mp.tanh(x) / x)


def _sinh_rest(z: mpf) -> mpf:
    """(sinh(x) / x - 1) / z of z = x**2."""
    x = mp.sqrt(z)
    return (mp.sinh(x) / x - 1) / z


def _asinh_divisor(z: mpf) -> mpf:
    """D in asinh(x) = x - x**3 / D of z = x**2."""
    x = mp.sqrt(z)
    return z / (1 - mp.asinh(x) / x)


def _atanh_divisor(z: mpf) -> mpf:
    """D in atanh(x) = x + x**3 / D of z = x**2."""
    return 1 / _atanh_rest(z)


def _acosh_rest(t: mpf) -> mpf:
    """(acosh(1 + t) / sqrt(2 t) - 1) / t."""
    return (mp.acosh(1 + t) / mp.sqrt(2 * t) - 1) / t


def _erf_ratio(z: mpf) -> mpf:
    """erf(x) / x of z = x**2."""
    x = mp.sqrt(z)
    return mp.erf(x) / x


ERFC_BOUNDS = (0.8125, 1.5, 2.5, 3.921875)


def _erfc_fit(part: int) -> Fit:
    """1 - erf(x) around the middle of one of three intervals."""
    low, high = ERFC_BOUNDS[part : part + 2]
    middle = (low + high) / 2
    return Fit(
        name=f"erfc{part}",
        function=lambda t: mp.erfc(middle + t),
        interval=(low - middle, high - middle),
        powers=tuple(range(9)),
        weight=lambda t: 1 / mp.erf(middle + t),
    )


def _log2_slope(r: mpf) -> mpf:
    """log2(1 + r) / r - 1."""
    return mp.log1p(r) / (r * mp.log(2)) - 1


FITS: tuple[Fit, ...] = (
    Fit(
        name="exp",
        function=_exp_rest,
        interval=(-HALF_LN2, HALF_LN2),
        powers=(0, 1, 2, 3, 4),
        weight=lambda r: r * r / mp.exp(r),
    ),
    Fit(
        name="expm1",
        function=_exp_rest_of_two,
        interval=(-HALF_LN2, HALF_LN2),
        powers=(0, 1, 2, 3, 4),
        weight=lambda r: r**3 / 2 / mp.exp(r),
    ),
    Fit(
        name="exp2",
        function=lambda r: (2**r - 1) / r - mpf(1) / 2,
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
        name="log1p",
        function=lambda z: 2 * _atanh_rest(z),
        interval=(TINY, LOG1P_Z),
        powers=(0, 1, 2),
        weight=lambda z: z / 2 / (1 + z * _atanh_rest(z)),
    ),
    Fit(
        name="tanh",
        function=_tanh_divisor,
        interval=(TINY, 0.8101),
        powers=(0, 1, 2, 3),
        weight=lambda z: z / _tanh_divisor(z) ** 2 / (1 - z / _tanh_divisor(z)),
    ),
    Fit(
        name="sinh",
        function=_sinh_rest,
        interval=(TINY, 1.0),
        powers=(0, 1, 2, 3),
        weight=lambda z: z / (1 + z * _sinh_rest(z)),
    ),
    Fit(
        name="asinh",
        function=_asinh_divisor,
        interval=(TINY, 0.25),
        powers=(0, 1, 2, 3, 4),
        weight=lambda z: z / _asinh_divisor(z) ** 2 / (1 - z / _asinh_divisor(z)),
    ),
    Fit(
        name="acosh",
        function=_acosh_rest,
        interval=(TINY, 0.5),
        powers=(0, 1, 2, 3, 4),
        weight=lambda t: t / (1 + t * _acosh_rest(t)),
    ),
    Fit(
        name="atanh",
        function=_atanh_divisor,
        interval=(TINY, 0.25),
        powers=(0, 1, 2, 3, 4),
        weight=lambda z: z / _atanh_divisor(z) ** 2 / (1 + z / _atanh_divisor(z)),
    ),
    Fit(
        name="erf",
        function=lambda z: _erf_ratio(z) - 1,
        interval=(TINY, 0.8125**2),
        powers=(0, 1, 2, 3, 4, 5),
        weight=lambda z: 1 / _erf_ratio(z),
    ),
    *(_erfc_fit(part) for part in range(3)),
    Fit(
        name="pow_log2",
        function=_log2_slope,
        interval=(-POW_R, POW_R),
        powers=(0, 1, 2, 3, 4, 5),
        weight=lambda r: 1 / (1 + _log2_slope(r)),
        formats=(fixed_point(32), *(fixed_point(29),) * 5),
    ),
    Fit(
        name="pow_exp2",
        function=lambda u: mpf(2) ** (u + mpf(1) / 2),
        interval=(-0.5, 0.5),
        powers=(0, 1, 2, 3, 4, 5, 6),
        weight=lambda u: mpf(2) ** -(u + mpf(1) / 2),
        formats=(fixed_point(30),) * 7,
    ),
)
