"""Every code that the tracer raises is explained."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_code_of_the_tracer_is_explained() -> None:
    raised = {
        code
        for source in (ROOT / "archimedes" / "array").glob("*.py")
        for code in re.findall(r'"(ARC1\d\d)"', source.read_text(encoding="utf-8"))
    }
    pages = "".join(page.read_text(encoding="utf-8") for page in (ROOT / "docs").rglob("*.md"))
    explained = set(re.findall(r"^## (ARC1\d\d) ", pages, flags=re.MULTILINE))
    assert raised <= explained, sorted(raised - explained)
