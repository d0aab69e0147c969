"""Every pass can be left out: whatever is tested of results stays true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from arc_codegen.errors import OptionError
from arc_codegen.passes.names_of_passes import pass_names

import archimedes as arc

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ("tests/array", "tests/autodiff", "tests/control_flow", "tests/function", "tests/linalg", "tests/programs")
"""Tests of what comes out, not of what the C looks like."""


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


@pytest.mark.slow
@pytest.mark.parametrize("name", pass_names())
def test_results_stay_without(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", "-n", "2", *RESULTS]
    environment = {**os.environ, "ARC_TEST_WITHOUT": name}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "\n".join(re.findall(r"(?m)^(?:FAILED|ERROR).*", done.stdout)) or done.stdout[-2000:]
