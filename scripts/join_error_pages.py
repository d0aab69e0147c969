"""Write docs/errors.md: the sections of docs/errors.d in the order of their codes.

Each area keeps its own page, so that a change of one touches one. ``--check`` only says whether errors.md is up to
date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent.parent / "docs"
PREAMBLE = """# Errors

Every error says what is wrong in your terms, what to do, and a code. The code is stable: search for it here. In
Python all of them are `arc_codegen.errors.ArcError`; they are also `ValueError`, `TypeError`, `IndexError` where
that is what they are.

Written by `scripts/join_error_pages.py` from `docs/errors.d/`; edit the pages there.
"""


def joined() -> str:
    """The whole page."""
    sections: list[tuple[str, str]] = []
    for page in sorted((DOCS / "errors.d").glob("*.md")):
        for section in re.split(r"(?m)^(?=## ARC\d{3})", page.read_text(encoding="utf-8"))[1:]:
            sections.append((section[3:9], section.strip()))
    sections.sort()
    codes = [code for code, _ in sections]
    twice = {code for code in codes if codes.count(code) > 1}
    if twice:
        raise SystemExit(f"explained twice: {', '.join(sorted(twice))}")
    return "\n".join([PREAMBLE, *(text + "\n" for _, text in sections)])


def main() -> int:
    page = DOCS / "errors.md"
    text = joined()
    if "--check" in sys.argv:
        if page.read_text(encoding="utf-8") != text:
            print("docs/errors.md is out of date: run python scripts/join_error_pages.py")
            return 1
        return 0
    page.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
