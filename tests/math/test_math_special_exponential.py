"""Special values of the exponential, logarithmic and hyperbolic functions, of pow and erf: ISO C99, Annex F.9."""

from __future__ import annotations

import ctypes
import math
import struct
from collections.abc import Callable

import numpy as np
import pytest
from arc_codegen.runtime_sources import closure, text_of
from arc_codegen.toolchain.errors import ToolchainError
from arc_codegen.toolchain.fused import fma_flags
from arc_codegen.toolchain.host_compiler import find_compiler
from arc_codegen.toolchain.shared_library import shared_library

INF, NAN = math.inf, math.nan
SMALLEST, LARGEST = 2.0**-149, float(np.finfo(np.float32).max)
UNARY = (
    *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p"),
    *("sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf"),
)

VALUES: dict[str, list[tuple[float, float]]] = {
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (89.0, INF), (-104.0, 0.0), (-103.9, SMALLEST)],
    "exp2": [
        *((0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (128.0, INF), (-149.0, SMALLEST), (-150.0, 0.0)),
        *((float(n), 2.0**n) for n in range(-149, 128)),
    ],
    "expm1": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (INF, INF),
        (-INF, -1.0),
        (SMALLEST, SMALLEST),
        (-SMALLEST, -SMALLEST),
        (-20.0, -1.0),
    ],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (-SMALLEST, NAN), (INF, INF), (-INF, NAN)],
    "log2": [
        *((1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (-INF, NAN)),
        *((2.0**n, float(n)) for n in range(-149, 128)),
    ],
    "log10": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-1.5, NAN), (INF, INF), (-INF, NAN), (-SMALLEST, -SMALLEST)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (90.0, INF), (-90.0, -INF), (SMALLEST, SMALLEST)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, INF), (90.0, INF), (-90.0, INF), (SMALLEST, 1.0)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (10.0, 1.0), (-10.0, -1.0), (-SMALLEST, -SMALLEST)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (SMALLEST, SMALLEST)],
    "acosh": [(1.0, 0.0), (0.999, NAN), (0.0, NAN), (-1.0, NAN), (INF, INF), (-INF, NAN)],
    "atanh": [
        (0.0, 0.0),
        (-0.0, -0.0),
        (1.0, INF),
        (-1.0, -INF),
        (1.001, NAN),
        (INF, NAN),
        (-INF, NAN),
        (SMALLEST, SMALLEST),
    ],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (4.0, 1.0), (-4.0, -1.0)],
}

POWERS: list[tuple[float, float, float]] = [
    # F.9.4.4, in its order
    *((0.0, -3.0, INF), (-0.0, -3.0, -INF), (0.0, -2.0, INF), (-0.0, -2.0, INF), (-0.0, -0.5, INF)),
    *((0.0, 3.0, 0.0), (-0.0, 3.0, -0.0), (0.0, 2.0, 0.0), (-0.0, 2.0, 0.0), (-0.0, 0.5, 0.0)),
    *((-1.0, INF, 1.0), (-1.0, -INF, 1.0)),
    *((1.0, y, 1.0) for y in (NAN, INF, -INF, 0.0, 5.5, LARGEST)),
    *((x, zero, 1.0) for x in (NAN, INF, -INF, 0.0, -0.0, -7.25, SMALLEST) for zero in (0.0, -0.0)),
    *((-8.0, 0.5, NAN), (-SMALLEST, -1.5, NAN)),
    *((0.5, -INF, INF), (-0.5, -INF, INF), (0.0, -INF, INF), (-0.0, -INF, INF)),
    *(
        (2.0, -INF, 0.0),
        (-2.0, -INF, 0.0),
        (0.5, INF, 0.0),
        (-0.5, INF, 0.0),
        (0.0, INF, 0.0),
        (2.0, INF, INF),
        (-2.0, INF, INF),
    ),
    *((-INF, -3.0, -0.0), (-INF, -2.0, 0.0), (-INF, -0.5, 0.0), (-INF, 3.0, -INF), (-INF, 2.0, INF), (-INF, 0.5, INF)),
    *((INF, -1.5, 0.0), (INF, 1.5, INF), (-INF, -INF, 0.0), (-INF, INF, INF)),
    # not a number otherwise
    *((NAN, 1.0, NAN), (2.0, NAN, NAN), (-2.0, NAN, NAN), (0.0, NAN, NAN), (NAN, NAN, NAN)),
    # parity of the exponent up to where all are even
    *((-1.0, 16777215.0, -1.0), (-1.0, 16777216.0, 1.0), (-1.0, LARGEST, 1.0), (-2.0, 3.0, -8.0), (-2.0, -2.0, 0.25)),
    # overflow, underflow, subnormal numbers
    *(
        (2.0, 128.0, INF),
        (-2.0, 129.0, -INF),
        (2.0, -151.0, 0.0),
        (-2.0, -151.0, -0.0),
        (2.0, 1e30, INF),
        (0.5, 1e30, 0.0),
    ),
    *((2.0, float(n), 2.0**n) for n in range(-149, 128)),
    *((SMALLEST, 0.5, 2.0**-74.5), (SMALLEST, 1.0, SMALLEST), (-SMALLEST, 1.0, -SMALLEST), (SMALLEST, -1.0, INF)),
    # whole powers that float32 holds
    *((float(b), float(n), float(b**n)) for b in (3, 5, 7, 10, 15) for n in range(2, 11) if b**n < 2**24),
    *((float(b * b), 0.5, float(b)) for b in (3, 7, 31, 1001, 4095)),
]


def _bits(x: float) -> int:
    return int(struct.unpack("<I", struct.pack("<f", x))[0])


def _same(result: float, expected: float) -> bool:
    if math.isnan(expected):
        return math.isnan(result)
    return not math.isnan(result) and _bits(result) == _bits(float(np.float32(expected)))


@pytest.fixture(scope="module", params=["plain", "fused"])
def functions(request: pytest.FixtureRequest) -> Callable[..., float]:
    """Calls ``arc_<name>f`` of this machine."""
    compiler = find_compiler()
    try:
        flags = ("-DARC_FMA=1", *fma_flags(compiler)) if request.param == "fused" else ()
    except ToolchainError as error:
        pytest.skip(str(error))
    names = closure(["arc_math.h", *(f"arc_{name}f.c" for name in (*UNARY, "pow"))])
    files = {name: text_of(name) for name in names}
    sources = [name for name in files if name.endswith(".c")]
    with shared_library(files, sources, compiler=compiler, flags=flags) as path:
        library = ctypes.CDLL(str(path))

    def call(name: str, *arguments: float) -> float:
        function = library[f"arc_{name}f"]
        function.argtypes = [ctypes.c_float] * len(arguments)
        function.restype = ctypes.c_float
        return float(function(*arguments))

    return call


@pytest.mark.parametrize("name", UNARY)
def test_special_values(functions: Callable[..., float], name: str) -> None:
    found = [(x, functions(name, x), expected) for x, expected in (*VALUES[name], (NAN, NAN), (-NAN, NAN))]
    assert [case for case in found if not _same(case[1], case[2])] == []


def test_powers(functions: Callable[..., float]) -> None:
    found = [(x, y, functions("pow", x, y), expected) for x, y, expected in POWERS]
    assert [case for case in found if not _same(case[2], case[3])] == []


@pytest.mark.parametrize("name", ["sinh", "tanh", "asinh", "atanh", "erf"])
def test_odd_functions_are_odd(functions: Callable[..., float], name: str) -> None:
    arguments = np.float32(2.0) ** np.linspace(-149, 6, 2000, dtype=np.float32)
    for x in map(float, arguments):
        if name != "atanh" or x < 1:
            assert _bits(functions(name, -x)) == _bits(functions(name, x)) ^ 0x80000000


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        *(
            ("exp", -87.4, -87.2),
            ("exp", 88.0, 88.72),
            ("tanh", 0.8999, 0.9001),
            ("erf", 0.8124, 0.8126),
            ("erf", 1.4999, 1.5001),
        ),
        *(
            ("erf", 2.4999, 2.5001),
            ("sinh", 0.9999, 1.0001),
            ("sinh", 87.99, 88.01),
            ("asinh", 0.4999, 0.5001),
            ("acosh", 1.4999, 1.5001),
        ),
        *(
            ("asinh", 4095.9, 4096.1),
            ("acosh", 4095.9, 4096.1),
            ("atanh", 0.4999, 0.5001),
            ("expm1", 0.3465, 0.3467),
            ("expm1", -17.4, -17.2),
        ),
    ],
)
def test_no_step_where_the_method_changes(functions: Callable[..., float], name: str, low: float, high: float) -> None:
    """Across a boundary the functions rise, as they do throughout, but for an ulp of error on each side."""
    arguments = np.unique(np.linspace(low, high, 4001, dtype=np.float32))
    values = np.array([functions(name, float(x)) for x in arguments], dtype=np.float32)
    steps = np.diff(values.astype(np.float64))
    assert np.all(steps >= -2 * np.spacing(np.abs(values[1:])).astype(np.float64))
