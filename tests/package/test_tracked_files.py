"""What is kept beside the README: files that a generation writes into the current folder do not belong there."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BELONG = {"CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "LICENSE-0BSD", "Makefile", "README.md", "pyproject.toml"}


def test_no_generated_file_is_kept_beside_the_readme() -> None:
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout: which files are kept is not known")
    command = ["git", "-C", str(ROOT), "-c", f"safe.directory={ROOT}", "ls-files"]
    listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    beside = {name for name in listed if "/" not in name and not name.startswith(".")}
    assert beside == BELONG
