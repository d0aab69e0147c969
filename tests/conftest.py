"""What all tests share: a build cache of their own, and how hard property tests try."""

from __future__ import annotations

import functools
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from sweeps import THOROUGH, examples

WITHOUT = os.environ.get("ARC_TEST_WITHOUT", "")
"""Name of a pass that is left out in this run: all results have to stay (tests/programs/test_without_each_pass.py)."""

# One folder for all xdist workers of a run: they inherit the controller's environment.
_RUN_VARIABLE = "ARC_TEST_RUN_CACHE"

hypothesis.settings.register_profile(
    "default",
    max_examples=examples(200),
    derandomize=not THOROUGH,
    deadline=None,
    print_blob=True,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[_RUN_VARIABLE] = tempfile.mkdtemp(prefix="arc-codegen-tests-")
    os.environ["ARC_CODEGEN_CACHE"] = str(Path(os.environ[_RUN_VARIABLE]) / "cache")
    if WITHOUT:
        _leave_out(WITHOUT)


def _leave_out(name: str) -> None:
    """Make every set of options leave out a pass, in this process."""
    from arc_codegen.options import Options

    original = Options.__post_init__

    def post_init(options: Options) -> None:
        object.__setattr__(options, "without", (*options.without, name))
        original(options)

    Options.__post_init__ = post_init  # type: ignore[method-assign]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if WITHOUT:
        for item in items:
            if item.get_closest_marker("text"):
                item.add_marker(pytest.mark.skip(reason=f"without {WITHOUT} the text of C is another"))


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        shutil.rmtree(os.environ.pop(_RUN_VARIABLE), ignore_errors=True)


@pytest.fixture(params=["c", "casadi"])
def backend(request: pytest.FixtureRequest) -> str:
    """Both ways in which a compiled function can run."""
    return str(request.param)


@pytest.fixture
def compiled(backend: str) -> Callable[..., Any]:
    """`archimedes.compile` with the backend filled in."""
    import archimedes as arc

    return functools.partial(arc.compile, backend=backend)
