"""The gallery's C under `arc-codegen check`: nothing to correct, and every bound proved."""

from __future__ import annotations

from typing import Any

import pytest
from arc_codegen.ir.loops import LoopModule
from arc_codegen.verify.check import TOOLS, check_module
from gallery import Entry, gallery
from gallery_modules import REALS, entry_ids
from toolchains import require_tool

from archimedes.export.generation import check_options, generate_module
from archimedes.export.requests import as_requests

QUICK = {("mixed_scalars", "float32"), ("ekf_update", "float32"), ("kepler", "float32"), ("attention", "float64")}
"""Integers, systems of equations, functions of the runtime, loops."""

CASES = [
    pytest.param(item, real, id=f"{item.name}-{real}", marks=[] if (item.name, real) in QUICK else [pytest.mark.slow])
    for item in gallery()
    for real in REALS
]


def test_the_quick_ones_are_among_them() -> None:
    assert {(entry_ids(item), real) for item in gallery() for real in REALS} >= QUICK


@pytest.mark.parametrize(("item", "real"), CASES)
def test_nothing_to_correct(item: Entry, real: str) -> None:
    for tool in TOOLS:
        require_tool(tool.program)
    lowered: list[Any] = []
    calls = item.calls(real)
    generated = generate_module(
        as_requests(
            [function for _, function, _ in calls],
            [args for *_, args in calls],
            None,
            static_argnums=None,
            static_argnames=None,
            return_names=None,
        ),
        name=f"{item.name}_{real}",
        real=real,
        options=check_options(),
        observe=lambda name, step, program: lowered.append(program) if step == "loops" else None,
    )
    report = check_module(generated, LoopModule(str(generated.manifest["name"]), tuple(lowered)))
    assert report.certificate.problems == ()
    assert [result.note for result in report.results if result.outcome != "ran"] == []
    assert list(report.violations) == []
