"""What the cube root of ``runtime_c`` approximates by a polynomial."""

from __future__ import annotations

from mpmath import mp, mpf

from minimax.fit import Fit

__all__ = ["FITS"]

INTEGER_ESTIMATE = 0.10205  # largest |1 - x y^3| of the estimate y that a third of the bits of x gives


def _inverse_root_rest(e: mpf) -> mpf:
    """((1 - e)**(-1/3) - 1) / e"""
    return mp.hyp2f1(mpf(4) / 3, 1, 2, e) / 3


FITS: tuple[Fit, ...] = tuple(
    Fit(
        name=f"inverse_cube_root{count}",
        function=_inverse_root_rest,
        interval=(-INTEGER_ESTIMATE, INTEGER_ESTIMATE),
        powers=tuple(range(count)),
        weight=lambda e: e * mp.cbrt(1 - e),
    )
    for count in (2, 3)
)
