"""The cases of ADBench, and when a derivative through generated C agrees with their references."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from arc_codegen.ir.types import DType
from numpy.typing import NDArray
from reference_files import reference_folder
from strategies.graph_running_error import bound_graph, rounded

import archimedes as arc
from archimedes.lower import lower_function
from archimedes.tree import flatten

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "adbench"))

Array = NDArray[Any]

RELATIVE = 1e-10
"""Agreement asked for in float64, of each array relative to its largest element."""


def case_file(family: str, name: str) -> Path:
    """Input file of a case."""
    return reference_folder("adbench") / family / f"{name}.txt"


def reference(name: str) -> dict[str, Array]:
    """What the case should give."""
    with np.load(reference_folder("adbench") / "reference" / f"{name}.npz") as arrays:
        return {key: arrays[key] for key in arrays.files}


def require_float64(found: Any, expected: Sequence[Array]) -> None:
    """All arrays of a result equal their references to `RELATIVE`."""
    for array, wanted in zip(flatten(found)[0], expected, strict=True):
        assert array.dtype == np.float64
        assert np.shape(array) == np.shape(wanted)
        assert np.max(np.abs(array - wanted)) <= RELATIVE * np.max(np.abs(wanted))


def require_float32(derivative: Callable[..., Any], args: Sequence[Array], expected: Sequence[Array]) -> None:
    """The float32 C is as near to the float64 references as running error analysis of its own program says.

    The analysis (`strategies.graph_running_error`) follows every rounding of the graph that the C computes, from inputs
    rounded to float32 to the results. Nothing of it is fitted, and no term is left out: the bounds hold for all
    combinations of roundings at once, which puts them far above what is typical.
    """
    found = flatten(derivative(*(np.asarray(arg, dtype=np.float32) for arg in args)))[0]
    bounds = bound_results(derivative, args)
    for array, (value, error), wanted in zip(found, bounds, expected, strict=True):
        assert array.dtype == np.float32
        scale = np.max(np.abs(wanted))
        # The analysed program is the right one, and the bound says something: less than a tenth of the largest element.
        assert np.max(np.abs(value - wanted)) <= RELATIVE * scale
        assert np.max(error) < 0.1 * scale
        assert np.all(np.abs(np.asarray(array, dtype=np.float64) - wanted) <= error + RELATIVE * scale)


def bound_results(derivative: Callable[..., Any], args: Sequence[Array]) -> list[tuple[Array, Array]]:
    """Values in float64 of a function's results, and bounds on the error of its float32 C."""
    traced = arc.trace_function(derivative, args, real=np.float64)
    return bound_graph(lower_function(traced, name="f", real=DType.F64), [rounded(arg) for arg in args])
