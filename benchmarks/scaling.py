"""How code and times grow with the size of a problem."""

from __future__ import annotations

import math
import subprocess
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np

import archimedes as arc
from benchmarks.competitors import ours
from benchmarks.kernels import ocp
from benchmarks.kernels.kernel import Kernel
from benchmarks.measuring import compile_alone

HORIZONS: Final = (50, 100, 200, 400, 800)
LOOP_HORIZONS: Final = (50, 100, 200, 400)
OPERATIONS: Final = (12_500, 25_000, 50_000, 100_000)
_INPUTS: Final = 16
_LONGEST: Final = 240.0
"""Seconds after which a compiler is stopped; what it did not finish counts as this."""

Announce = Callable[[str], None]


def horizon(steps: int, *, scan: bool) -> Kernel:
    """Gradient of the cost of that many steps of the cart-pole, as a scan or as a loop in Python."""

    def written_out(forces: Any, start: Any) -> Any:
        state, running = start, []
        for k in range(steps):
            state, cost = ocp.step(state, forces[k])
            running.append(cost)
        weights = np.array(ocp.TERMINAL, dtype=np.float32)
        return ocp.PERIOD * np.sum(np.stack(running)) + np.sum(weights * state * state)

    arguments = (np.zeros(steps, np.float32), np.zeros(4, np.float32))
    return Kernel(
        name="ocp",
        function=arc.grad(ocp.cost if scan else written_out, 0),
        arguments=arguments,
        family="loop",
        draw=lambda generator: arguments,
    )


def straight_line(operations: int) -> Kernel:
    """A random program of that many scalar additions, subtractions and products, in which nothing repeats.

    Operands are near: half of them are of the last 32 values, as in code that was written or derived step by step.
    """
    generator = np.random.default_rng(operations)
    kinds = generator.integers(0, 3, operations).tolist()
    near = generator.integers(1, 32, operations).tolist()
    far = generator.random(operations).tolist()

    def program(x: Any) -> Any:
        values = [x[k] for k in range(_INPUTS)]
        for kind, back, position in zip(kinds, near, far, strict=True):
            a, b = (
                values[-min(back, len(values))],
                values[int(position * min(len(values), 256)) - min(len(values), 256)],
            )
            values.append(a + b if kind == 0 else a - b if kind == 1 else a * b)
        return np.stack(values[-_INPUTS:])

    arguments = (np.zeros(_INPUTS, np.float32),)
    return Kernel(name="line", function=program, arguments=arguments, family="straight", draw=lambda _: arguments)


def _measured(kernel: Kernel, size: int, announce: Announce) -> dict[str, Any]:
    announce(f"{kernel.name} of {size}: generating")
    competitor = ours(kernel, optimize="balanced", fma=False)
    row: dict[str, Any] = {"trace_generate_seconds": round(competitor.seconds, 3)}
    announce(f"{kernel.name} of {size}: compiling")
    try:
        compiled = compile_alone(competitor, timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        return row | {"compile_seconds": _LONGEST, "finished": False}
    return row | {"compile_seconds": round(compiled.seconds, 3), "flash": compiled.flash, "finished": True}


def measure_scaling(announce: Announce = lambda what: None) -> dict[str, Any]:
    """All studies, and the bounds they are held to."""
    ours(horizon(10, scan=True), optimize="balanced", fma=False)  # what is done once for a process is done
    scans = {str(n): _measured(horizon(n, scan=True), n, announce) for n in HORIZONS}
    loops = {str(n): _measured(horizon(n, scan=False), n, announce) for n in LOOP_HORIZONS}
    lines = {str(n): _measured(straight_line(n), n, announce) for n in OPERATIONS}
    found = {"horizon as a scan": scans, "horizon as a Python loop": loops, "straight line": lines}
    return found | {"verdicts": _verdicts(scans, loops, lines)}


def exponent(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """Slope of the line through the logarithms, by least squares: time grows as that power of the size.

    Examples
    --------
    >>> round(exponent([1, 2, 4], [3, 6, 12]), 6)
    1.0
    """
    x, y = np.log(np.asarray(sizes, float)), np.log(np.asarray(seconds, float))
    return float(np.polyfit(x, y, 1)[0])


def _verdicts(scans: dict[str, Any], loops: dict[str, Any], lines: dict[str, Any]) -> list[dict[str, Any]]:
    def grows(rows: dict[str, Any], *parts: str) -> float:
        return exponent([float(n) for n in rows], [sum(row[part] for part in parts) for row in rows.values()])

    def line(what: str, measured: float, bound: float, sizes: int, least: int = 1) -> dict[str, Any]:
        return {"what": what, "measured": round(measured, 4), "bound": bound, "kernels": sizes, "least": least}

    both = ("trace_generate_seconds", "compile_seconds")
    flashes = [row["flash"] for row in scans.values() if row["finished"]]
    at_400 = sum(scans["400"][part] for part in both)
    rolled = [loops[n]["flash"] / scans[n]["flash"] for n in loops if loops[n]["finished"]]
    return [
        # The instructions that hold a bound of a loop, and offsets into work arrays, are longer for larger numbers.
        line(
            "optimal control by scan: code, largest / smallest horizon",
            max(flashes) / min(flashes),
            1.05,
            len(flashes),
            len(scans),
        ),
        line("optimal control by scan: exponent of generate + compile time", grows(scans, *both), 1.0, len(scans)),
        line("optimal control by scan: generate + compile, N = 400, seconds", at_400, 2.0, 1),
        line(
            "optimal control: code of a Python loop / of the scan, worst",
            max(rolled, default=math.nan),
            2.0,
            len(rolled),
            len(loops),
        ),
        line("straight line: exponent of trace + generate time", grows(lines, both[0]), 1.15, len(lines)),
        line("straight line: exponent of compile time", grows(lines, both[1]), 1.15, len(lines)),
    ]
