"""Every pass can be left out: whatever is tested of results stays true."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from arc_codegen.passes.names_of_passes import pass_names

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ("tests/array", "tests/autodiff", "tests/control_flow", "tests/function", "tests/linalg", "tests/programs")
"""Tests of what comes out, not of what the C looks like."""


@pytest.mark.slow
@pytest.mark.parametrize("name", pass_names())
def test_results_stay_without(name: str) -> None:
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", "-n", "2", *RESULTS]
    environment = {**os.environ, "ARC_TEST_WITHOUT": name}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, "\n".join(re.findall(r"(?m)^(?:FAILED|ERROR).*", done.stdout)) or done.stdout[-2000:]
