"""What runs a compiled function, and what happens without a C compiler."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest

import archimedes as arc


def run_python(source: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A process of its own, in which warnings are shown and not errors."""
    import os

    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(source)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


def test_without_a_compiler_the_virtual_machine_runs_and_one_warning_says_so() -> None:
    source = """
        import numpy as np
        import archimedes as arc

        f = arc.compile(lambda x: (np.sum(x), x > 1))
        print(f(np.ones(3)), arc.grad(lambda x: x**2)(3.0))
        print(arc.compile(lambda x: 2 * x)(np.float32(0.5)).dtype)
    """
    done = run_python(source, PATH="/nonexistent", CC="")
    assert done.returncode == 0, done.stderr
    assert "False, False, False" in done.stdout
    assert "6.0" in done.stdout
    assert "float32" in done.stdout
    assert done.stderr.count("no C compiler was found") == 1
    assert "backend='casadi'" in done.stderr


def test_asking_for_the_virtual_machine_does_not_warn() -> None:
    source = """
        import archimedes as arc

        print(arc.compile(lambda x: x**2, backend="casadi")(3.0))
    """
    done = run_python(source, PATH="/nonexistent", CC="", PYTHONWARNINGS="error")
    assert (done.returncode, done.stdout, done.stderr) == (0, "9.0\n", "")


def test_both_backends_agree() -> None:
    def f(x: Any, n: Any, flag: Any) -> Any:
        return np.where(flag, np.sin(x) * n, np.cumsum(x)), x[::-1] > 0.5, n + 1, np.sum(x)

    x = np.linspace(0.0, 1.0, 5)
    for flag in (True, False):
        by_c = arc.compile(f, backend="c")(x, 3, flag)
        by_machine = arc.compile(f, backend="casadi")(x, 3, flag)
        for left, right in zip(by_c, by_machine, strict=True):
            assert left.dtype == right.dtype
            np.testing.assert_array_equal(left, right)


def test_the_virtual_machine_in_threads() -> None:
    from concurrent.futures import ThreadPoolExecutor

    f = arc.compile(lambda x, n: np.sum(np.sin(x) * n), backend="casadi")
    x = np.linspace(0.0, 1.0, 100)
    expected = [f(x, float(n)) for n in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            assert list(pool.map(lambda n: f(x, float(n)), range(20))) == expected


def test_kind_sx_refuses_what_has_no_scalar_form() -> None:
    def f(A: Any, x: Any) -> Any:
        return np.linalg.solve(A, x)

    with pytest.raises(ValueError, match=r"ARC244.*kind='SX'"):
        arc.compile(f, kind="SX")(np.eye(2), np.ones(2))
    np.testing.assert_array_equal(arc.compile(f)(2 * np.eye(2), np.ones(2)), [0.5, 0.5])
    # Operations that CasADi lacks are calls in either kind.
    assert arc.compile(lambda x: np.max(np.exp2(x)), kind="SX")(np.arange(3.0)) == 4.0
