"""A constant that changes in the model changes its own lines in the C, and hardly any other."""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import quadrotor

import archimedes as arc

EDITS = [{"gravity": 9.80665}, {"arm": 0.17}, {"mass": 0.51}, {"lift": 3.2e-6}]
STATE, INPUT = np.zeros(12), np.full(4, 4.0e5)


def lines(folder: Path, model: Any, float_type: Any) -> list[str]:
    jacobian = arc.jac(model, argnums=(0, 1))
    artifact = arc.codegen(
        [model, jacobian], (STATE, INPUT), name="quadrotor", float_type=float_type, output_dir=folder
    )
    return artifact.source.read_text().splitlines()


def changed(old: list[str], new: list[str]) -> int:
    matcher = difflib.SequenceMatcher(a=old, b=new, autojunk=False)
    return sum(max(i2 - i1, j2 - j1) for what, i1, i2, j1, j2 in matcher.get_opcodes() if what != "equal")


def model_with(**constants: float) -> Any:
    """The model as if these numbers stood in its file."""

    def dynamics(x: Any, u: Any) -> Any:
        return quadrotor.dynamics(x, u, **constants)

    return dynamics


def without_numbers(text: list[str]) -> list[str]:
    return [re.sub(r"(?<![\w.])-?\d+(\.\d+)?(e[-+]?\d+)?f?\b|0x[0-9a-f]+|IR \w+", "#", line) for line in text]


@pytest.mark.parametrize("float_type", [np.float32, np.float64])
@pytest.mark.parametrize("edit", EDITS)
def test_a_constant_changes_few_lines(tmp_path: Path, edit: dict[str, float], float_type: Any) -> None:
    old = lines(tmp_path / "old", model_with(), float_type)
    new = lines(tmp_path / "new", model_with(**edit), float_type)
    count = changed(old, new)
    assert 0 < count < 0.03 * len(old), f"{count} of {len(old)} lines"


@pytest.mark.parametrize("edit", EDITS)
def test_nothing_but_numbers_changes(tmp_path: Path, edit: dict[str, float]) -> None:
    """No name, no order, no temporary: what differs are constants where the edited one takes part."""
    old = lines(tmp_path / "old", model_with(), np.float32)
    new = lines(tmp_path / "new", model_with(**edit), np.float32)
    assert without_numbers(old) == without_numbers(new)
