"""Print the coefficients of the polynomials in ``runtime_c``: ``python scripts/fit_polynomials.py [NAME...]``.

Nothing is drawn at random: every run prints the same. A name may be the beginning of several.
"""

from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
from minimax.catalogue import FITS
from minimax.fit import Fit


def literal(coefficient: Fraction, fit: Fit, index: int) -> str:
    """As C writes it: nine decimals name a float32, integers stand for themselves."""
    kind = fit.format_of(index).name
    if kind.startswith("Q"):
        return f"{int(coefficient * 2 ** int(kind[1:]))} /* {kind} */"
    return f"{np.float32(float(coefficient)):.9g}f"


def main(names: list[str]) -> None:
    for fit in FITS:
        if names and not any(fit.name.startswith(name) for name in names):
            continue
        coefficients, error = fit.solve()
        low, high = fit.interval
        print(f"/* fit {fit.name}: x from {low} to {high}, largest error 2^{error:.2f} */")
        for index, (power, coefficient) in enumerate(zip(fit.powers, coefficients, strict=True)):
            print(f"  x^{power}: {literal(coefficient, fit, index)}")


if __name__ == "__main__":
    main(sys.argv[1:])
