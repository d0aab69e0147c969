"""Measure arc_math: errors, instructions, flash. Prints tables and keeps them in ``docs/math.json``, ``docs/math.md``.

``python scripts/measure_math.py`` measures costs (seconds) and errors over every 1009th argument, and keeps the errors
of earlier full measurements. ``--full`` tries all 2^32 arguments of functions of one argument and 10^8 pairs for the
others: a minute or two for each function and variant. Names restrict either to some functions.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from math_figures import record
from math_figures.contract import MathFunction, math_functions
from math_figures.on_targets import Call, count_instructions, flash_of
from math_figures.sweeps import Sweep, built_sweeper
from math_figures.truth import confirmed_ulp

THINNED_STRIDE, THINNED_PAIRS = 1009, 1_000_000
ALL_PAIRS = 100_000_000
NEAR_BOUND = 1e-6
"""ulp: nearer to the bound than this, the C library's double does not decide."""


def measure_errors(functions: list[MathFunction], *, full: bool, variants: list[str]) -> bool:
    """Sweep each function, and record at once what comes out; whether all keep their bounds."""
    kept = True
    for variant in variants:
        with built_sweeper(fused=variant == "fused") as sweeper:
            for function in functions:
                stride, pairs = (1, ALL_PAIRS) if full else (THINNED_STRIDE, THINNED_PAIRS)
                found = sweeper.sweep(function, stride=stride, pairs=pairs)
                good = found.wrong == 0 and _ulp(function, found) <= function.largest_ulp
                kept &= good
                report = f"{found.ulp:.6f} ulp at {found.x:08x} {found.y:08x}, {found.wrong} wrong"
                print(f"{function.name:12} {variant:6} {report}{'' if good else '  <-- beyond its bound'}", flush=True)
                figures = record.load()
                _keep(figures, function, variant, found)
                record.save(figures)
    return kept


def _ulp(function: MathFunction, found: Sweep) -> float:
    """The error; near the bound, by many digits."""
    if function.exact or abs(found.ulp - function.largest_ulp) > NEAR_BOUND:
        return found.ulp
    return confirmed_ulp(function, found)


def _keep(figures: record.Figures, function: MathFunction, variant: str, found: Sweep) -> None:
    """A thinned sweep does not replace a full one, unless it found more."""
    errors = figures.setdefault(function.name, {}).setdefault("errors", {})
    before = errors.get(variant)
    if before is not None and before["arguments"] > found.arguments and before["ulp"] >= found.ulp:
        return
    words = {"x": f"{found.x:08x}", "y": f"{found.y:08x}"}
    errors[variant] = {"ulp": found.ulp, **words, "arguments": found.arguments, "exact": function.exact}


def measure_costs(functions: list[MathFunction]) -> record.Figures:
    """Instructions and flash on the Cortex-M4F, beside newlib's."""
    figures: record.Figures = {}
    for kind in ("calls", "spread"):
        calls = [
            Call(function.name, arguments)
            for function in functions
            for arguments in (function.table_calls if kind == "calls" else function.spread_calls)
        ]
        plain, fused = count_instructions(calls), count_instructions(calls, fused=True)
        library = count_instructions(calls, library=True)
        for function in functions:
            figures.setdefault(function.name, {})[kind] = []
        for call, counts in zip(calls, zip(plain, fused, library, strict=True), strict=True):
            entry = dict(zip(("plain", "fused", "newlib"), counts, strict=True))
            figures[call.function][kind].append({"arguments": list(call.arguments), **entry})
    for function in functions:
        figures[function.name]["flash"] = {
            "plain": flash_of(function),
            "fused": flash_of(function, fused=True),
            "newlib": flash_of(function, library=True),
        }
    return figures


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("functions", nargs="*", help="names, such as sinf; all without")
    parser.add_argument("--full", action="store_true", help="all arguments")
    parser.add_argument("--variant", choices=["plain", "fused"], help="of the errors; both without")
    parser.add_argument("--no-errors", action="store_true", help="costs only")
    parser.add_argument("--no-costs", action="store_true", help="errors only")
    options = parser.parse_args(arguments)
    functions = [f for f in math_functions() if not options.functions or f.name in options.functions]
    variants = [options.variant] if options.variant else ["plain", "fused"]
    kept = options.no_errors or measure_errors(functions, full=options.full, variants=variants)
    costs = {} if options.no_costs else measure_costs(functions)
    # Read only now: another run may have measured other functions meanwhile.
    figures = record.load()
    for name, entry in costs.items():
        figures.setdefault(name, {}).update(entry)
    record.save(figures)
    record.write_page(figures)
    record.write_header(figures)
    print(record.page_tables(figures))
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
