"""The table of ``arc_powf``: a reciprocal and its logarithm for each of 16 parts of an octave.

The octave begins at 45/64, so that 1 lies inside of a part, whose reciprocal is 1 and whose logarithm is 0: logarithms
of numbers near 1 keep their relative accuracy. The reciprocals have eight fractional bits: their product with a
mantissa of 24 bits is exact in 32 (P. T. P. Tang, "Table-driven implementation of the logarithm function in IEEE
floating-point arithmetic", ACM TOMS 16 (1990)).
"""

from __future__ import annotations

import struct
from fractions import Fraction

from mpmath import mp, mpf

__all__ = ["FIRST_BITS", "LOG_FRACTION_BITS", "PARTS", "entries", "largest_distance"]

FIRST_BITS = 0x3F340000
PARTS = 16
LOG_FRACTION_BITS = 55


def _number(bits: int) -> Fraction:
    return Fraction(struct.unpack("<f", struct.pack("<I", bits))[0])


def _bounds(part: int) -> tuple[Fraction, Fraction]:
    width = (1 << 23) // PARTS
    return _number(FIRST_BITS + part * width), _number(FIRST_BITS + (part + 1) * width)


def _distance(part: int, reciprocal: int) -> Fraction:
    """The largest |m * reciprocal / 256 - 1| in that part."""
    return max(abs(m * reciprocal / 256 - 1) for m in _bounds(part))


def entries() -> list[tuple[int, int]]:
    """For each part 256 times the reciprocal, and -log2 of the reciprocal in Q55."""
    rows = []
    with mp.workdps(40):
        for part in range(PARTS):
            low, high = _bounds(part)
            reciprocal = 256 if low < 1 < high else min(range(128, 512), key=lambda c: _distance(part, c))
            rows.append((reciprocal, int(mp.nint(-mp.log(mpf(reciprocal) / 256, 2) * 2**LOG_FRACTION_BITS))))
    return rows


def largest_distance() -> Fraction:
    """How far from 1 the product of a mantissa and its reciprocal can be."""
    return max(_distance(part, reciprocal) for part, (reciprocal, _) in enumerate(entries()))
