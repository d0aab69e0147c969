"""Both ways in which a function can run."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import pytest

import archimedes as arc


@pytest.fixture(params=["c", "casadi"])
def backend(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def compiled(backend: str) -> Callable[..., Any]:
    """`arc.compile` with the backend filled in."""
    return functools.partial(arc.compile, backend=backend)
