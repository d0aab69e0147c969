"""Pages written from the sources: every error explained, every traced function listed."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def codes_in_sources() -> set[str]:
    files = [p for folder in ("archimedes", "codegen/arc_codegen") for p in (ROOT / folder).rglob("*.py")]
    return {code for file in files for code in re.findall(r'"(ARC\d{3})"', file.read_text(encoding="utf-8"))}


def codes_explained() -> set[str]:
    page = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    return set(re.findall(r"(?m)^## (ARC\d{3}) ", page))


def test_every_code_is_explained() -> None:
    missing = codes_in_sources() - codes_explained()
    assert not missing, f"explain them in docs/errors.d and run scripts/join_error_pages.py: {sorted(missing)}"


def test_the_joined_page_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "join_error_pages.py", "--check"], check=False)
    assert done.returncode == 0


def test_the_page_of_numpy_functions_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "list_numpy.py", "--check"], check=False)
    assert done.returncode == 0


def test_the_page_of_the_compiler_is_up_to_date() -> None:
    done = subprocess.run([sys.executable, ROOT / "scripts" / "write_compiler_page.py", "--check"], check=False)
    assert done.returncode == 0
