"""The functions of arc_math, how far from the truth each may be, and where its cost is measured."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["RUNTIME", "TESTS", "MathFunction", "math_function", "math_functions"]

RUNTIME = Path(__file__).resolve().parents[2] / "runtime_c"
TESTS = RUNTIME / "tests"

LARGEST_ULP = {"atan2f": 1.5, "hypotf": 1.5, "powf": 2.0}
"""Where more than 1 ulp is allowed."""

TABLE_CALLS: dict[str, tuple[tuple[float, ...], ...]] = {
    "sinf": ((0.3,), (2.1,)),
    "cosf": ((2.1,),),
    "tanf": ((2.1,),),
    "expf": ((0.5,),),
    "logf": ((2.1,),),
    "tanhf": ((0.7,),),
    "sqrtf": ((2.1,),),
    "powf": ((1.3, 2.1),),
    "atan2f": ((0.3, 0.7),),
    "asinf": ((0.3,),),
    "erff": ((0.3,),),
}
"""Calls whose costs are compared with the C library's, all together by their geometric mean."""

SPREAD_1 = (0.01, 0.3, 0.7, 0.95, -0.5, 2.1, -3.0, 9.0, 100.0, 1e6)
SPREAD_2 = ((0.3, 0.5), (2.1, 1.3), (0.7, 0.3), (-3.0, 2.0), (0.95, -0.4), (100.0, 1.0), (1e6, 3.0))
"""Arguments of the wider comparison: small, ordinary, negative, large."""


@dataclass(frozen=True, slots=True)
class MathFunction:
    """A function of arc_math.

    Attributes
    ----------
    name
        As in C, without ``arc_``.
    arguments
        One or two.
    exact
        Whether the result has to be the truth, rounded to nearest.
    """

    name: str
    arguments: int
    exact: bool

    @property
    def largest_ulp(self) -> float:
        """The error that is allowed, in ulp of the true result."""
        return 0.5 if self.exact else LARGEST_ULP.get(self.name, 1.0)

    @property
    def table_calls(self) -> tuple[tuple[float, ...], ...]:
        """Arguments at which the cost counts."""
        return TABLE_CALLS.get(self.name, ())

    @property
    def spread_calls(self) -> tuple[tuple[float, ...], ...]:
        """Arguments of the wider comparison, inside the domain of the function."""
        if self.arguments == 2:
            return tuple((abs(x), y) for x, y in SPREAD_2) if self.name == "powf" else SPREAD_2
        return tuple((x,) for x in SPREAD_1 if _is_inside(self.name, x))


def _is_inside(name: str, x: float) -> bool:
    if name in ("asinf", "acosf", "atanhf"):
        return abs(x) < 1
    if name in ("logf", "log2f", "log10f", "sqrtf"):
        return x > 0
    if name == "log1pf":
        return x > -1
    if name == "acoshf":
        return x >= 1
    return True


@cache
def math_functions() -> tuple[MathFunction, ...]:
    """All of them, as ``runtime_c/tests/sweep_functions.h`` lists them."""
    text = (TESTS / "sweep_functions.h").read_text(encoding="utf-8")
    entries = re.findall(r"^(UNARY|BINARY)\((\w+), (CLOSE|EXACT)\)$", text, re.MULTILINE)
    return tuple(MathFunction(f"{name}f", 1 if kind == "UNARY" else 2, how == "EXACT") for kind, name, how in entries)


def math_function(name: str) -> MathFunction:
    """The function of that name."""
    return next(function for function in math_functions() if function.name == name)
