"""All competitors of a kernel, checked and measured: one entry of the results."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, TypeAlias

import numpy as np

from benchmarks.checking import require_right, require_same_bits, same_bits, truth
from benchmarks.competitors import Competitor, competitors_of, ours
from benchmarks.kernels.kernel import Kernel
from benchmarks.measuring import (
    Answers,
    Costs,
    built_for_host,
    compile_alone,
    measure_on_chip,
    run_on_host,
)
from benchmarks.verdicts import best_casadi

Announce: TypeAlias = Callable[[str], None]
Entry: TypeAlias = dict[str, Any]

DRAWS: Final = 5
_SEED: Final = 20
_TURNS: Final = 3


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """How thoroughly to measure.

    Parameters
    ----------
    draws : int
        Random arguments for each kernel.
    turns : int
        Runs of each program on this machine; the shortest time counts.
    fused : bool
        Whether the second table is measured as well.
    only : tuple of str, optional
        Competitors that take part; None: all.
    """

    draws: int = DRAWS
    turns: int = _TURNS
    fused: bool = True
    only: tuple[str, ...] | None = None


def measure_kernel(kernel: Kernel, plan: Plan, announce: Announce = lambda what: None) -> Entry:
    """The results of a kernel, ready for JSON."""
    generator = np.random.default_rng(_SEED)
    draws = [kernel.draw(generator) for _ in range(plan.draws)]
    entry: Entry = {"family": kernel.family, "draws": plan.draws}
    entry["strict"] = _table(kernel, draws, plan, announce, fma=False)
    if plan.fused:
        # Of CasADi's forms the one that is the better in the first table: each is a minute of compiling.
        names = [name for name in entry["strict"] if not name.startswith("casadi-")]
        chosen = dataclasses.replace(plan, only=(*names, best_casadi(entry["strict"])))
        entry["fused"] = _table(kernel, draws, chosen, announce, fma=True)
    if kernel.primal is not None:
        announce(f"{kernel.name}: primal")
        entry["primal"] = _primal(kernel, draws)
    return entry


def _table(kernel: Kernel, draws: Sequence[tuple[Any, ...]], plan: Plan, announce: Announce, *, fma: bool) -> Entry:
    announce(f"{kernel.name}: generating")
    expected = truth(kernel, draws)
    rows: Entry = {}
    competitors = competitors_of(kernel, fma=fma, only=plan.only)
    chip: dict[str, Answers] = {}
    for competitor in competitors:
        announce(f"{kernel.name}: {competitor.name}{' (fused)' * fma}")
        costs, chip[competitor.name] = measure_on_chip(competitor, draws, fma=fma)
        error = require_right(competitor, chip[competitor.name], expected)
        row = _row(competitor, costs) | {"error": round(error, 4)}
        row["bits of arc-balanced"] = same_bits(chip[competitor.name], chip["arc-balanced"])
        if not fma:
            row["compile_seconds"] = round(compile_alone(competitor).seconds, 3)
        rows[competitor.name] = row
    on_host = [one for one in competitors if not fma or one.name.startswith("arc-")]
    announce(f"{kernel.name}: on this machine")
    for name, nanoseconds in _on_host(on_host, draws, chip, plan, fma=fma).items():
        rows[name]["host_ns"] = round(nanoseconds, 1)
    return rows


def _row(competitor: Competitor, costs: Costs) -> Entry:
    row = dataclasses.asdict(costs)
    row["math"] = list(costs.math)
    row["trace_generate_seconds"] = round(competitor.seconds, 4)
    return row


def _on_host(
    competitors: Iterable[Competitor],
    draws: Sequence[tuple[Any, ...]],
    chip: dict[str, Answers],
    plan: Plan,
    *,
    fma: bool,
) -> dict[str, float]:
    """Nanoseconds of a call by competitor, all taking turns; ours have to have the bits of the chip."""
    best: dict[str, float] = {}
    with contextlib.ExitStack() as stack:
        images = [(one, stack.enter_context(built_for_host(one, draws, fma=fma))) for one in competitors]
        for _ in range(plan.turns):
            for competitor, image in images:
                answers = run_on_host(image, competitor, len(draws))
                if competitor.name.startswith("arc-"):
                    require_same_bits(competitor, chip[competitor.name], answers)
                best[competitor.name] = min(best.get(competitor.name, np.inf), answers.nanoseconds)
    return best


def _primal(kernel: Kernel, draws: Sequence[tuple[Any, ...]]) -> Entry:
    """What the scalar function costs whose gradient the kernel is."""
    assert kernel.primal is not None
    primal = dataclasses.replace(kernel, name=f"{kernel.name}_primal", function=kernel.primal, primal=None)
    costs, _ = measure_on_chip(ours(primal, optimize="balanced", fma=False), draws)
    return {"instructions": costs.instructions, "flash": costs.flash}
