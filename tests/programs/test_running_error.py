"""The running error bounds are bounds: against the same programs in extended precision, and by known cases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from strategies.numpy_programs import Program, batches, slope
from strategies.running_error import Bounded, U, UncertainError, argument, bounded
from sweeps import examples

EXTENDED = np.finfo(np.longdouble).nmant > 60
"""Whether the machine has a type of more than 60 bits; where long double is double there is nothing to compare with."""


def at(*values: float) -> Bounded:
    x = np.array(values)
    return argument(x, np.ones(x.shape))


WITHOUT_EXTENDED = ("np.linalg.", "np.interp(", "special.erf(")  # the functions that refuse long double


def in_extended_precision(program: Program) -> tuple[Any, ...] | None:
    """The results with eleven bits more; None where NumPy has no such function (linear algebra, scipy)."""
    try:
        with np.errstate(all="ignore"):
            return program.function(*(np.longdouble(value) for value in program.values))
    except TypeError:
        return None


@pytest.mark.skipif(not EXTENDED, reason="long double is double on this machine")
def test_extended_precision_lies_within_the_bounds() -> None:
    compared = []

    @settings(max_examples=examples(30))
    @given(batch=batches(10))
    def within(batch: list[Program]) -> None:
        for program in batch:
            results = in_extended_precision(program)
            if results is None:
                assert any(module in str(program) for module in WITHOUT_EXTENDED), program
                continue
            compared.append(program)
            for name, x, truth in zip(program.results, program.expected, results, strict=True):
                if isinstance(truth, Bounded):
                    continue
                off = np.abs(x.value.astype(float) - truth)
                # The extended evaluation is itself off by the same bound with 2**-64 in place of 2**-53.
                assert np.all(off <= x.error * (1 + 2.0**-11)), f"{name}: {off} of {x.error}\n{program}"

    within()
    assert compared


@pytest.mark.parametrize(
    ("expression", "exact"),
    [
        (lambda x: x * x - x * x, 0.0),
        (lambda x: (x + 1e8) - 1e8, 0.1),
        (lambda x: np.log(np.exp(x)), 0.1),
        (lambda x: np.sqrt(x) ** 2, 0.1),
    ],
)
def test_bound_of_cancellation(expression: Callable[[Any], Any], exact: float) -> None:
    """The bound covers what is lost, and is not much wider: 1e8 carries half a unit of 1.5e-8 twice."""
    result = expression(at(0.1))
    off = abs(float(result.value[0]) - exact)
    assert off <= result.error[0] <= 50 * max(off, U)


@pytest.mark.parametrize(
    "choice",
    [
        lambda x: x + 1.0 < 1.1,
        lambda x: np.floor(x * 10.0),
        lambda x: np.where(np.sin(x) - np.sin(x) > 0, x, 0.0),
        lambda x: np.argmax(np.stack([x + 0.1, x + 0.1])),
        lambda x: np.arctan2(x - x, -x),
        lambda x: (x * 3.0) % 0.1,
        lambda x: np.copysign(1.0, x - 0.1),
    ],
)
def test_choices_within_the_error_are_refused(choice: Callable[[Any], Any]) -> None:
    with pytest.raises(UncertainError):
        choice(at(0.1))


@pytest.mark.parametrize(
    "function",
    [
        np.abs,
        lambda x: np.maximum(x, 0.0),
        lambda x: np.max(x * np.array([1.0, -1.0])),
        np.sqrt,
        lambda x: np.hypot(x, 0.0),
        np.linalg.norm,
        lambda x: x % 1.0,
    ],
)
def test_kinks_have_no_derivative(function: Callable[[Any], Any]) -> None:
    assert np.isinf(function(at(0.0, 0.0)).slope_error).all()


def test_assignment_through_a_view_shows_in_the_array() -> None:
    x = at(1.0, 2.0, 3.0).copy()
    view = x[::-1]
    view[0] = bounded(7.0)
    x[0] += 1.0
    np.testing.assert_array_equal(x.value, [2.0, 2.0, 7.0])
    np.testing.assert_array_equal(view.value, [7.0, 2.0, 2.0])
    np.testing.assert_array_equal(slope(x), [1.0, 1.0, 0.0])


def test_complex_step() -> None:
    x = np.array([0.3, 0.7])
    result = np.sum(np.exp(argument(x, np.array([1.0, 2.0]))) * np.array([1.0, -1.0]))
    expected = np.exp(0.3) - 2 * np.exp(0.7)
    assert abs(slope(result) - expected) <= 8 * U * abs(expected)
