"""The bounds that this project sets itself, and what was measured against each."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

Entry: TypeAlias = Mapping[str, Any]
Row: TypeAlias = Mapping[str, Any]

REPETITIVE: Final = ("quadrotor", "arm", "ocp")
LEAST_HAND_WRITTEN: Final = 10
WORD: Final = 4
"""Bytes; a function that needs no memory at all counts as one that needs a word, so that there is a ratio."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One bound.

    Parameters
    ----------
    what : str
    measured : float
        NaN where nothing was measured.
    bound : float
        The most that is allowed.
    kernels : int
        How many kernels it is over.
    where : str
        The kernel that it is of, for a worst case.
    least : int
        How many kernels it has to be over.
    """

    what: str
    measured: float
    bound: float
    kernels: int
    where: str = ""
    least: int = 1

    @property
    def met(self) -> bool:
        return self.kernels >= self.least and self.measured <= self.bound


def geometric_mean(ratios: Iterable[float]) -> float:
    """NaN of nothing.

    Examples
    --------
    >>> geometric_mean([0.5, 2.0])
    1.0
    """
    logs = [math.log(ratio) for ratio in ratios]
    return math.exp(math.fsum(logs) / len(logs)) if logs else math.nan


def best_casadi(rows: Mapping[str, Row]) -> str:
    """CasADi's way with the fewest instructions; the smaller one where two have the same."""
    names = [name for name in rows if name.startswith("casadi-")]
    return min(names, key=lambda name: (rows[name]["instructions"], rows[name]["flash"]), default="")


def ratios(
    kernels: Mapping[str, Entry], one: str, other: str | Callable[[Mapping[str, Row]], str], what: str
) -> dict[str, float]:
    """What a competitor costs, in units of another's, by kernel."""
    found = {}
    for name, entry in kernels.items():
        rows = entry["strict"]
        against = other if isinstance(other, str) else other(rows)
        if one in rows and against in rows:
            found[name] = max(rows[one][what], WORD) / max(rows[against][what], WORD)
    return found


def verdicts(results: Mapping[str, Any]) -> list[Verdict]:
    """All bounds in the order in which they are stated."""
    kernels: Mapping[str, Entry] = results["kernels"]
    found: list[Verdict] = []

    def mean_and_worst(
        label: str, values: Mapping[str, float], mean: float, worst: float | None = None, *, least: int = 1
    ) -> None:
        found.append(Verdict(f"{label}, geometric mean", geometric_mean(values.values()), mean, len(values), "", least))
        if worst is not None:
            where = max(values, key=lambda name: values[name], default="")
            found.append(Verdict(f"{label}, worst", values.get(where, math.nan), worst, len(values), where, least))

    def of_family(straight: bool) -> dict[str, Entry]:
        return {name: entry for name, entry in kernels.items() if (entry["family"] == "straight") == straight}

    hand = LEAST_HAND_WRITTEN
    speed, balanced, size = "arc-speed", "arc-balanced", "arc-size"
    tuned, plain = "hand-tuned", "hand-plain"
    mean_and_worst("speed / tuned: instructions", ratios(kernels, speed, tuned, "instructions"), 1.0, 1.15, least=hand)
    mean_and_worst("speed / tuned: flash", ratios(kernels, speed, tuned, "flash"), 1.3, least=hand)
    mean_and_worst(
        "balanced / plain: instructions", ratios(kernels, balanced, plain, "instructions"), 0.95, 1.10, least=hand
    )
    mean_and_worst("balanced / plain: flash", ratios(kernels, balanced, plain, "flash"), 1.2, 1.6, least=hand)
    mean_and_worst("balanced / plain: RAM", ratios(kernels, balanced, plain, "ram"), 1.1, 1.5, least=hand)
    mean_and_worst("speed / CasADi: instructions", ratios(kernels, speed, best_casadi, "instructions"), 0.75, 1.0)
    mean_and_worst("balanced / CasADi: instructions", ratios(kernels, balanced, best_casadi, "instructions"), 0.85, 1.1)
    for straight, label, flash, ram in ((False, "array and loop", 0.10, 0.3), (True, "straight-line", 0.5, 0.8)):
        chosen = of_family(straight)
        mean_and_worst(f"balanced / CasADi, {label}: flash", ratios(chosen, balanced, best_casadi, "flash"), flash)
        mean_and_worst(f"balanced / CasADi, {label}: RAM", ratios(chosen, balanced, best_casadi, "ram"), ram)
    repetitive = {name: entry for name, entry in kernels.items() if name in REPETITIVE}
    mean_and_worst(
        "size / balanced, repetitive: flash", ratios(repetitive, size, balanced, "flash"), 0.7, least=len(REPETITIVE)
    )
    for label, what, one in (("speed", "instructions", speed), ("size", "flash", size)):
        beside = ratios(kernels, one, balanced, what)
        where = max(beside, key=lambda name: beside[name], default="")
        worst = beside.get(where, math.nan)
        found.append(Verdict(f"{label} / balanced: {what}, worst", worst, 1.0, len(beside), where))
    gradients = {
        name: entry["strict"][balanced]["instructions"] / entry["primal"]["instructions"]
        for name, entry in kernels.items()
        if "primal" in entry
    }
    mean_and_worst("gradient / primal: instructions", gradients, 3.0, 5.0)
    found += [Verdict(**line) for line in results.get("scaling", {}).get("verdicts", [])]
    return found
