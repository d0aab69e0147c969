"""Integers beyond what the real interior holds exactly are refused, on the way in and on the way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import archimedes as arc


def test_exact_integers_pass() -> None:
    found = arc.compile(lambda n: n)(np.array([2**53, -(2**53)]))
    assert found.tolist() == [2**53, -(2**53)]
    assert arc.compile(lambda n, x: n * x)(2**24, np.float32(1)) == 2.0**24


@pytest.mark.parametrize("n", [2**53 + 1, -(2**53) - 1, np.array([0, 2**60]), np.int64(-(2**63))])
def test_an_argument_beyond_is_refused(n: Any) -> None:
    with pytest.raises(arc.errors.ArcValueError, match=r"ARC255.*argument n holds the integer -?\d+: float64"):
        arc.compile(lambda n: n + 1)(n)


def test_single_precision_holds_fewer() -> None:
    with pytest.raises(arc.errors.ArcValueError, match="16777217: float32"):
        arc.compile(lambda n, x: n * x)(2**24 + 1, np.ones(2, np.float32))


def test_a_result_beyond_is_refused() -> None:
    with pytest.raises(arc.errors.ArcValueError, match=r"result .* holds the integer"):
        arc.compile(lambda n: n * n)(np.array([2**40]))
