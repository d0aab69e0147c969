"""The user's arithmetic is kept: what CasADi would rewrite is computed as written, to the sign of zero."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traced_calls import Traced

ZEROS = np.array([0.0, -0.0, 1.0, -1.0, 0.1, 1e308, np.inf, -np.inf, np.nan, 5e-324, 3.0, 7.7])


def kahan(x: Any) -> Any:
    total, lost = x[0] * 0.0, x[0] * 0.0
    for k in range(len(x)):
        term = x[k] - lost
        grown = total + term
        lost = (grown - total) - term
        total = grown
    return total


def two_sum(x: Any) -> Any:
    a, b = x[:5], x[5:10]
    s = a + b
    bb = s - a
    return (a - (s - bb)) + (b - bb)


KEPT: dict[str, Callable[[Any], Any]] = {
    "(x + big) - big": lambda x: (x + 1e8) - 1e8,
    "reciprocal of reciprocal": lambda x: 1 / (1 / x),
    "square of -1 / x": lambda x: (-1 / -x) * (-1 / -x),
    "product with a reciprocal": lambda x: x[::-1] * (1 / x),
    "reciprocal product": lambda x: (1 / x) * x[::-1],
    "x / x": lambda x: x / x,
    "x - x": lambda x: x - x,
    "0 * reciprocal": lambda x: 0 * (1 / x),
    "0 + x": lambda x: 0 + x,
    "-x + 0": lambda x: -x + 0.0,
    "0 + -x": lambda x: 0.0 + -x,
    "-x + zeros": lambda x: -x + np.zeros(12),
    "x + 0": lambda x: x + 0.0,
    "x + -0": lambda x: x + -0.0,
    "x - -0": lambda x: x - (-0.0),
    "0 - x": lambda x: 0 - x,
    "-0 - x": lambda x: -0.0 - x,
    "zeros + x": lambda x: np.zeros(12) + x,
    "zeros - x": lambda x: np.zeros(12) - x,
    "negative zeros * x": lambda x: x * np.full(12, -0.0),
    "zeros of both signs": lambda x: x + np.array([0.0, -0.0] * 6),
    "1 * x": lambda x: 1 * x,
    "-1 * x": lambda x: -1 * x,
    "2x - x": lambda x: 2 * x - x,
    "x2 - x": lambda x: x * 2.0 - x,
    "-x + 2x": lambda x: -x + 2 * x,
    "log exp": lambda x: np.log(np.exp(x)),
    "exp log": lambda x: np.exp(np.log(np.abs(x))),
    "sqrt squared": lambda x: np.sqrt(np.abs(x)) * np.sqrt(np.abs(x)),
    "magnitude of a root": lambda x: np.abs(np.sqrt(x)),
    "sqrt of square": lambda x: np.sqrt(x * x),
    "square": lambda x: x**2,
    "divide then multiply": lambda x: (x / 3) * 3,
    "copysign of zero": lambda x: np.copysign(0.0, x),
    "minus minus": lambda x: np.negative(np.negative(x)),
    "x != x": lambda x: x != x,  # noqa: PLR0124 - asks for NaN
    "isnan": np.isnan,
    "x + -y": lambda x: x + (-x[::-1]),
    "negative zero alone": lambda x: x * -0.0,
}


@pytest.mark.parametrize("case", KEPT)
def test_arithmetic_is_kept(case: str) -> None:
    with np.errstate(all="ignore"):
        expected = np.asarray(KEPT[case](ZEROS), dtype=np.float64)
    found = np.asarray(Traced(KEPT[case], ZEROS)(ZEROS)[0], dtype=np.float64)
    # The two transcendental functions of the pair round as the C library or NumPy's loops do: 4 ulp each.
    if case in ("log exp", "exp log"):
        np.testing.assert_allclose(found, expected, rtol=0, atol=8 * 720 * np.finfo(float).eps)
        finite = np.isfinite(expected) == np.isfinite(found)
        assert np.all(finite)
        return
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), ~numbers)
    np.testing.assert_array_equal(found[numbers].view(np.int64), expected[numbers].view(np.int64))


def test_compensated_sums_are_not_simplified() -> None:
    x = np.random.default_rng(1).uniform(-1, 1, 40) * 10.0 ** np.arange(40)[::-1]
    for function in (kahan, two_sum):
        np.testing.assert_array_equal(Traced(function, x)(x)[0], function(x))


def test_a_constant_array_of_negative_zeros_keeps_its_signs() -> None:
    constants = np.array([-0.0, -0.0])
    [found] = Traced(lambda x: np.concatenate([constants, x]), np.ones(1))(np.ones(1))
    np.testing.assert_array_equal(np.signbit(found), [True, True, False])


CONSTANTS = [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, 1e8, float("inf"), 1e308]
UNARY: list[Callable[[Any], Any]] = [np.negative, np.absolute, np.sqrt, np.square, np.floor, np.reciprocal, np.positive]
BINARY: list[Callable[[Any, Any], Any]] = [np.add, np.subtract, np.multiply, np.divide, np.fmod]


@given(st.lists(st.tuples(st.integers(0, 16), st.integers(0, 30), st.integers(0, 30)), min_size=1, max_size=8))
@settings(max_examples=300, deadline=None)
def test_random_arithmetic_is_numpys_bit_for_bit(steps: list[tuple[int, int, int]]) -> None:
    """Operations that IEEE rounds correctly, on zeros of both signs, infinities, NaN and constants that fold easily.

    No copysign: it would show the sign of NaN, which IEEE leaves open.
    """

    def program(x: Any) -> Any:
        values: list[Any] = [x, x[::-1], x[0]]
        for operation, left, right in steps:
            # The newest values first, so that operations are applied to results of operations.
            a, b = values[left % len(values)], [*values, *CONSTANTS][right % (len(values) + len(CONSTANTS))]
            if operation < len(UNARY):
                result = UNARY[operation](a)
            else:
                result = BINARY[(operation - len(UNARY)) % len(BINARY)](*((a, b) if left % 2 else (b, a)))
            values.insert(0, result)
        return np.stack([v + x for v in values[:3]] + [values[0] * np.ones(len(x))])

    with np.errstate(all="ignore"):
        expected = program(ZEROS)
        [found] = Traced(program, ZEROS)(ZEROS)
    numbers = ~np.isnan(expected)
    np.testing.assert_array_equal(np.isnan(found), ~numbers)
    np.testing.assert_array_equal(found[numbers].view(np.int64), expected[numbers].view(np.int64))
