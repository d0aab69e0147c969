"""The user's arithmetic is kept: generated C gives NumPy's bits for what algebra would simplify.

IEEE operations are correctly rounded, so NumPy and C agree in every bit if, and only if, they do the same operations in
the same order: nothing here has a tolerance. The elements are drawn with the corners of arithmetic among them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from arc_codegen.ir.types import DType
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array, arrays
from sweeps import examples

import archimedes as arc

N, LONG = 6, 70


def kahan(x: Any, y: Any) -> Any:
    """W. Kahan's compensated sum."""
    total = lost = 0.0 * x[0]
    for term in x:
        corrected = term - lost
        grown = total + corrected
        lost = (grown - total) - corrected
        total = grown
    return total, lost


def neumaier(x: Any, y: Any) -> Any:
    """Kahan's sum with A. Neumaier's choice of the smaller summand."""
    total, lost = x[0], 0.0 * x[0]
    for k in range(1, len(x)):
        grown = total + x[k]
        lost = lost + np.where(np.abs(total) >= np.abs(x[k]), (total - grown) + x[k], (x[k] - grown) + total)
        total = grown
    return total + lost


def two_sum(x: Any, y: Any) -> Any:
    """D. E. Knuth's error-free sum."""
    total = x + y
    virtual = total - x
    return total, (x - (total - virtual)) + (y - virtual)


def fast_two_sum(x: Any, y: Any) -> Any:
    """T. J. Dekker's, for x larger than y."""
    total = x + y
    return total, y - (total - x)


def two_product(x: Any, y: Any) -> Any:
    """Error-free product by G. W. Veltkamp's splitting."""

    def split(a: Any) -> Any:
        scaled = 134217729.0 * a
        high = scaled - (scaled - a)
        return high, a - high

    product = x * y
    (x1, x2), (y1, y2) = split(x), split(y)
    return product, x2 * y2 - (((product - x1 * y1) - x2 * y1) - x1 * y2)


def horner_and_powers(x: Any, y: Any) -> Any:
    return ((2.0 * x + y) * x - 1.0) * x + y, 2.0 * (x * x * x) + y * (x * x) - x + y


CASES: dict[str, Callable[[Any, Any], Any]] = {
    "big": lambda x, y: (x + 1e8) - 1e8,
    "big in front": lambda x, y: 1e8 + (x - 1e8),
    "kahan": kahan,
    "neumaier": neumaier,
    "two sum": two_sum,
    "fast two sum": fast_two_sum,
    "two product": two_product,
    "reciprocal of reciprocal": lambda x, y: 1 / (1 / x),
    "x / x": lambda x, y: x / x,
    "x - x": lambda x, y: x - x,
    "0 * x": lambda x, y: (0 * x, x * 0.0, 0.0 * (1 / x), x * -0.0),
    "0 / x": lambda x, y: (0 / x, -0.0 / x),
    "x + 0": lambda x, y: (x + 0.0, x + -0.0, x - 0.0, x - -0.0, 0.0 - x, -0.0 - x, 0.0 + x, -0.0 + x),
    "1 * x": lambda x, y: (1 * x, x / 1, -1 * x, x / -1, x * 2 / 2, x / 2 * 2),
    "negation": lambda x, y: (np.negative(-x), -(x - y), y - x, -x + y, x - (-y), -x * -y, -(x * y), -x / y),
    "thirds": lambda x, y: (x / 3 * 3, x * (1 / 3), x / 3, x * 3 / 3),
    "quotients": lambda x, y: (x / y * y, x * (1 / y), x * y / y, x / (y / x), (x / y) / x, x / (y * x), 1 / x * y),
    "associativity": lambda x, y: ((x + y) + 1.0, x + (y + 1.0), (x * y) * 0.1, x * (y * 0.1), (x + 0.1) + 0.2),
    "distributivity": lambda x, y: (x * (y + 1.1), x * y + x * 1.1, 2 * x + 3 * x, 5 * x, x + x, x + x + x),
    "squares": lambda x, y: (x * x - y * y, (x - y) * (x + y), x**2, np.square(x), (x + y) ** 2),
    "roots": lambda x, y: (np.sqrt(x) * np.sqrt(x), np.sqrt(x * x), np.sqrt(x) / np.sqrt(y), np.sqrt(x / y), x**0.5),
    "cancelled sums": lambda x, y: (x + y - x, x - y + y, (x + y) - (x + y), (x - y) + (y - x), 2 * x - x),
    "midpoint": lambda x, y: ((x + y) / 2, x + (y - x) / 2, x / 2 + y / 2, 0.5 * (x + y)),
    "horner": horner_and_powers,
    "where of zeros": lambda x, y: (
        np.where(x > 0, -0.0, y),
        np.where(x > 0, y, -0.0),
        np.where(x > 0, 0.0 * y, -0.0),
        np.where(x == 0, x, 0.0),
        np.where(x < 0, -x, x),
        np.where(x > y, x, y),
        np.where(x > y, x * -0.0, y * 0.0),
    ),
    "where of the side not chosen": lambda x, y: (np.where(x > 0, 1 / x, -1 / y), np.where(y != 0, x / y, x)),
    "equal to itself": lambda x, y: (x == x, x != x, x <= x, x < x, x - x == 0, x * 0 == 0),  # noqa: PLR0124
    "comparisons": lambda x, y: (x < y, ~(x < y), ~(x >= y), x - y < 0, np.logical_not(x == y), x / y > 1),
    "absolute": lambda x, y: (np.abs(x), np.abs(-x), np.abs(np.abs(x)), np.abs(x) * np.abs(y), np.sqrt(np.abs(x)) ** 2),
    "signed zero by reciprocal": lambda x, y: (1 / (0.0 * x), 1 / (x - x), 1 / (-x + 0.0), 1 / -(x - x)),
    "constants": lambda x, y: (x * 0.1 * 10, x + 0.1 + 0.2, x * (0.1 * 10), 1e30 * x * 1e-30, x / 1e-30 * 1e-30),
    "accumulation": lambda x, y: (sum(x), sum(x[::-1]), ((x[0] + x[1]) + (x[2] + x[3])) + (x[4] + x[5])),
    "rounding": lambda x, y: (np.floor(x) - x, x - np.trunc(x), np.rint(x) * 1.0, np.ceil(-x), -np.floor(x)),
}

SMALL = {DType.F64: 1e-300, DType.F32: 1e-30}


def draw_pair(dtype: DType) -> st.SearchStrategy[tuple[Array, Array]]:
    """Two vectors; now and then of very different size, where the order of a sum shows."""
    scales = st.sampled_from([1.0, 1.0, 1e8, 1e-8, 1e16, SMALL[dtype], 3.0])
    vectors = st.tuples(arrays(dtype, (N,)), scales).map(lambda pair: _scaled(*pair))
    return st.tuples(vectors, vectors)


def _scaled(x: Array, scale: float) -> Array:
    with np.errstate(all="ignore"):
        return (x * x.dtype.type(scale)).astype(x.dtype)


def leaves(result: Any) -> list[Any]:
    return list(result) if isinstance(result, tuple) else [result]


@pytest.mark.parametrize("kind", ["MX", "SX"])
@pytest.mark.parametrize("dtype", [DType.F64, DType.F32], ids=lambda dtype: dtype.value)
@pytest.mark.parametrize("case", CASES)
def test_c_gives_the_bits_of_numpy(case: str, dtype: DType, kind: Any) -> None:
    function = CASES[case]
    compiled = arc.compile(function, name="f", kind=kind)

    @settings(max_examples=examples(60))
    @given(draw_pair(dtype))
    def same_bits(pair: tuple[Array, Array]) -> None:
        with np.errstate(all="ignore"):
            expected = leaves(function(*pair))
        assert_bits_equal(leaves(compiled(*pair)), expected)

    same_bits()


@pytest.mark.parametrize("dtype", [DType.F64, DType.F32], ids=lambda dtype: dtype.value)
@pytest.mark.parametrize("case", CASES)
def test_loops_give_the_bits_of_numpy(case: str, dtype: DType) -> None:
    """Vectors that are too long to be scalars."""
    function = CASES[case]
    compiled = arc.compile(function, name="f")

    @settings(max_examples=examples(20))
    @given(draw_pair(dtype))
    def same_bits(pair: tuple[Array, Array]) -> None:
        x, y = (np.resize(vector, LONG) for vector in pair)
        with np.errstate(all="ignore"):
            expected = leaves(function(x, y))
        assert_bits_equal(leaves(compiled(x, y)), expected)

    same_bits()


@pytest.mark.parametrize("case", ["big", "kahan", "two sum", "two product", "reciprocal of reciprocal", "quotients"])
def test_the_value_beside_a_gradient_is_the_same(case: str) -> None:
    """Derivatives are simplified; the value that comes with them is not."""
    function = CASES[case]

    def total(x: Any, y: Any) -> Any:
        return sum(sum(np.atleast_1d(leaf)) for leaf in leaves(function(x, y)))

    both = arc.value_and_grad(total, argnums=(0, 1))

    @settings(max_examples=examples(60))
    @given(draw_pair(DType.F64))
    def same_bits(pair: tuple[Array, Array]) -> None:
        with np.errstate(all="ignore"):
            expected = total(*pair)
        value, _ = both(*pair)
        assert_bits_equal([value], [expected])

    same_bits()


def test_what_is_kept_matters() -> None:
    """The identities that simplification would use do not hold for these numbers."""
    assert arc.compile(lambda x: (x + 1e8) - 1e8)(0.1) == np.float64(0.1) + 1e8 - 1e8 != 0.1
    with np.errstate(all="ignore"):
        assert np.isnan(arc.compile(lambda x: x / x)(0.0))
        assert np.isnan(arc.compile(lambda x: x / x)(np.inf))
        assert arc.compile(lambda x: 1 / (1 / x))(5e-324) == 0.0
    terms = np.array([1.0, *[1e-16] * 10])
    total, _ = arc.compile(kahan)(terms, terms)
    assert total == 1.000000000000001
    assert sum(terms) == 1.0
    assert np.signbit(arc.compile(lambda x: np.where(x > 0, -0.0, 1.0))(1.0))
