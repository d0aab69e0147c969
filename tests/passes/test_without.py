"""A pass can be left out by name."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from arc_codegen.errors import OptionError

import archimedes as arc


def model(x: np.ndarray) -> np.ndarray:
    return np.tanh(x) * 2.0


def test_a_pass_is_left_out_by_name(tmp_path: Path) -> None:
    x = np.zeros(64, np.float32)
    usual = arc.codegen(model, (x,), output_dir=tmp_path / "usual", optimize="speed")
    without = arc.codegen(model, (x,), output_dir=tmp_path / "without", optimize="speed", without="unroll-loops")
    shorter, text = (Path(made.source).read_text(encoding="utf-8") for made in (without, usual))
    assert "without=unroll-loops" in shorter
    assert "without=" not in text
    assert without.generated.manifest["options"]["without"] == "unroll-loops"


def test_an_unknown_pass_is_refused_with_those_there_are(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="no such pass") as failure:
        arc.codegen(model, (np.zeros(4, np.float32),), output_dir=tmp_path, without=("jam",))
    assert failure.value.code == "ARC510"
    assert "jam-loops" in str(failure.value)
    assert not list(tmp_path.iterdir())
