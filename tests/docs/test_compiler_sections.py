"""The page on the compiler has every pass, and every section shows a difference."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest
from arc_codegen.passes.names_of_passes import pass_names

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "docs" / "compiler.d").glob("*.py"))
PAGE = (ROOT / "docs" / "compiler.md").read_text(encoding="utf-8")


def left_out(path: Path) -> tuple[str, ...]:
    return tuple(runpy.run_path(str(path)).get("WITHOUT", ()))


def test_every_pass_has_a_section() -> None:
    shown = {name for path in EXAMPLES for name in left_out(path)}
    assert set(pass_names()) == shown


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_a_section_shows_a_difference(path: Path) -> None:
    heading = (runpy.run_path(str(path))["__doc__"] or "").strip().partition("\n\n")[0]
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    codes = [block.split("```")[0] for block in section.split("```c\n")[1:]]
    assert len(codes) == (2 if left_out(path) else 1)
    shown = [re.sub(r"(?m)^  \.\.\. \d+ lines\n", "", code) for code in codes]  # long code is cut
    assert len(shown) == 1 or not (shown[0].startswith(shown[1]) or shown[1].startswith(shown[0]))
