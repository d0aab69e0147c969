"""The polynomials of the functions of arc_math leave the errors that the C sources state."""

from __future__ import annotations

import re
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from minimax.catalogue import FITS
from minimax.fit import Fit, largest_error
from minimax.log2_table import LOG_FRACTION_BITS, entries
from minimax.remez import chebyshev_grid, remez
from mpmath import mp, mpf

ROOT = Path(__file__).resolve().parents[2]

SOURCES = sorted((ROOT / "runtime_c" / "src").glob("arc_*.[ch]"))
POWF = ROOT / "runtime_c" / "src" / "arc_powf.c"


def _stated(fit: Fit) -> tuple[str, str]:
    """The comment of a fit, and the code behind it up to the end of the function or of the table's row."""
    for source in SOURCES:
        text = source.read_text(encoding="utf-8")
        found = re.search(rf"(fit {fit.name}: [^*]*)\*/(.*?)(\n}}|}}}})", text, re.DOTALL)
        if found:
            return re.sub(r"\s+", " ", found[1]), found[2]
    raise AssertionError(f"no source has a comment 'fit {fit.name}: ...'")


def _numbers(code: str) -> list[Fraction]:
    """Float32 and integer literals of some C, with the sign in front of them."""
    numbers = []
    for sign, digits in re.findall(r"(-?)\s*\b(\d+\.\d+(?:e-?\d+)?f|\d+u?)(?!\w)", code):
        value = Fraction(float(np.float32(digits[:-1]))) if digits.endswith("f") else Fraction(int(digits.rstrip("u")))
        numbers.append(-value if sign else value)
    return numbers


def _coefficients(fit: Fit, code: str) -> list[Fraction]:
    """Those of the literals, one behind the other and from the highest power, that are a fit: the nearest to it."""
    scales = [
        2 ** int(name[1:]) if (name := fit.format_of(j).name).startswith("Q") else 1 for j in range(len(fit.powers))
    ]
    numbers = _numbers(code)
    windows = [numbers[start : start + len(scales)][::-1] for start in range(len(numbers) - len(scales) + 1)]
    scaled = [[c / s for c, s in zip(window, scales, strict=True)] for window in windows]
    return min(scaled, key=lambda window: largest_error(fit, window, points=9))


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.name)
def test_the_error_is_the_one_in_the_comment(fit: Fit) -> None:
    comment, code = _stated(fit)
    error = largest_error(fit, _coefficients(fit, code))
    assert f"2^{error:.2f} of" in comment
    bounds = [float(number) for number in re.findall(r"from (\S+) to ([^\s,]+)", comment)[0]]
    assert bounds == pytest.approx(fit.interval, rel=2e-3)


@pytest.mark.parametrize("fit", FITS, ids=lambda fit: fit.name)
def test_the_script_finds_nothing_better(fit: Fit) -> None:
    """Rounded coefficients are a search, not a proof; the ones in use are as good as what the script finds now."""
    comment, _ = _stated(fit)
    stated = float(re.findall(r"2\^(-[\d.]+)", comment)[0])
    _, found = fit.solve()
    assert found > stated - 0.05


def test_table_of_logarithms() -> None:
    text = POWF.read_text(encoding="utf-8")
    logarithms = re.findall(r"INT64_C\((-?\d+)\),", text)
    reciprocals = re.findall(r"\d+", re.findall(r"ARC_POW_RECIPROCAL\[16\] = \{(.*?)\}", text, re.DOTALL)[0])
    assert list(zip(map(int, reciprocals), map(int, logarithms), strict=True)) == entries()


def test_logarithms_of_the_table_against_float64() -> None:
    for reciprocal, logarithm in entries():
        assert logarithm / 2**LOG_FRACTION_BITS == pytest.approx(-np.log2(reciprocal / 256), abs=2e-16)


def test_remez_finds_the_chebyshev_polynomial() -> None:
    """The best approximation of x**5 on [-1, 1] by lower powers leaves T5(x) / 16: an error of 1/16."""
    with mp.workdps(40):
        grid = chebyshev_grid(mpf(-1), mpf(1), 601)
        coefficients, error = remez([x**5 for x in grid], [mpf(1)] * len(grid), grid, range(5))
    assert float(error) == pytest.approx(1 / 16, rel=1e-4)
    assert [float(c) for c in coefficients] == pytest.approx([0, -5 / 16, 0, 5 / 4, 0], abs=1e-4)
