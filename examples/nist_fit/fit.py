"""Fit NIST's certified nonlinear regression problems through generated C.

Every residual of `strd_models` is written in NumPy; its value, its Jacobian and the Hessian of its sum of squares run
as C that arc-codegen generates, in float64. A Levenberg-Marquardt iteration in Python over that C starts from both
starting points of each problem, and the parameters it finds are set beside the certified ones.

    python examples/nist_fit/fit.py --data FOLDER

FOLDER holds the collection's files (Misra1a.dat, ...), https://www.itl.nist.gov/div898/strd/nls/nls_main.shtml.
The exit status is 1 if a fit agrees to fewer than eight digits.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from levenberg_marquardt import Fit
from levenberg_marquardt import fit as fit_least_squares
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rounding_bound import digits, parameter_error_bound
from strd_files import FloatArray, Problem, read_problem
from strd_models import RESIDUALS

import archimedes as arc

REQUIRED_DIGITS = 8
_PAGE_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Comparison:
    """A fit beside the certified answer; arrays have one element a parameter."""

    problem: Problem
    start: int
    fit: Fit
    agreed: FloatArray
    bound: FloatArray
    guaranteed: FloatArray
    condition: float

    @property
    def within_bound(self) -> bool:
        """Whether rounding alone explains the difference."""
        return bool(np.all(np.abs(self.fit.parameters - self.problem.certified) <= self.bound))


def compare(problem: Problem) -> list[Comparison]:
    """Fit a problem from both of its starting points."""
    residual = RESIDUALS[problem.name]
    residual_in_c, jacobian_in_c = arc.compile(residual), arc.jac(residual)
    x, y = problem.x, problem.y
    found = []
    for number, start in enumerate(problem.starts, start=1):
        result = fit_least_squares(lambda b: residual_in_c(b, x, y), lambda b: jacobian_in_c(b, x, y), start)
        bound = parameter_error_bound(residual, problem, result)
        found.append(
            Comparison(
                problem=problem,
                start=number,
                fit=result,
                agreed=digits(np.abs(result.parameters - problem.certified), problem.certified),
                bound=bound,
                guaranteed=digits(bound, problem.certified),
                condition=float(np.linalg.cond(result.jacobian / np.linalg.norm(result.jacobian, axis=0))),
            )
        )
    return found


def make_table(comparisons: list[Comparison], *, every_parameter: bool) -> Table:
    """A row for each fit: the parameter that agrees least, or all."""
    table = Table(box=SIMPLE_HEAD, title="NIST StRD nonlinear regression, float64 C", caption_justify="left")
    for column in ("problem", "difficulty"):
        table.add_column(column, no_wrap=True)
    for column in ("start", "", "certified", "found", "agreed", "guaranteed", "iterations"):
        table.add_column(column, justify="right", no_wrap=True)
    for row in comparisons:
        order = range(len(row.agreed)) if every_parameter else [int(np.argmin(row.agreed))]
        for position, j in enumerate(order):
            first = position == 0
            table.add_row(
                row.problem.name if first else "",
                row.problem.difficulty if first else "",
                str(row.start) if first else "",
                f"b{j + 1}",
                f"{row.problem.certified[j]:.10e}",
                f"{row.fit.parameters[j]:.10e}",
                f"{row.agreed[j]:.1f}",
                f"{np.min(row.guaranteed):.1f}" if first else "",
                str(row.fit.iterations) if first else "",
            )
    table.caption = (
        "agreed: digits, -log10 of the relative difference, of the parameter that agrees least;\n"
        "guaranteed: digits that the worst case of rounding leaves, see rounding_bound.py"
    )
    return table


def explain(comparisons: list[Comparison]) -> list[str]:
    """A line for each problem whose own conditioning guarantees fewer digits than are asked for."""
    lines = {}
    for row in comparisons:
        guaranteed = float(np.min(row.guaranteed))
        if guaranteed < REQUIRED_DIGITS:
            lines[row.problem.name] = (
                f"{row.problem.name}: columns of the Jacobian are nearly dependent (condition {row.condition:.0e} "
                f"after scaling): rounding could leave as few as {guaranteed:.1f} digits, left {np.min(row.agreed):.1f}"
            )
    return list(lines.values())


@click.command()
@click.option(
    "--data", "folder", type=click.Path(path_type=Path), required=True, help="Folder with the collection's .dat files."
)
@click.option("--all-parameters", is_flag=True, help="Every parameter, not only the one that agrees least.")
def main(folder: Path, *, all_parameters: bool) -> None:
    """Fit NIST's nonlinear regression problems through generated C and compare with the certified parameters."""
    console = Console()
    if not console.is_terminal:
        console.width = _PAGE_WIDTH
    paths = [path for path in sorted(folder.glob("*.dat")) if path.stem in RESIDUALS]
    if not paths:
        raise click.BadParameter(f"{folder} holds none of the collection's files", param_hint="--data")
    began = time.perf_counter()
    comparisons = []
    for path in paths:
        with console.status(f"fitting {path.stem}"):
            comparisons += compare(read_problem(path))
    console.print(make_table(comparisons, every_parameter=all_parameters))
    for line in explain(comparisons):
        console.print(line, highlight=False)
    fewest = min(float(np.min(row.agreed)) for row in comparisons)
    good = sum(float(np.min(row.agreed)) >= REQUIRED_DIGITS for row in comparisons)
    console.print(
        f"{good} of {len(comparisons)} fits of {len(paths)} problems agree to at least {REQUIRED_DIGITS} digits "
        f"(fewest {fewest:.1f}) in {time.perf_counter() - began:.1f} s, tracing and C compiler included",
        highlight=False,
    )
    if good < len(comparisons):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
