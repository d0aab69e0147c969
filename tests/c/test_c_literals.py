"""Literals read back exactly, are the shortest that do, and are spelled so that C reads them in the right type."""

from __future__ import annotations

import math
import re
import struct
from pathlib import Path

import c_harness
import numpy as np
import pytest
from arc_codegen.c.literals import literal
from arc_codegen.errors import IRError
from arc_codegen.generate import emit_loops
from arc_codegen.ir.loops import Literal, LoopFunction, LoopModule, Store
from arc_codegen.ir.types import DType
from c_loop_programs import array, at
from hypothesis import given
from hypothesis import strategies as st

FLOAT = re.compile(r"-?[0-9]+(\.[0-9]+)?(e-?[0-9]+)?(f?)\Z")


def read_back(text: str, dtype: DType) -> float:
    """What a correctly rounding C compiler makes of a decimal literal."""
    match = FLOAT.match(text)
    assert match, text
    assert (match[3] == "f") == (dtype is DType.F32), text
    assert match[1] or match[2], f"{text} is an integer in C"
    return float(np.array(text.rstrip("f"), dtype.numpy_name))


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_every_double_reads_back(value: float) -> None:
    again = read_back(literal(value, DType.F64), DType.F64)
    assert struct.pack("<d", again) == struct.pack("<d", value)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_every_float_reads_back(value: float) -> None:
    again = read_back(literal(value, DType.F32), DType.F32)
    assert struct.pack("<f", again) == struct.pack("<f", value)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False, min_value=0.0, exclude_min=True))
def test_no_shorter_digits_read_back(value: float) -> None:
    digits = re.sub(r"e.*|f|\.|\Z", "", literal(value, DType.F32)).strip("0")
    count = len(digits)
    if count > 1:
        assert np.float32(f"{value:.{count - 2}e}") != np.float32(value)


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (0.1, DType.F32, "0.1f"),
        (-0.0, DType.F32, "-0.0f"),
        (1.0, DType.F64, "1.0"),
        (1e-22, DType.F64, "1e-22"),
        (1e300, DType.F64, "1e300"),
        (16777216.0, DType.F32, "1.6777216e7f"),
        (1e6, DType.F32, "1000000.0f"),
        (math.inf, DType.F32, "ARC_INFINITY"),
        (-math.inf, DType.F64, "-(double)ARC_INFINITY"),
        (math.nan, DType.F32, "ARC_NAN"),
        (math.nan, DType.F64, "(double)ARC_NAN"),
        (5e-324, DType.F64, "5e-324"),
        (-(2**31), DType.I32, "INT32_MIN"),
        (2**31 - 1, DType.I32, "2147483647"),
        (-(2**63), DType.I64, "INT64_MIN"),
        (2**63 - 1, DType.I64, "INT64_C(9223372036854775807)"),
        (-7, DType.I64, "-7"),
        (True, DType.BOOL, "true"),
    ],
)
def test_spelling(value: float, dtype: DType, text: str) -> None:
    assert literal(value, dtype) == text


def test_an_integer_outside_its_type_is_an_error() -> None:
    with pytest.raises(IRError, match="ARC530"):
        literal(2**31, DType.I32)


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_compilers_read_the_same_bits(tmp_path: Path, real: DType, compiler: str) -> None:
    generator = np.random.default_rng(7)
    bits = generator.integers(0, 2 ** (8 * real.itemsize), 2000, dtype=f"u{real.itemsize}")
    values = np.concatenate([bits.view(real.numpy_name), c_harness.special_values(real)])
    y = array("y", real, len(values), kind="output")
    body = tuple(Store(y.symbol, at(offset=k), Literal(float(value), real)) for k, value in enumerate(values))
    generated = emit_loops(LoopModule("constants", (LoopFunction("constants", (y,), body),)))
    library = c_harness.Library(generated, c_harness.compile_shared(generated, tmp_path, compiler, "-O0"))
    (got,) = library.call("constants", [])
    c_harness.assert_same_bits(got, values, "constants")
