"""Whether competitors are right: a wrong one is an error, not a row of a table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from archimedes.function.backends import CasadiBackend
from archimedes.function.compiled import trace_function
from benchmarks.competitors import Competitor
from benchmarks.kernels.kernel import Kernel
from benchmarks.measuring import Answers

ROUNDING: Final = 2.0**-24
"""Unit of rounding of float32."""


class WrongResultError(AssertionError):
    """A competitor does not compute the kernel."""


def truth(kernel: Kernel, draws: Sequence[tuple[Any, ...]]) -> list[tuple[NDArray[np.float64], ...]]:
    """Outputs in float64 for the float32 arguments of each draw, flat, by CasADi's virtual machine."""
    traced = trace_function(kernel.function, kernel.arguments, name=kernel.name, real=np.float64)
    evaluate = CasadiBackend(traced)
    found = []
    for draw in draws:
        results = evaluate(*(np.asarray(argument, np.float64) for argument in draw))
        found.append(tuple(np.asarray(result, np.float64).ravel() for result in results))
    return found


def require_right(
    competitor: Competitor, answers: Answers, expected: Sequence[tuple[NDArray[np.float64], ...]]
) -> float:
    """The largest error of a competitor, in units of what is allowed.

    Allowed is ``condition`` times the rounding of the largest element of an output: competitors differ in the order of
    sums and in where products are rounded, and the condition of the kernel bounds what becomes of one rounding.

    Raises
    ------
    WrongResultError
        The error is above 1, or the function reports a failure.
    """
    name = f"{competitor.kernel.name}, {competitor.name}"
    if any(answers.statuses):
        raise WrongResultError(f"{name}: the function returned {answers.statuses}")
    worst = 0.0
    for draw, (row, outputs) in enumerate(zip(answers.outputs, expected, strict=True)):
        start = 0
        for output, want in zip(competitor.outputs, outputs, strict=True):
            got = row[start : start + want.size].astype(np.float64)
            start += want.size
            scale = float(np.max(np.abs(want), initial=0.0))
            allowed = competitor.kernel.condition * ROUNDING * scale
            errors = np.abs(got - want)
            if not np.all(errors <= allowed):
                at = int(np.argmax(np.where(np.isnan(errors), np.inf, errors)))
                raise WrongResultError(
                    f"{name}, draw {draw}: {output['name']}[{at}] is {got[at]:.9g}, but {want[at]:.9g} in float64; "
                    f"{allowed:.3g} may be between them"
                )
            if allowed:
                worst = max(worst, float(np.max(errors, initial=0.0)) / allowed)
    return worst


def same_bits(left: Answers, right: Answers) -> bool:
    """Whether two runs gave the same bits; NaNs are all alike."""
    a, b = left.outputs, right.outputs
    return bool(np.all((a.view(np.uint32) == b.view(np.uint32)) | (np.isnan(a) & np.isnan(b))))


def require_same_bits(competitor: Competitor, chip: Answers, host: Answers) -> None:
    """Raise unless the chip computed what this machine computed.

    Raises
    ------
    WrongResultError
    """
    if not same_bits(chip, host):
        raise WrongResultError(
            f"{competitor.kernel.name}, {competitor.name}: the bits on the chip are not those on the host"
        )
