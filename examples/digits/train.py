"""Train a digit classifier through generated C, write the same function as C for a chip, and check both.

``make demo`` runs this. It takes about a minute and writes only into the folder given by ``--output``.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import chip
import classifier
import numpy as np
import written_c
from numpy.typing import NDArray
from report import Report
from rich.console import Console
from scipy.optimize import minimize
from sklearn.datasets import load_digits

import archimedes as arc

TRAINING = 1400
WANTED_ACCURACY = 0.95
SHAPES = ((64, classifier.HIDDEN), (classifier.HIDDEN,), (classifier.HIDDEN, 10), (10,))
WEIGHTS = (0, 1, 2, 3)

Array = NDArray[np.float64]
Objective = Callable[[Array], tuple[float, Array]]


@dataclass(frozen=True)
class Scans:
    """Images with one-hot labels and digits."""

    images: Array
    labels: Array
    digits: NDArray[np.int64]


def split_scans() -> tuple[Scans, Scans]:
    """1,400 scans to learn from and 397 to be examined on; always the same ones."""
    scans = load_digits()
    order = np.random.default_rng(2).permutation(len(scans.target))
    images, digits = scans.data[order] / 16.0, scans.target[order]
    labels = np.eye(10)[digits]
    learn, examine = slice(None, TRAINING), slice(TRAINING, None)
    return (
        Scans(images[learn], labels[learn], digits[learn]),
        Scans(images[examine], labels[examine], digits[examine]),
    )


def unpack(theta: Array) -> tuple[Array, ...]:
    """The vector that the optimiser moves, as weights and biases."""
    ends = np.cumsum([np.prod(shape) for shape in SHAPES])
    parts = np.split(theta, ends[:-1])
    return tuple(part.reshape(shape) for part, shape in zip(parts, SHAPES, strict=True))


def pack(parts: tuple[Array, ...]) -> Array:
    """The inverse of `unpack`."""
    return np.concatenate([np.ravel(part) for part in parts])


def objective(derivative: Callable[..., Any], scans: Scans) -> Objective:
    """Value and gradient as a function of one vector."""

    def of_vector(theta: Array) -> tuple[float, Array]:
        value, gradients = derivative(*unpack(theta), scans.images, scans.labels)
        return float(value), pack(gradients)

    return of_vector


def initial_weights() -> Array:
    """Small random weights, zero biases."""
    rng = np.random.default_rng(3)
    drawn = [rng.standard_normal(shape) / np.sqrt(shape[0]) if len(shape) == 2 else np.zeros(shape) for shape in SHAPES]
    return pack(tuple(drawn))


def accuracy(theta: Array, scans: Scans) -> float:
    """Share of the scans that are told right, by the compiled `scores`."""
    answers = np.argmax(arc.compile(classifier.scores)(*unpack(theta), scans.images), axis=1)
    return float(np.mean(answers == scans.digits))


def difference_of_directions(f: Objective, theta: Array) -> tuple[float, float]:
    """Largest difference between the gradient and central differences along ten directions, and its bound.

    The central difference of step h is wrong by its truncation, h**2 / 6 times a third derivative, and by rounding, the
    error of f over h. With h = eps**(1/3) both are of the order eps**(2/3); 100 leaves room for the third derivative.
    """
    rng = np.random.default_rng(4)
    eps = np.finfo(np.float64).eps
    step = eps ** (1 / 3)
    value, gradient = f(theta)
    worst = 0.0
    for _ in range(10):
        direction = rng.standard_normal(theta.size)
        direction /= np.linalg.norm(direction)
        slope = (f(theta + step * direction)[0] - f(theta - step * direction)[0]) / (2 * step)
        worst = max(worst, abs(slope - gradient @ direction))
    return worst, 100 * eps ** (2 / 3) * max(1.0, abs(value))


def seconds_per_call(f: Callable[[Array], object], theta: Array, *, budget: float = 1.0) -> float:
    """Median time of a warm call."""
    f(theta)
    times = []
    end = time.perf_counter() + budget
    while time.perf_counter() < end or len(times) < 5:
        start = time.perf_counter()
        f(theta)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def run(output: Path, console: Console) -> bool:
    """The whole demonstration; whether all that was checked holds."""
    report = Report(console)
    learn, examine = split_scans()

    report.step(f"Tracing the loss of {TRAINING} scans; generating and compiling the C of its value and gradient")
    start = time.perf_counter()
    in_c = objective(arc.value_and_grad(classifier.loss, WEIGHTS), learn)
    theta = initial_weights()
    in_c(theta)
    report.row("trace, generate, compile", f"{time.perf_counter() - start:.2f} s")

    report.step("Training: SciPy's L-BFGS calls the C")
    start = time.perf_counter()
    found = minimize(in_c, theta, jac=True, method="L-BFGS-B", options={"maxiter": 300})
    report.row("training", f"{found.nfev} calls, {time.perf_counter() - start:.1f} s, loss {found.fun:.4f}")
    held_out = accuracy(found.x, examine)
    report.check("accuracy on held-out scans", f"{held_out:.2%} of {len(examine.digits)}", held_out >= WANTED_ACCURACY)

    report.step("Checking the gradient against CasADi's virtual machine and central differences")
    in_vm = objective(arc.value_and_grad(arc.compile(classifier.loss, backend="casadi"), WEIGHTS), learn)
    (_, gradient), (_, reference) = in_c(theta), in_vm(theta)
    scale = float(np.max(np.abs(reference)))
    difference = float(np.max(np.abs(gradient - reference))) / scale
    # Both sum up to 1,400 terms in float64: n * eps bounds the rounding of each sum, relative to its terms.
    agreement = f"{difference:.1e} of the largest element" if difference else "equal to the last bit"
    report.check("gradient, C against CasADi's VM", agreement, difference <= TRAINING * 2.0**-52)
    slope_error, bound = difference_of_directions(in_c, theta)
    report.check(
        "gradient, C against differences", f"apart by {slope_error:.1e}, bound {bound:.0e}", slope_error <= bound
    )
    time_c, time_vm = seconds_per_call(in_c, theta), seconds_per_call(in_vm, theta)
    times = f"{1e3 * time_c:.2f} ms in C, {1e3 * time_vm:.2f} ms in CasADi's VM: ratio {time_vm / time_c:.2f}"
    report.row("time of a call", times)

    report.step("Writing the same function as float32 C with arc-codegen, and compiling it")
    weights = tuple(part.astype(np.float32) for part in unpack(found.x))
    module = written_c.write_module(output)
    report.say(module.command)
    report.row("files", str(module.folder))
    report.row("C of both losses", f"{module.source.stat().st_size} bytes, {module.source.name}")
    report.row("object for this machine", module.host_object_size())
    batch = tuple(array[: written_c.BATCH].astype(np.float32) for array in (examine.images, examine.labels))
    for function in written_c.FUNCTIONS:
        report.check(*written_c.compare_with_float64(module, function, weights, batch))

    report.step("Building for a Cortex-M4F and running it in the emulator")
    for line in chip.demonstrate(module, weights, batch, output):
        report.add(line)
    report.show()
    return report.good


def main() -> int:
    """Parse the command line and run."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", type=Path, default=Path("out/digits"), help="where the C goes: %(default)s")
    options = parser.parse_args()
    return 0 if run(options.output, Console(highlight=False)) else 1


if __name__ == "__main__":
    sys.exit(main())
