"""Reference data sets that are not part of the repository; tests that need one are skipped visibly without it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]


def reference_folder(name: str) -> Path:
    """Folder ``name`` of the reference data, below ``ARC_DATA_DIR`` or in ``../shared/data`` beside the repository."""
    configured = os.environ.get("ARC_DATA_DIR")
    folder = (Path(configured) if configured else _ROOT.parent / "shared" / "data") / name
    if not folder.is_dir():
        pytest.skip(f"reference data not found: {folder} (set ARC_DATA_DIR to the folder that holds {name}/)")
    return folder
