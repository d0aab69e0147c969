"""Programs that random testing found wrong: one test each, in its shortest form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from strategies.graph_programs import assert_bits_equal

import archimedes as arc


def assert_gradients_agree(f: Callable[..., Any], args: Sequence[Any], expected: Sequence[Any]) -> None:
    """Forward and reverse mode give the derivatives of sum(f); exactly, so the numbers must be chosen to be exact."""
    every = tuple(range(len(args)))
    found = arc.grad(lambda *a: np.sum(f(*a)), argnums=every)(*args)
    assert_bits_equal(found, [np.asarray(e, dtype=np.float64) for e in expected])
    direction = tuple(np.ones(np.shape(arg))[()] for arg in args)
    along = arc.jvp(f, argnums=every)(*args, direction)
    assert np.sum(along) == sum(float(np.sum(e)) for e in expected)


def test_writes_that_a_later_one_covers() -> None:
    """Where CasADi marks covered elements of an assignment with -1, nothing is written."""

    def f(x: Any) -> Any:
        return np.median(np.linspace(x, 2, 4), axis=0)

    assert_gradients_agree(f, [np.float64(0.5)], [0.5])
