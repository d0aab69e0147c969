"""Measure the generated C against CasADi's and against C written by hand: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import dataclasses
import sys

from rich.console import Console

from benchmarks.collection import load_kernels
from benchmarks.running import Plan, measure_kernel
from benchmarks.storage import load, setting, store
from benchmarks.terminal import print_results


def main() -> int:
    """Run what the command line asks for."""
    arguments = _arguments()
    console = Console(width=None if sys.stdout.isatty() else 140)
    kernels = load_kernels(arguments.kernel)
    plan = Plan(only=tuple(arguments.only) if arguments.only else None)
    if arguments.quick:
        plan = dataclasses.replace(plan, draws=2, turns=1, fused=False)
    results = load()
    results |= setting()
    measured = {}
    failures = []
    for kernel in kernels:
        try:
            measured[kernel.name] = measure_kernel(
                kernel, plan, lambda what: print(f"  {what}", file=sys.stderr, flush=True)
            )
        except Exception as error:  # one kernel must not take the others' results with it
            if arguments.debug:
                raise
            failures.append((kernel.name, error))
    results["kernels"] |= measured
    print_results({**results, "kernels": measured} if arguments.kernel else results, console)
    if not arguments.quick and not arguments.only:
        store(results)
    for name, failure in failures:
        console.print(f"{name}: {type(failure).__name__}: {failure}", style="red", markup=False)
    return 1 if failures else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--kernel", action="append", default=[], help="only this one (may be repeated)")
    parser.add_argument("--only", action="append", default=[], help="only this competitor (may be repeated)")
    parser.add_argument("--quick", action="store_true", help="few draws, one table; nothing is stored")
    parser.add_argument("--debug", action="store_true", help="stop at the first error, with a traceback")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
