"""What two ways of computing have to agree in: every bit, and errors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from arc_codegen.ir.graph import Graph
from arc_codegen.ir.interp import interpret_errors
from arc_codegen.ir.loops import LoopFunction
from arc_codegen.ir.loops_interp import interpret_loops_status
from arc_codegen.ir.status import Status
from numpy.typing import NDArray

Array = NDArray[Any]


def assert_bits_equal(actual: Sequence[Array], expected: Sequence[Array]) -> None:
    """Same number of arrays, same types and shapes, same bits; a NaN equals any NaN."""
    assert len(actual) == len(expected), f"{len(actual)} arrays, expected {len(expected)}"
    for number, (got, wanted) in enumerate(zip(actual, expected, strict=True)):
        got, wanted = np.asarray(got), np.asarray(wanted)  # noqa: PLW2901
        assert got.dtype == wanted.dtype, f"array {number}: {got.dtype}, expected {wanted.dtype}"
        assert got.shape == wanted.shape, f"array {number}: shape {got.shape}, expected {wanted.shape}"
        same = _bits(got) == _bits(wanted)
        if got.dtype.kind == "f":
            same |= np.isnan(got).ravel() & np.isnan(wanted).ravel()
        if not same.all():
            k = int(np.argmin(same))
            pair = f"{got.ravel()[k]!r}, expected {wanted.ravel()[k]!r}"
            raise AssertionError(f"array {number}: {int((~same).sum())} elements differ; first, flat {k}: {pair}")


def assert_loops_agree(function: LoopFunction, graph: Graph, inputs: Sequence[Array]) -> None:
    """The loops give the graph's bits; where something fails, its status, and the outputs have no meaning.

    An error that the graph has on the way to a value that nobody needs may be gone, so that a later one is the first.
    """
    expected, errors = interpret_errors(graph, inputs)
    outputs, status = interpret_loops_status(function, inputs)
    assert status in (Status.OK, *errors)
    if status is Status.OK:
        assert_bits_equal(outputs, expected)


def _bits(array: Array) -> Array:
    return np.ascontiguousarray(array).ravel().view(f"u{array.dtype.itemsize}")
