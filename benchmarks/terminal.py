"""The results on a terminal."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.verdicts import Verdict, best_casadi, verdicts


def print_results(results: Mapping[str, Any], console: Console) -> None:
    """A table of each kernel, one of the geometric means, one of the bounds."""
    for name, entry in results["kernels"].items():
        console.print(_kernel_table(name, entry, "strict"))
        if "fused" in entry:
            console.print(_kernel_table(name, entry, "fused"))
    console.print(_verdict_table(verdicts(results)))


_TITLES = {
    "strict": "-O2 -std=c99 -ffp-contract=off; ours with fma=off",
    "fused": "-O2 -std=gnu11, contracted by GCC; ours with fma=on",
}


def _kernel_table(name: str, entry: Mapping[str, Any], which: str) -> Table:
    strict = which == "strict"
    table = Table(title=f"{name} ({entry['family']}): {_TITLES[which]}", title_justify="left", title_style="bold")
    table.add_column("")
    for heading in ("instructions", "most", "flash", "+ math", "RAM", "stack"):
        table.add_column(heading, justify="right")
    if strict:
        for heading in ("host ns", "compile s", "generate s"):
            table.add_column(heading, justify="right")
    rows = entry[which]
    best = best_casadi(rows)
    for competitor, row in rows.items():
        cells = [
            f"{row[key]:,}" for key in ("instructions", "most_instructions", "flash", "math_flash", "ram", "stack")
        ]
        if strict:
            cells.append(f"{row['host_ns']:,.0f}" if "host_ns" in row else "")
            cells.append(f"{row['compile_seconds']:.2f}")
            cells.append(f"{row['trace_generate_seconds']:.3f}" if row["trace_generate_seconds"] else "")
        style = "bold" if competitor.startswith("arc-") else "cyan" if competitor == best else ""
        table.add_row(competitor, *cells, style=style)
    return table


def _verdict_table(lines: list[Verdict]) -> Table:
    table = Table(title="Cortex-M4F, strict: bounds", title_justify="left", title_style="bold")
    table.add_column("")
    for heading in ("measured", "bound", "kernels"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for line in lines:
        table.add_row(
            f"{line.what}{f' ({line.where})' if line.where else ''}",
            "-" if math.isnan(line.measured) else f"{line.measured:.3f}",
            f"{line.bound:g}",
            f"{line.kernels}" if line.kernels >= line.least else f"{line.kernels} of {line.least}",
            "met" if line.met else "missed",
            style="green" if line.met else "red",
        )
    return table
