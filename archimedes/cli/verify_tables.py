"""The tables of ``arc-codegen verify``: errors against float64, bits and costs on each chip."""

from __future__ import annotations

from pathlib import Path

from arc_codegen.verify.chips import ChipReport, FunctionOnChip
from arc_codegen.verify.report import VerifyReport
from rich.console import Console
from rich.table import Table
from rich.text import Text

from archimedes.cli.session import printable


def print_report(report: VerifyReport, path: Path, console: Console) -> None:
    """Print a report: tables, then what is wrong, one line each."""
    if report.accuracy:
        console.print(Text(f"{report.module} on this machine against float64", style="bold"), soft_wrap=True)
        console.print(_accuracy(report))
    for chip in report.chips:
        console.print(Text(f"{chip.name}: {chip.chip}, {printable(chip.compiler)}", style="bold"), soft_wrap=True)
        console.print(_chip(chip))
    for problem in report.problems:
        console.print(
            Text.assemble(("problem: ", "bold red"), printable(problem)),
            soft_wrap=True,
        )
    if any(chip.differing_bits for chip in report.chips):
        for note in report.notes:
            console.print(Text.assemble(("note: ", "bold"), printable(note)), soft_wrap=True)
    if report.chips and not any(chip.differing_bits for chip in report.chips):
        names = ", ".join(chip.name for chip in report.chips)
        values = sum(f.comparison.values for chip in report.chips for f in chip.functions)
        console.print(Text(f"all {values} values have equal bits on {names}", style="green"), soft_wrap=True)
    console.print(Text(f"wrote {printable(str(path))}"), soft_wrap=True)


def _accuracy(report: VerifyReport) -> Table:
    """Largest error of each output, and what explains it."""
    table = Table(box=None, pad_edge=False)
    for heading in ("function", "output", "absolute", "relative", "ulp", "inputs' rounding", "ratio", "at sample"):
        table.add_column(heading, justify="left" if heading in ("function", "output") else "right")
    for function in report.accuracy:
        for output, condition in zip(function.outputs, function.conditions, strict=True):
            worst = output.ulp
            index = "".join(f"[{k}]" for k in worst.index) if worst else ""
            table.add_row(
                function.function,
                f"{output.output}{index}",
                f"{output.absolute.error:.2g}" if output.absolute else "-",
                f"{output.relative.error:.2g}" if output.relative else "-",
                f"{worst.error:.3g}" if worst else "-",
                f"{condition.input_rounding:.2g}" if condition else "-",
                f"{condition.ratio:.2g}" if condition else "-",
                str(worst.sample) if worst else "-",
            )
    return table


def _chip(chip: ChipReport) -> Table:
    """Bits and costs of each function."""
    unit = next((f.cost.unit for f in chip.functions if f.cost is not None), "ticks")
    table = Table(box=None, pad_edge=False)
    table.add_column("function")
    for heading in ("samples", "differing bits", f"{unit} min", "median", "max", "flash", "RAM", "stack", "bound"):
        table.add_column(heading, justify="right")
    for item in chip.functions:
        table.add_row(*_row(item))
    if chip.footprint is not None and len(chip.functions) > 1:
        table.add_row("all", "", "", "", "", "", str(chip.footprint.flash), str(chip.footprint.ram), "", "")
    return table


def _row(item: FunctionOnChip) -> list[str | Text]:
    bits = item.comparison.differing_bits
    cost = [str(n) for n in (item.cost.least, item.cost.median, item.cost.most)] if item.cost else ["-"] * 3
    memory = [str(item.footprint.flash), str(item.footprint.ram)] if item.footprint else ["-"] * 2
    stack = ["-" if n is None else str(n) for n in (item.stack_painted, item.stack_bound)]
    shown = Text(str(bits), style="bold red" if bits else "green")
    return [item.function, str(item.comparison.samples), shown, *cost, *memory, *stack]
