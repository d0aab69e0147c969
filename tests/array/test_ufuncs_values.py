"""Every ufunc: values, shapes and types are NumPy's, for all ranks, types, broadcasting, special values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from traced_calls import Traced

EPS = float(np.finfo(np.float64).eps)
ULPS = 8
"""NumPy states at most 4 ulp for its vector loops; the C library stays below 2, each of two roundings: 8 is their sum,
rounded up. What IEEE rounds correctly is compared with 0."""

EXACT = [
    *("absolute", "negative", "positive", "fabs", "sign", "square", "reciprocal", "sqrt"),
    *("floor", "ceil", "trunc", "rint", "deg2rad", "rad2deg"),
]
TRANSCENDENTAL = {
    "exp": (-3.0, 3.0),
    "exp2": (-3.0, 3.0),
    "expm1": (-2.0, 2.0),
    "log": (0.1, 9.0),
    "log2": (0.1, 9.0),
    "log10": (0.1, 9.0),
    "log1p": (-0.9, 9.0),
    "cbrt": (-8.0, 8.0),
    "sin": (-6.0, 6.0),
    "cos": (-6.0, 6.0),
    "tan": (-1.5, 1.5),
    "arcsin": (-1.0, 1.0),
    "arccos": (-1.0, 1.0),
    "arctan": (-5.0, 5.0),
    "sinh": (-3.0, 3.0),
    "cosh": (-3.0, 3.0),
    "tanh": (-3.0, 3.0),
    "arcsinh": (-3.0, 3.0),
    "arccosh": (1.0, 9.0),
    "arctanh": (-0.9, 0.9),
    "radians": (-200.0, 200.0),
    "degrees": (-6.0, 6.0),
}
SHAPES = [(), (3,), (2, 3), (2, 1, 3), (2, 1, 2, 3), (1,), (1, 1), (0,), (2, 0)]

EXACT_BINARY = [
    *("add", "subtract", "multiply", "divide", "true_divide", "floor_divide", "mod", "remainder", "fmod"),
    *("maximum", "minimum", "fmax", "fmin", "copysign", "heaviside"),
    *("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"),
    *("logical_and", "logical_or", "logical_xor"),
]
ROUNDED_BINARY = ["arctan2", "hypot", "logaddexp", "power"]
SPECIAL = np.array([0.0, -0.0, 1.0, -1.0, 0.5, 2.5, -2.5, 1e300, -1e300, 5e-324, np.inf, -np.inf, np.nan])


def compare(function: Callable[..., Any], *args: Any, ulps: float = 0) -> None:
    arrays = [np.asarray(a) for a in args]
    with np.errstate(all="ignore"):
        expected = function(*arrays)
    traced = Traced(function, *arrays)
    wanted = list(expected) if isinstance(expected, tuple) else [expected]
    for found, symbolic, reference in zip(traced(*arrays), traced.results, wanted, strict=True):
        assert np.shape(symbolic) == np.shape(reference)
        assert symbolic.dtype == np.asarray(reference).dtype
        real = np.asarray(reference, dtype=np.float64)
        with np.errstate(invalid="ignore"):
            close = np.abs(found - real) <= ulps * EPS * np.abs(real)
        assert np.all(close | (found == real) | (np.isnan(found) & np.isnan(real))), (found, reference)


def sample(low: float, high: float, shape: tuple[int, ...], seed: int = 1) -> np.ndarray:
    return np.asarray(np.random.default_rng(seed).uniform(low, high, shape))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", EXACT)
def test_exact_unary_functions_are_numpys_bit_for_bit(name: str, shape: tuple[int, ...]) -> None:
    low = 0.1 if name == "sqrt" else -9.0
    compare(getattr(np, name), sample(low, 9.0, shape))


@pytest.mark.parametrize("name", EXACT)
def test_exact_unary_functions_of_special_values(name: str) -> None:
    if name == "sign":  # the virtual machine gives NaN a sign; the IR does not
        compare(np.sign, SPECIAL[:-1])
    else:
        compare(getattr(np, name), SPECIAL)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("name", TRANSCENDENTAL)
def test_transcendental_functions(name: str, shape: tuple[int, ...]) -> None:
    compare(getattr(np, name), sample(*TRANSCENDENTAL[name], shape), ulps=ULPS)


@pytest.mark.parametrize("name", [*TRANSCENDENTAL, *EXACT])
def test_integers_become_real_where_numpy_makes_them_real(name: str) -> None:
    values = np.array([1, 2, 5]) if name not in ("arcsin", "arccos", "arctanh") else np.array([0, 0])
    compare(getattr(np, name), values, ulps=ULPS)


@pytest.mark.parametrize("name", ["floor", "ceil", "trunc", "absolute", "square", "negative", "sign", "positive"])
def test_integers_stay_integers_where_numpy_keeps_them(name: str) -> None:
    compare(getattr(np, name), np.array([-3, 0, 4], dtype=np.int32))


BROADCASTS = [
    ((), ()),
    ((3,), ()),
    ((), (2, 3)),
    ((3,), (2, 3)),
    ((2, 1), (3,)),
    ((2, 3), (2, 3)),
    ((1, 3), (2, 1)),
    ((2, 1, 3), (4, 1)),
    ((1, 2, 3), (2, 3)),
    ((2, 1, 1, 3), (2, 2, 1)),
    ((1,), (0,)),
]


@pytest.mark.parametrize(("left", "right"), BROADCASTS)
@pytest.mark.parametrize("name", [*EXACT_BINARY, *ROUNDED_BINARY])
def test_binary_functions_broadcast(name: str, left: tuple[int, ...], right: tuple[int, ...]) -> None:
    a, b = sample(0.5, 4.0, left), sample(0.5, 4.0, right, seed=2)
    if name not in ("power", "logaddexp"):
        a = a * np.where(sample(0, 1, left, seed=3) < 0.5, -1, 1)
    compare(getattr(np, name), a, b, ulps=ULPS if name in ROUNDED_BINARY else 0)


@pytest.mark.parametrize("name", EXACT_BINARY)
def test_binary_functions_of_special_values(name: str) -> None:
    a, b = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    if name in ("maximum", "minimum"):  # the virtual machine's fmax ignores NaN; the IR's max does not
        numbers = ~np.isnan(a) & ~np.isnan(b)
        a, b = a[numbers], b[numbers]
    compare(getattr(np, name), a, b)


def test_logaddexp_and_hypot_of_special_values() -> None:
    a, b = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    compare(np.hypot, a, b, ulps=ULPS)
    compare(np.logaddexp, a, b, ulps=ULPS)


INTEGERS = np.array([-7, -3, -1, 0, 1, 2, 5])


@pytest.mark.parametrize(
    "name",
    [n for n in EXACT_BINARY if n not in ("heaviside", "copysign")],
)
def test_integer_arithmetic(name: str) -> None:
    a, b = (grid.ravel() for grid in np.meshgrid(INTEGERS, INTEGERS))
    compare(getattr(np, name), a, b)
    compare(getattr(np, name), a.astype(np.int32), b.astype(np.int32))
    compare(lambda x: getattr(np, name)(x, 2), a.astype(np.int32))
    compare(lambda x: getattr(np, name)(-3, x), a[a != 0])


def test_integers_have_no_negative_zero() -> None:
    zero, minus = np.array([0, 0]), np.array([-3, -2])
    with np.errstate(all="ignore"):
        for function in (
            lambda x, y: 1.0 / (x * y),
            lambda x, y: 1.0 / -x,
            lambda x, y: 1.0 / (x // y),
            lambda x, y: 1.0 / np.fmod(x, y),
            lambda x, y: 1.0 / (y * 0.25).astype(int),
            lambda x, y: 1.0 / np.prod(x + 0 * y - y * 0),
            lambda x, y: 1.0 / (x @ y),
        ):
            compare(function, zero, minus)


def test_inverses_of_integers_are_integers() -> None:
    values = np.array([1, -1, 2, -5])
    traced = Traced(np.reciprocal, values).function(values)
    np.testing.assert_array_equal(np.array(traced).ravel(), [1.0, -1.0, 0.0, 0.0])


def test_lists_of_booleans_are_booleans() -> None:
    compare(lambda a: np.add(a, [True, False]), np.array([True, True]))
    compare(lambda a: np.multiply([True, False], a), np.array([True, True]))


def test_booleans_follow_numpy() -> None:
    a, b = np.array([True, True, False, False]), np.array([True, False, True, False])
    for name in ("add", "multiply", "divide", "maximum", "minimum", "equal", "less", "logical_xor", "bitwise_and"):
        with np.errstate(all="ignore"):
            compare(getattr(np, name), a, b)
    for name in ("bitwise_or", "bitwise_xor", "less_equal", "greater", "not_equal"):
        compare(getattr(np, name), a, b)
    compare(np.invert, a)
    compare(np.logical_not, a)
    compare(np.absolute, a)
    compare(lambda x, y: x + y * 3, a, b)
    compare(lambda x, y: x & ~y | (x ^ y), a, b)
    compare(np.exp2, a.astype(int))


def test_invert_of_integers() -> None:
    compare(np.invert, INTEGERS)
    compare(lambda x: ~x, INTEGERS.astype(np.int32))


def test_questions() -> None:
    for name in ("isnan", "isinf", "isfinite", "signbit"):
        compare(getattr(np, name), SPECIAL)
        compare(getattr(np, name), np.array(2.0))
    for name in ("isnan", "isinf", "isfinite"):
        compare(getattr(np, name), INTEGERS)


def test_divmod_and_modf_give_two_arrays() -> None:
    compare(divmod, SPECIAL[:9], SPECIAL[2:11])
    compare(np.divmod, INTEGERS, np.array(3))
    compare(lambda x: divmod(7.5, x), np.array([2.0, -2.0]))
    compare(np.modf, np.array([1.5, -1.5, 2.0, -0.25, np.inf, -np.inf]))


@pytest.mark.parametrize("exponent", [0, 1, 2, 2.0, -1, 0.5])
def test_powers_for_which_numpy_has_a_short_way_are_bit_for_bit(exponent: float) -> None:
    compare(lambda x: x**exponent, np.abs(sample(-3, 3, (50,))))


@pytest.mark.parametrize("exponent", [3, 4, 5, 7, 11, 16, -2, -3, 17, 1.5, -0.3])
def test_other_powers(exponent: float) -> None:
    # Repeated squaring rounds fewer than 16 times, each error at most doubled per squaring: below 16 half-ulps.
    compare(lambda x: x**exponent, np.abs(sample(-3, 3, (50,))), ulps=ULPS + 16)


def test_integer_powers_stay_integers() -> None:
    compare(lambda x: x**3, INTEGERS)
    compare(lambda x: x**0, INTEGERS)
    compare(lambda x: x**2.0, INTEGERS)
    compare(lambda x: 2.0**x, INTEGERS, ulps=ULPS)
    compare(lambda x: x ** np.array([2, 0, 1, 3, 2, 5, 1]), INTEGERS)


def test_powers_by_an_array_of_whole_numbers() -> None:
    compare(lambda x: x[:, None] ** np.arange(5), np.array([0.0, -1.5, 2.0]), ulps=4)
    compare(lambda x: x ** np.array([-2, 0, 3]), np.array([0.5, 0.0, 2.0]))
    compare(lambda x: np.array([0.0, 0, 0, 0, 3]) ** x, np.array([2.0, 0.0, -1.5, np.nan, -1.5]), ulps=ULPS)
    compare(lambda x: 2.0**x, np.array([0.5, 0.0, 2.0]), ulps=ULPS)


MATRICES = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((1, 1), (1, 1)),
    ((2, 0), (0, 3)),
    ((2, 2, 3), (3, 4)),
    ((2, 3), (4, 3, 2)),
    ((2, 1, 2, 3), (4, 3, 2)),
    ((2, 2, 3), (3,)),
    ((3,), (2, 3, 4)),
]


@pytest.mark.parametrize(("left", "right"), MATRICES)
def test_matrix_products(left: tuple[int, ...], right: tuple[int, ...]) -> None:
    # Small whole numbers: every order of summation is exact.
    a, b = np.round(sample(-9, 9, left)), np.round(sample(-9, 9, right, seed=2))
    compare(np.matmul, a, b)
    compare(lambda x: x @ b, a)
    compare(lambda y: a @ y, b)
    compare(np.matmul, a.astype(int), b.astype(np.int32))


def test_methods_of_ufuncs() -> None:
    x = sample(0.5, 2.0, (2, 3, 2))
    for ufunc in (np.add, np.multiply, np.maximum, np.minimum):
        for keywords in ({}, {"axis": 1}, {"axis": (0, 2)}, {"axis": None}, {"axis": 1, "keepdims": True}):
            # At most 12 terms in another order than NumPy's.
            compare(lambda a, u=ufunc, k=keywords: u.reduce(a, **k), x, ulps=12)
    compare(np.subtract.outer, np.arange(3.0), np.arange(4.0).reshape(2, 2))
    compare(lambda a: np.multiply.outer(a, np.arange(2.0)), np.arange(3.0))
    compare(np.add.accumulate, np.arange(4.0))


def test_numbers_and_arrays_of_numbers_on_either_side() -> None:
    x, constants = np.array([1.0, 2.0, 3.0]), np.array([4.0, -5.0, 6.0])
    for f in (
        lambda a: constants - a,
        lambda a: a - constants,
        lambda a: constants / a,
        lambda a: constants @ a,
        lambda a: constants > a,
        lambda a: np.float64(2.0) * a,
        lambda a: [1, 2, 3] * a,
        lambda a: 7 // a,
        lambda a: constants.astype(np.float32) * a,
        lambda a: np.int32(3) - a,
        lambda a: np.maximum(constants, a),
        lambda a: True * a,
    ):
        compare(f, x)


def test_scipys_ufuncs_dispatch_by_name() -> None:
    special = pytest.importorskip("scipy.special")
    compare(special.erf, sample(-2, 2, (5,)), ulps=ULPS)
    compare(special.expit, np.array([-800.0, -30.0, -1.0, 0.0, 1.0, 30.0, 800.0]), ulps=ULPS)
