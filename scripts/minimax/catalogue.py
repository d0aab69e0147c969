"""All fits, by name."""

from __future__ import annotations

from minimax import exp_log_fits, trigonometric_fits
from minimax.fit import Fit

__all__ = ["FITS", "fit_named"]

FITS: tuple[Fit, ...] = (*exp_log_fits.FITS, *trigonometric_fits.FITS)


def fit_named(name: str) -> Fit:
    """The fit of that name."""
    return next(fit for fit in FITS if fit.name == name)
