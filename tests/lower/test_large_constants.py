"""Constants beyond float32: an error with the user's line, never an infinity that nobody wrote."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import archimedes as arc
from archimedes.errors import ArcError

X = np.ones(2, np.float32)


def scaled(x: Any) -> Any:
    return x * 1e300  # this line is named


def table(x: Any) -> Any:
    return x + np.array([1.0, -1e39])


@pytest.mark.parametrize(("function", "number"), [(scaled, "1e+300"), (table, "-1e+39")])
def test_a_constant_beyond_float32_is_refused(function: Any, number: str, tmp_path: Path) -> None:
    with pytest.raises(ArcError) as caught:
        arc.codegen(function, (X,), output_dir=tmp_path / "out")
    error = caught.value
    assert error.code == "ARC404"
    assert error.message == f"the constant {number} does not fit float32, whose largest number is 3.4028235e+38"
    assert "float64" in error.hint
    line = function.__code__.co_firstlineno + 1
    assert error.where == f"{__file__}:{line}"
    assert not (tmp_path / "out").exists()
    with pytest.raises(ArcError, match="ARC404"):
        arc.compile(function)(X)


def test_in_float64_it_is_a_number() -> None:
    np.testing.assert_array_equal(arc.compile(scaled)(np.ones(2)), [1e300, 1e300])


def test_what_rounds_to_the_largest_number_and_infinities_fit() -> None:
    largest = float(np.finfo(np.float32).max)

    def limits(x: Any) -> Any:
        return np.clip(x, -largest * (1 + 2.0**-26), np.inf)

    np.testing.assert_array_equal(arc.compile(limits)(np.array([-np.inf, 1], np.float32)), np.float32([-largest, 1]))
    # Too small is no error, as it is none where C rounds a product to zero.
    np.testing.assert_array_equal(arc.compile(lambda x: x + 1e-300)(X), X)
