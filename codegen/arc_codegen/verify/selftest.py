"""Names of the checks that a machine makes of its own arithmetic; the bits are those of ``arc_selftest.h``."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

CHECKS: Final = MappingProxyType(
    {
        0: ("SUBNORMAL_IN", "subnormal operands are taken as zero"),
        1: ("SUBNORMAL_OUT", "subnormal results become zero"),
        2: ("ROUNDING", "results are not rounded to nearest, ties to even"),
        3: ("CONTRACTION", "products and sums are fused"),
        4: ("EXCESS_PRECISION", "results keep more digits than their type has"),
        5: ("DIVISION", "a quotient is not correctly rounded"),
        6: ("NONFINITE", "infinities or NaN do not come out or compare as they should"),
        7: ("SIGNED_ZERO", "the sign of a zero is lost"),
        8: ("INT_TO_FLOAT", "an integer does not become the nearest float"),
        9: ("FLOAT_TO_INT", "a float does not become an integer by dropping its fraction"),
        10: ("INTEGERS", "integers do not divide towards zero or shift as in two's complement"),
        11: ("REASSOCIATION", "sums are reassociated"),
        12: ("FORMAT", "float is not IEEE 754 binary32"),
        13: ("FPSCR_FZ", "the FPU's control register says flush-to-zero"),
        14: ("FPSCR_RMODE", "the FPU's control register says another rounding mode"),
        15: ("FPSCR_DN", "the FPU's control register says default NaN"),
        16: ("DOUBLE_SUBNORMAL", "subnormal doubles are taken as zero or become zero"),
        17: ("DOUBLE_ROUNDING", "operations on double are not rounded to nearest, or are fused"),
        18: ("DOUBLE_DIVISION", "a quotient of doubles is not correctly rounded"),
        19: ("DOUBLE_CONVERSION", "conversions of double are not correctly rounded"),
    }
)
"""Bit -> name behind ``ARC_SELFTEST_``, and what it means if the bit is set."""

ADVICE: Final = frozenset(["FPSCR_DN"])
"""Those that change no result."""


def names_of(mask: int) -> list[str]:
    """Names of the bits of a mask.

    Examples
    --------
    >>> names_of(0b1001)
    ['SUBNORMAL_IN', 'CONTRACTION']
    """
    return [name for bit, (name, _) in CHECKS.items() if mask >> bit & 1] + [
        f"BIT_{bit}" for bit in range(32) if bit not in CHECKS and mask >> bit & 1
    ]


def disqualifying(mask: int, *, doubles: bool) -> list[str]:
    """What keeps a machine from giving the bits that it should, in words.

    Parameters
    ----------
    mask : int
        What failed.
    doubles : bool
        Whether anything computes in double.
    """
    meaning = dict(CHECKS.values())
    return [
        f"{name}: {meaning.get(name, 'not known to this version')}"
        for name in names_of(mask)
        if name not in ADVICE and (doubles or not name.startswith("DOUBLE_"))
    ]
