"""What the tests of the host share."""

from __future__ import annotations

import weakref

import pytest

from archimedes.host import library as library_module
from archimedes.host import python_entry


@pytest.fixture(params=["built-in", "cffi"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How functions are called. Everything holds for both: users do not choose."""
    monkeypatch.setattr(library_module, "_loaded", weakref.WeakValueDictionary())
    if request.param == "cffi":
        monkeypatch.setattr(python_entry, "layout_problem", lambda *_: "arrays are said to be something else")
    return str(request.param)
