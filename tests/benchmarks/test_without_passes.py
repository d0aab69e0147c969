"""Each pass left out of real programs: what the kernels of the benchmarks compute keeps its bits.

Three kernels for each pass, in turn; random programs are in tests/passes, and all tests of results without a pass are
run by ``make test-all``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from arc_codegen.passes.names_of_passes import pass_names
from arc_codegen.passes.pipeline import PIPELINE

import archimedes as arc
from benchmarks.collection import load_kernels

KERNELS = load_kernels([])
GOALS = ("balanced", "size", "speed")
DECIDING = {step.name for step in PIPELINE if step.decides}
"""Without these the bits are others."""

CASES = [
    (name, KERNELS[(3 * number + k) % len(KERNELS)], GOALS[(number + k) % len(GOALS)])
    for number, name in enumerate(pass_names())
    for k in range(3)
    if name not in DECIDING
]


def results(kernel: Any, goal: str, draw: tuple[Any, ...], folder: Path, without: tuple[str, ...]) -> list[Any]:
    made = arc.codegen(kernel.function, kernel.arguments, optimize=goal, output_dir=folder, without=without)
    (c_name,) = made.names.values()
    found = made.library().function(c_name)(*draw)
    return [np.asarray(one) for one in (found if isinstance(found, tuple) else (found,))]


@pytest.mark.parametrize(("name", "kernel", "goal"), CASES, ids=[f"{n}-{k.name}-{g}" for n, k, g in CASES])
def test_a_kernel_keeps_its_bits(name: str, kernel: Any, goal: str, tmp_path: Path) -> None:
    draw = kernel.draw(np.random.default_rng(1))
    expected = results(kernel, goal, draw, tmp_path / "all", ())
    found = results(kernel, goal, draw, tmp_path / "without", (name,))
    for one, other in zip(found, expected, strict=True):
        assert one.dtype == other.dtype == np.float32
        same = (one.view(np.uint32) == other.view(np.uint32)) | (np.isnan(one) & np.isnan(other))
        assert np.all(same)
