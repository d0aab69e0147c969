"""Derivatives of ADBench's functions through generated C, beside the reference answers.

    python examples/adbench/compare.py --data FOLDER

FOLDER holds the benchmark's inputs in gmm/, ba/, hand/ and lstm/ and its answers in reference/. The exit status is 1 if
a derivative in float64 is farther than 1e-10 from its reference, relative to the largest element.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bundle_adjustment
import character_model
import click
import gaussian_mixture
import hand_tracking
import numpy as np
from adbench_files import read_character_model, read_hand_case, read_hand_model, read_mixture, read_observations
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table

import archimedes as arc

REQUIRED = 1e-10
_PAGE_WIDTH = 120


@dataclass(frozen=True, slots=True)
class Case:
    """A derivative, what it is called with, and what it should give."""

    name: str
    size: str
    make: Callable[[], Callable[..., Any]]
    args: tuple[Any, ...]
    expected: tuple[Any, ...]


def mixtures(folder: Path) -> Iterator[Case]:
    """Gradients of a log posterior by alphas, means and icf."""
    for path in sorted((folder / "gmm").glob("*.txt")):
        case, known = read_mixture(path), np.load(folder / "reference" / f"{path.stem}.npz")

        def posterior(alphas: Any, means: Any, icf: Any, x: Any, gamma: Any, m: int = case.m) -> Any:
            return gaussian_mixture.log_posterior(alphas, means, icf, x, gamma, m)

        yield Case(
            name=path.stem,
            size=f"gradient of {case.alphas.size + case.means.size + case.icf.size}",
            make=lambda posterior=posterior: arc.grad(posterior, argnums=(0, 1, 2), static_argnames="m"),
            args=(case.alphas, case.means, case.icf, case.x, np.float64(case.gamma)),
            expected=(known["grad_alphas"], known["grad_means"], known["grad_icf"]),
        )


def bundles(folder: Path) -> Iterator[Case]:
    """Blocks of the Jacobian of a reprojection error by camera, point and weight."""
    for path in sorted((folder / "ba").glob("*.txt")):
        case, known = read_observations(path), np.load(folder / "reference" / f"{path.stem}.npz")
        yield Case(
            name=path.stem,
            size="Jacobian 2 x 15",
            make=lambda: arc.jac(bundle_adjustment.reprojection_error, argnums=(0, 1, 2)),
            args=(case.camera, case.point, np.float64(case.weight), case.feature),
            expected=(known["J_cam"], known["J_X"], known["J_w"]),
        )


def hands(folder: Path) -> Iterator[Case]:
    """Jacobians of distances by the pose of a hand."""
    model = read_hand_model(folder / "hand" / "model")
    for path in sorted((folder / "hand").glob("*.txt")):
        case, known = read_hand_case(path), np.load(folder / "reference" / f"hand_{path.stem}.npz")

        def vertices(theta: Any, points: Any, which: Any = case.correspondences) -> Any:
            return hand_tracking.vertex_distances(model, which, theta, points)

        def surface(theta: Any, u: Any, points: Any, which: Any = case.correspondences) -> Any:
            return hand_tracking.surface_distances(model, which, theta, u, points)

        simple = case.u is None
        yield Case(
            name=path.stem,
            size=f"Jacobian {known['J_theta'].shape[0]} x {known['J_theta'].shape[1]}",
            make=lambda function=vertices if simple else surface: arc.jac(function),
            args=(case.theta, case.points) if simple else (case.theta, case.u, case.points),
            expected=(known["J_theta"],),
        )


def character_models(folder: Path) -> Iterator[Case]:
    """Gradients of an average loss by main and extra weights, by calls of one compiled step."""
    for path in sorted((folder / "lstm").glob("*.txt")):
        case, known = read_character_model(path), np.load(folder / "reference" / f"{path.stem}.npz")

        def make() -> Callable[..., Any]:
            step = arc.compile(character_model.step)
            pullback = arc.vjp(character_model.step, argnums=(0, 1, 2))
            return lambda *args: character_model.loss_and_gradient(step, pullback, *args)[1:]

        yield Case(
            name=path.stem,
            size=f"gradient of {case.main.size + case.extra.size}",
            make=make,
            args=(case.main, case.extra, case.state, case.sequence),
            expected=(known["grad_main"], known["grad_extra"]),
        )


FAMILIES = {"gmm": mixtures, "ba": bundles, "hand": hands, "lstm": character_models}


@dataclass(frozen=True, slots=True)
class Outcome:
    """Largest differences from the reference, relative to its largest element, and seconds."""

    float64: float
    float32: float
    first_call: float
    call: float


def run(case: Case) -> Outcome:
    """Evaluate a case in both precisions."""
    derivative = case.make()
    began = time.perf_counter()
    found = derivative(*case.args)
    first = time.perf_counter() - began
    repeats = max(1, int(0.1 / max(_seconds(derivative, case.args, 1), 1e-6)))
    narrow = tuple(np.asarray(arg, dtype=np.float32) for arg in case.args)
    return Outcome(
        float64=_difference(found, case.expected),
        float32=_difference(derivative(*narrow), case.expected),
        first_call=first,
        call=_seconds(derivative, case.args, repeats),
    )


def _seconds(function: Callable[..., Any], args: tuple[Any, ...], repeats: int) -> float:
    began = time.perf_counter()
    for _ in range(repeats):
        function(*args)
    return (time.perf_counter() - began) / repeats


def _difference(found: Any, expected: tuple[Any, ...]) -> float:
    arrays = found if isinstance(found, tuple) else (found,)
    pairs = zip(arrays, expected, strict=True)
    return max(float(np.max(np.abs(array - known)) / np.max(np.abs(known))) for array, known in pairs)


@click.command()
@click.option(
    "--data",
    "folder",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    required=True,
    help="Folder with gmm/, ba/, hand/, lstm/ and reference/.",
)
@click.option("--family", type=click.Choice(list(FAMILIES)), multiple=True, help="Only these; all by default.")
def main(folder: Path, family: tuple[str, ...]) -> None:
    """Compare derivatives of ADBench's functions, through generated C, with the reference answers."""
    console = Console()
    if not console.is_terminal:
        console.width = _PAGE_WIDTH
    cases = [case for name in family or FAMILIES for case in FAMILIES[name](folder)]
    if not cases:
        raise click.BadParameter(f"{folder} holds none of the benchmark's files", param_hint="--data")
    table = Table(box=SIMPLE_HEAD, title="ADBench derivatives through generated C")
    table.add_column("case", no_wrap=True)
    table.add_column("derivative", no_wrap=True)
    for column in ("float64 off by", "float32 off by", "first call, s", "call, ms"):
        table.add_column(column, justify="right", no_wrap=True)
    worst = 0.0
    for case in cases:
        with console.status(case.name):
            outcome = run(case)
        worst = max(worst, outcome.float64)
        table.add_row(
            case.name,
            case.size,
            f"{outcome.float64:.1e}",
            f"{outcome.float32:.1e}",
            f"{outcome.first_call:.2f}",
            f"{1e3 * outcome.call:.3f}",
        )
    table.caption = (
        "off by: largest difference from the reference over its largest element; first call: trace and compile"
    )
    console.print(table)
    if not worst <= REQUIRED:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
