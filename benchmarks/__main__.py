"""Measure the generated C against CasADi's and against C written by hand: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import Any

from rich.console import Console

from benchmarks.collection import load_kernels
from benchmarks.kernels.kernel import Kernel
from benchmarks.page import write_page
from benchmarks.plot import write_plot
from benchmarks.running import Plan, measure_kernel
from benchmarks.scaling import measure_scaling
from benchmarks.storage import RESULTS, load, setting, store
from benchmarks.terminal import print_results


def main() -> int:
    """Run what the command line asks for."""
    arguments = _arguments()
    # Where nobody sees how wide the terminal is, the tables are as wide as they need.
    console = Console(width=None if sys.stdout.isatty() else 130)
    results = load(arguments.results)
    failures: list[tuple[str, Exception]] = []
    if not arguments.report:
        plan = Plan(only=tuple(arguments.only) if arguments.only else None)
        if arguments.quick:
            plan = dataclasses.replace(plan, draws=2, turns=1, fused=False)
        keeps = not arguments.quick and not arguments.only
        results = _measured(arguments, load_kernels(arguments.kernel), plan, results, failures, keeps=keeps)
    else:
        _keep(results, arguments.results)
    shown = [kernel.name for kernel in load_kernels(arguments.kernel)]
    print_results({**results, "kernels": {k: v for k, v in results["kernels"].items() if k in shown}}, console)
    for name, failure in failures:
        console.print(f"{name}: {type(failure).__name__}: {failure}", style="red", markup=False)
    return 1 if failures else 0


def _measured(
    arguments: argparse.Namespace,
    kernels: list[Kernel],
    plan: Plan,
    results: dict[str, Any],
    failures: list[tuple[str, Exception]],
    *,
    keeps: bool,
) -> dict[str, Any]:
    """Results with those of the kernels; they are stored after each, so that an interruption takes no other away."""
    results |= setting()
    for kernel in kernels:
        results["kernels"].pop(kernel.name, None)
        try:
            results["kernels"][kernel.name] = measure_kernel(kernel, plan, _announce)
        except Exception as error:  # one kernel must not take the others' results with it
            if arguments.debug:
                raise
            failures.append((kernel.name, error))
        if keeps:
            _keep(results, arguments.results)
    if not arguments.quick and not arguments.kernel:
        results["scaling"] = measure_scaling(_announce)
        if keeps:
            _keep(results, arguments.results)
    return results


def _keep(results: dict[str, Any], path: Path) -> None:
    """Results, and the page and the plot that show those of the project."""
    store(results, path)
    if path == RESULTS:
        write_page(results)
        write_plot(results)


def _announce(what: str) -> None:
    print(f"  {what}", file=sys.stderr, flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--kernel", action="append", default=[], help="only this one (may be repeated)")
    parser.add_argument("--only", action="append", default=[], help="only this competitor (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="few draws, one table, no scaling; nothing is stored")
    parser.add_argument("--report", action="store_true", help="measure nothing: print and plot what is stored")
    parser.add_argument("--results", type=Path, default=RESULTS, help="another file for the results")
    parser.add_argument("--debug", action="store_true", help="stop at the first error, with a traceback")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
