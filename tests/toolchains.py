"""Tools that some tests need: a visible skip where one is missing, a failure where all are required."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import NoReturn

import pytest
from arc_codegen.toolchain.packages import install_command

REQUIRE_VARIABLE = "ARC_REQUIRE_TOOLCHAINS"


def toolchains_required() -> bool:
    """Whether a missing tool is a failure (continuous integration sets ``ARC_REQUIRE_TOOLCHAINS=1``)."""
    return os.environ.get(REQUIRE_VARIABLE, "") not in ("", "0")


def require_tool(name: str) -> str:
    """Path of the executable `name`; skips the test, or fails it where tools are required, when it is missing."""
    # What pip installed with us comes first: it has the version that pyproject.toml names.
    folders = (str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath))
    path = shutil.which(name, path=os.pathsep.join(folders))
    if path is None:
        skip_or_fail(f"{name} is not installed; to run this test: {install_command(name)}")
    return path


def skip_or_fail(message: str) -> NoReturn:
    """Skip the test, or fail it where tools are required."""
    if toolchains_required():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)
