"""The page on loops: its program runs, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np

import archimedes as arc

PAGE = Path(__file__).resolve().parents[2] / "docs" / "loops.md"


def test_the_program_of_the_page(tmp_path: Path) -> None:
    program = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert program is not None
    model = tmp_path / "model.py"
    model.write_text(program[1], encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(program[1], str(model), "exec"), names)
    torque, start = np.zeros(50), np.array([0.3, 0.0])
    # Without a trace the program is NumPy's, and takes complex numbers: derivatives by a complex step have no
    # truncation (W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions, 1998).
    exact = [np.imag(names["cost"](torque + 1e-30j * unit, start + 0j)) / 1e-30 for unit in np.eye(50)]
    # Either way there are about 30 operations a step, 50 steps one behind the other.
    bound = 50 * 30 * np.finfo(float).eps * np.abs(exact).max()
    np.testing.assert_allclose(names["gradient"], exact, rtol=0.0, atol=bound)
    made = arc.codegen(arc.grad(names["cost"]), (torque, start), output_dir=tmp_path / "out")
    code = Path(made.source).read_text(encoding="utf-8")
    assert code.count("i < 50") == 2, "one loop forwards, one backwards"
