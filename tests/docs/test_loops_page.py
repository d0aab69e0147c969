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
    for k in (0, 49):
        step = np.zeros(50)
        step[k] = 1e-6
        difference = (names["cost"](torque + step, start) - names["cost"](torque - step, start)) / 2e-6
        # Central differences of a function of size one: h^2 of truncation, and rounding over h.
        assert abs(names["gradient"][k] - difference) < 1e-8
    made = arc.codegen(arc.grad(names["cost"]), (torque, start), output_dir=tmp_path / "out")
    code = Path(made.source).read_text(encoding="utf-8")
    assert code.count("i < 50") == 2, "one loop forwards, one backwards"
