"""Every scalar operation at its special values, in both interpreters and both precisions.

The table below is written by hand from IEEE 754, C99 annex F and the definitions in `scalar`. Values are exact in both
precisions; where a function is not correctly rounded by definition, only points at which C fixes the result stand here.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import math
from typing import Any

import numpy as np
import pytest
from arc_codegen.errors import IRError
from arc_codegen.ir.evaluate import evaluate
from arc_codegen.ir.libm import libm_function
from arc_codegen.ir.loops import Buffer, Index, Load, LoopFunction, Op, Store, Symbol
from arc_codegen.ir.loops_interp import interpret_loops
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType
from strategies.agreement import assert_bits_equal
from strategies.graph_programs import Array, special_values

INF, NAN = math.inf, math.nan
Row = tuple[str, tuple[Any, ...], Any]

UNARY: dict[str, list[tuple[float, float]]] = {
    "neg": [(0.0, -0.0), (-0.0, 0.0), (1.5, -1.5), (INF, -INF), (NAN, NAN)],
    "abs": [(0.0, 0.0), (-0.0, 0.0), (-1.5, 1.5), (-INF, INF), (NAN, NAN)],
    "sign": [(0.0, 0.0), (-0.0, 0.0), (-1e-30, -1.0), (2.0, 1.0), (-INF, -1.0), (NAN, NAN)],
    "sqrt": [(0.0, 0.0), (-0.0, -0.0), (4.0, 2.0), (-1.0, NAN), (INF, INF), (-INF, NAN), (NAN, NAN)],
    "floor": [(1.5, 1.0), (-1.5, -2.0), (-0.0, -0.0), (0.5, 0.0), (-0.5, -1.0), (INF, INF), (NAN, NAN)],
    "ceil": [(1.5, 2.0), (-1.5, -1.0), (-0.0, -0.0), (0.5, 1.0), (-0.5, -0.0), (-INF, -INF), (NAN, NAN)],
    "trunc": [(1.5, 1.0), (-1.5, -1.0), (-0.0, -0.0), (0.5, 0.0), (-0.5, -0.0), (INF, INF), (NAN, NAN)],
    "rint": [(0.5, 0.0), (1.5, 2.0), (2.5, 2.0), (-0.5, -0.0), (-1.5, -2.0), (-0.0, -0.0), (INF, INF), (NAN, NAN)],
    "sin": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (-INF, NAN), (NAN, NAN)],
    "cos": [(0.0, 1.0), (-0.0, 1.0), (INF, NAN), (NAN, NAN)],
    "tan": [(0.0, 0.0), (-0.0, -0.0), (INF, NAN), (NAN, NAN)],
    "asin": [(0.0, 0.0), (-0.0, -0.0), (2.0, NAN), (NAN, NAN)],
    "acos": [(1.0, 0.0), (2.0, NAN), (NAN, NAN)],
    "atan": [(0.0, 0.0), (-0.0, -0.0), (NAN, NAN)],
    "sinh": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -INF), (NAN, NAN)],
    "cosh": [(0.0, 1.0), (-0.0, 1.0), (-INF, INF), (NAN, NAN)],
    "tanh": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN)],
    "asinh": [(0.0, 0.0), (-0.0, -0.0), (-INF, -INF), (NAN, NAN)],
    "acosh": [(1.0, 0.0), (0.5, NAN), (INF, INF), (NAN, NAN)],
    "atanh": [(0.0, 0.0), (-0.0, -0.0), (1.0, INF), (-1.0, -INF), (2.0, NAN), (NAN, NAN)],
    "exp": [(0.0, 1.0), (-0.0, 1.0), (INF, INF), (-INF, 0.0), (1e5, INF), (-1e5, 0.0), (NAN, NAN)],
    "exp2": [(0.0, 1.0), (3.0, 8.0), (-1.0, 0.5), (INF, INF), (-INF, 0.0), (NAN, NAN)],
    "expm1": [(0.0, 0.0), (-0.0, -0.0), (INF, INF), (-INF, -1.0), (NAN, NAN)],
    "log": [(1.0, 0.0), (0.0, -INF), (-0.0, -INF), (-1.0, NAN), (INF, INF), (NAN, NAN)],
    "log2": [(1.0, 0.0), (8.0, 3.0), (0.0, -INF), (-1.0, NAN), (INF, INF), (NAN, NAN)],
    "log10": [(1.0, 0.0), (1000.0, 3.0), (0.0, -INF), (-1.0, NAN), (INF, INF), (NAN, NAN)],
    "log1p": [(0.0, 0.0), (-0.0, -0.0), (-1.0, -INF), (-2.0, NAN), (INF, INF), (NAN, NAN)],
    "cbrt": [(0.0, 0.0), (-0.0, -0.0), (1.0, 1.0), (-INF, -INF), (NAN, NAN)],
    "erf": [(0.0, 0.0), (-0.0, -0.0), (INF, 1.0), (-INF, -1.0), (NAN, NAN)],
}
BINARY: dict[str, list[tuple[float, float, Any]]] = {
    "add": [(0.0, -0.0, 0.0), (-0.0, -0.0, -0.0), (INF, -INF, NAN), (1.0, 2.0, 3.0), (INF, 1.0, INF)],
    "sub": [(0.0, 0.0, 0.0), (-0.0, 0.0, -0.0), (INF, INF, NAN), (1.0, 2.0, -1.0)],
    "mul": [(0.0, -1.0, -0.0), (0.0, INF, NAN), (-2.0, -INF, INF), (1.5, 2.0, 3.0)],
    "div": [
        *((1.0, 0.0, INF), (1.0, -0.0, -INF), (-1.0, 0.0, -INF), (-1.0, -0.0, INF), (0.0, 0.0, NAN)),
        *((INF, 0.0, INF), (INF, -0.0, -INF), (-INF, 0.0, -INF), (NAN, 0.0, NAN), (INF, INF, NAN), (1.0, -INF, -0.0)),
        *((0.0, -3.0, -0.0), (3.0, 2.0, 1.5)),
    ],
    "max": [
        *((1.0, 2.0, 2.0), (2.0, 1.0, 2.0), (0.0, -0.0, 0.0), (-0.0, 0.0, -0.0)),
        *((NAN, 1.0, NAN), (1.0, NAN, NAN), (NAN, NAN, NAN), (-INF, INF, INF)),
    ],
    "min": [
        *((1.0, 2.0, 1.0), (2.0, 1.0, 1.0), (0.0, -0.0, 0.0), (-0.0, 0.0, -0.0)),
        *((NAN, 1.0, NAN), (1.0, NAN, NAN), (NAN, NAN, NAN), (-INF, INF, -INF)),
    ],
    "fmax": [
        *((1.0, 2.0, 2.0), (2.0, 1.0, 2.0), (0.0, -0.0, 0.0), (-0.0, 0.0, -0.0)),
        *((NAN, 1.0, 1.0), (1.0, NAN, 1.0), (NAN, NAN, NAN)),
    ],
    "fmin": [
        *((1.0, 2.0, 1.0), (2.0, 1.0, 1.0), (0.0, -0.0, 0.0), (-0.0, 0.0, -0.0)),
        *((NAN, 1.0, 1.0), (1.0, NAN, 1.0), (NAN, NAN, NAN)),
    ],
    "fmod": [
        *((5.5, 2.0, 1.5), (-5.5, 2.0, -1.5), (5.5, -2.0, 1.5), (-4.0, 2.0, -0.0), (4.0, -2.0, 0.0)),
        *((1.0, 0.0, NAN), (INF, 1.0, NAN), (1.0, INF, 1.0), (NAN, 1.0, NAN)),
    ],
    "remainder": [
        *((5.0, 2.0, 1.0), (7.0, 2.0, -1.0), (3.0, 2.0, -1.0), (-4.0, 2.0, -0.0), (4.0, -2.0, 0.0)),
        *((1.0, 0.0, NAN), (INF, 1.0, NAN), (1.0, INF, 1.0), (NAN, 1.0, NAN)),
    ],
    "copysign": [(1.0, -0.0, -1.0), (-1.0, 0.0, 1.0), (0.0, -2.0, -0.0), (INF, -1.0, -INF), (NAN, -1.0, NAN)],
    "pow": [
        *((2.0, 3.0, 8.0), (0.0, 0.0, 1.0), (NAN, 0.0, 1.0), (1.0, NAN, 1.0), (-2.0, 0.5, NAN), (-2.0, 3.0, -8.0)),
        *((0.0, -1.0, INF), (-0.0, -1.0, -INF), (-0.0, 3.0, -0.0), (2.0, INF, INF), (-1.0, INF, 1.0), (NAN, 1.0, NAN)),
    ],
    "atan2": [(0.0, 1.0, 0.0), (-0.0, 1.0, -0.0), (0.0, 0.0, 0.0), (-0.0, 0.0, -0.0), (1.0, INF, 0.0), (NAN, 1.0, NAN)],
    "hypot": [(3.0, 4.0, 5.0), (0.0, -0.0, 0.0), (INF, NAN, INF), (NAN, -INF, INF), (NAN, 1.0, NAN)],
    "lt": [(1.0, 2.0, True), (2.0, 1.0, False), (0.0, -0.0, False), (-0.0, 0.0, False), (NAN, 1.0, False)],
    "le": [(1.0, 2.0, True), (1.0, 1.0, True), (0.0, -0.0, True), (1.0, NAN, False), (INF, INF, True)],
    "eq": [(0.0, -0.0, True), (1.0, 2.0, False), (NAN, NAN, False), (INF, INF, True)],
    "ne": [(0.0, -0.0, False), (1.0, 2.0, True), (NAN, NAN, True), (INF, -INF, True)],
}
TERNARY = {
    "fma": [
        *((2.0, 3.0, 4.0, 10.0), (1.0, -0.0, 0.0, 0.0), (-1.0, 0.0, -0.0, -0.0), (1.0, -0.0, -0.0, -0.0)),
        *((INF, 0.0, 1.0, NAN), (INF, 1.0, -INF, NAN), (NAN, 1.0, 1.0, NAN), (1.0, 1.0, NAN, NAN)),
        (2.0, INF, 1.0, INF),
    ],
}
LOGIC: list[Row] = [
    *(("and", (a, b), a and b) for a in (False, True) for b in (False, True)),
    *(("or", (a, b), a or b) for a in (False, True) for b in (False, True)),
    *(("not", (False,), True), ("not", (True,), False)),
]
I32_MAX, I32_MIN = 2**31 - 1, -(2**31)
I64_MAX, I64_MIN = 2**63 - 1, -(2**63)
CASTS: list[tuple[DType, Any, DType, Any]] = [
    *((DType.F64, x, DType.I32, y) for x, y in [(1.9, 1), (-1.9, -1), (-0.0, 0), (NAN, 0), (INF, I32_MAX)]),
    *((DType.F64, x, DType.I32, y) for x, y in [(-INF, I32_MIN), (2.0**31, I32_MAX), (2.0**31 - 0.5, I32_MAX)]),
    *((DType.F64, x, DType.I32, y) for x, y in [(-(2.0**31), I32_MIN), (-(2.0**31) - 0.5, I32_MIN), (-1e300, I32_MIN)]),
    *((DType.F64, x, DType.I64, y) for x, y in [(2.0**63, I64_MAX), (-(2.0**63), I64_MIN), (1e300, I64_MAX)]),
    *((DType.F64, x, DType.I64, y) for x, y in [(2.0**63 - 1024, 2**63 - 1024), (NAN, 0), (-1e300, I64_MIN)]),
    *((DType.F32, x, DType.I32, y) for x, y in [(1.5, 1), (-1.5, -1), (2.0**31, I32_MAX), (NAN, 0), (-INF, I32_MIN)]),
    *((DType.F32, x, DType.I64, y) for x, y in [(2.0**62, 2**62), (2.0**63, I64_MAX), (INF, I64_MAX)]),
    *((DType.F64, x, DType.BOOL, y) for x, y in [(0.0, False), (-0.0, False), (NAN, True), (5e-324, True)]),
    *((DType.F32, x, DType.BOOL, y) for x, y in [(-0.0, False), (NAN, True), (INF, True)]),
    *((DType.I32, x, DType.BOOL, y) for x, y in [(0, False), (-3, True)]),
    *((DType.BOOL, True, target, 1) for target in (DType.F32, DType.F64, DType.I32, DType.I64)),
    *((DType.BOOL, False, target, 0) for target in (DType.F32, DType.F64, DType.I32, DType.I64)),
    *((DType.I64, x, DType.I32, y) for x, y in [(2**40, I32_MAX), (-(2**40), I32_MIN), (-7, -7)]),
    *((DType.I32, x, DType.I64, x) for x in (I32_MAX, I32_MIN)),
    # Rounded once, to nearest even: through a double, 2**24 + 1 scaled would round twice.
    (DType.I64, 2**60 + 2**36 + 1, DType.F32, 2.0**60 + 2.0**37),
    (DType.I64, 2**53 + 1, DType.F64, 2.0**53),
    (DType.I32, 2**24 + 1, DType.F32, 2.0**24),
    (DType.F64, 0.1, DType.F32, float(np.float32(0.1))),
    (DType.F64, 1e300, DType.F32, INF),
    (DType.F64, -0.0, DType.F32, -0.0),
    (DType.F64, 1e-46, DType.F32, 0.0),
    (DType.F32, -0.0, DType.F64, -0.0),
    (DType.F32, NAN, DType.F64, NAN),
]


def run_in_loops(fn: str, args: tuple[Array, ...], result: DType) -> Array:
    """The operation in the loop interpreter, on operands of shape ()."""
    by_name = {dtype.numpy_name: dtype for dtype in DType}
    dtypes = [by_name[str(arg.dtype)] for arg in args]
    symbols = [Symbol(k, f"x{k}") for k in range(len(args))]
    out = Symbol(9, "y")
    loads = tuple(Load(symbol, Index(0), dtype) for symbol, dtype in zip(symbols, dtypes, strict=True))
    buffers = [Buffer(symbol, dtype, 1, "input") for symbol, dtype in zip(symbols, dtypes, strict=True)]
    store = Store(out, Index(0), Op(fn, loads, result))
    return interpret_loops(LoopFunction("f", (*buffers, Buffer(out, result, 1, "output")), (store,)), args)[0]


def check(fn: str, args: tuple[Any, ...], kinds: tuple[DType, ...], result: DType, expected: Any) -> None:
    operands = tuple(np.array(arg, kind.numpy_name) for arg, kind in zip(args, kinds, strict=True))
    wanted = [np.array(expected, result.numpy_name)]
    assert_bits_equal([evaluate(fn, operands, result)], wanted)
    assert_bits_equal([run_in_loops(fn, operands, result)], wanted)
    # In the vector code of NumPy as well: at every position of a longer array.
    many = [np.full(37, operand) for operand in operands]
    assert_bits_equal([evaluate(fn, many, result)], [np.full(37, wanted[0])])


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize("fn", [*UNARY, *BINARY, *TERNARY])
def test_special_values(fn: str, real: DType) -> None:
    result = DType.BOOL if SCALAR_OPS[fn].result == "bool" else real
    for *args, expected in (UNARY | BINARY | TERNARY)[fn]:
        check(fn, tuple(args), (real,) * len(args), result, expected)


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
def test_fused_products_round_once(real: DType) -> None:
    digits = 24 if real is DType.F32 else 53
    x = 1.0 + 2.0 ** -(digits // 2)
    # x**2 has a last bit that rounding takes away.
    check("fma", (x, x, -(1.0 + 2.0 ** (1 - digits // 2))), (real,) * 3, real, 2.0 ** -(2 * (digits // 2)))
    # Just below the middle between the result and its neighbour: a sum in a wider type is the middle, and rounds away.
    ulp = 2.0 ** (1 - digits)
    check("fma", (2.0**-digits * (1 + ulp), 1 - ulp, 1 + ulp), (real,) * 3, real, 1 + ulp)


@pytest.mark.parametrize(("fn", "args", "expected"), LOGIC)
def test_logic(fn: str, args: tuple[bool, ...], expected: bool) -> None:
    check(fn, args, (DType.BOOL,) * len(args), DType.BOOL, expected)


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
def test_select_takes_one_side_as_it_is(real: DType) -> None:
    for a, b in [(1.0, NAN), (-0.0, 0.0), (INF, 2.0)]:
        check("select", (True, a, b), (DType.BOOL, real, real), real, a)
        check("select", (False, b, a), (DType.BOOL, real, real), real, a)


@pytest.mark.parametrize(("source", "value", "target", "expected"), CASTS)
def test_cast(source: DType, value: Any, target: DType, expected: Any) -> None:
    check("cast", (value,), (source,), target, expected)


def test_the_tables_cover_every_operation() -> None:
    covered = {*UNARY, *BINARY, *TERNARY, *(fn for fn, _, _ in LOGIC), "select", "cast"}
    assert covered == set(SCALAR_OPS)


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize("fn", sorted(fn for fn, op in SCALAR_OPS.items() if op.result == "real" or "real" in op.args))
def test_both_interpreters_agree_on_all_pairs_of_special_values(fn: str, real: DType) -> None:
    op = SCALAR_OPS[fn]
    values = np.array([*special_values(real), 0.3, -2.7, 1e10], real.numpy_name)
    grids = np.meshgrid(*[values] * op.arity, indexing="ij")
    args = [grid.ravel() for grid in grids]
    if fn == "copysign":
        args[1] = np.where(np.isnan(args[1]), 1, args[1]).astype(real.numpy_name)
    result = DType.BOOL if op.result == "bool" else real
    together = evaluate(fn, args, result)
    for k in range(0, together.size, 7 if op.arity == 2 else 1):
        one = tuple(np.asarray(arg[k]) for arg in args)
        assert_bits_equal([run_in_loops(fn, one, result)], [np.asarray(together[k])])


@pytest.mark.parametrize("real", [DType.F32, DType.F64])
@pytest.mark.parametrize("fn", ["sin", "exp", "tanh", "log", "erf"])
def test_math_functions_are_the_c_librarys_own(fn: str, real: DType) -> None:
    single = real is DType.F32
    library = ctypes.CDLL(ctypes.util.find_library("m"))
    function = library[fn + ("f" if single else "")]
    function.restype = ctypes.c_float if single else ctypes.c_double
    function.argtypes = [function.restype]
    x = np.random.default_rng(1).uniform(0.1, 4.0, 500).astype(real.numpy_name)
    expected = np.array([function(float(value)) for value in x], real.numpy_name)
    assert_bits_equal([evaluate(fn, [x], real, math="libm")], [expected])


@pytest.mark.parametrize("fn", ["sin", "exp", "pow"])
def test_double_is_the_c_librarys_whatever_computes_float32(fn: str) -> None:
    x = np.random.default_rng(1).uniform(0.1, 4.0, 500)
    args = [x] * SCALAR_OPS[fn].arity
    expected = evaluate(fn, args, DType.F64, math="libm")
    assert_bits_equal([evaluate(fn, args, DType.F64, math="arc")], [expected])


@pytest.mark.parametrize("fn", sorted(fn for fn, op in SCALAR_OPS.items() if not op.exact))
def test_arc_math_and_the_c_library_agree_to_a_few_ulp(fn: str) -> None:
    x = np.random.default_rng(2).uniform(-1.5, 3.0, 2000).astype(np.float32)
    args = [x, x[::-1].copy()][: SCALAR_OPS[fn].arity]
    ours, theirs = (evaluate(fn, args, DType.F32, math=name) for name in ("arc", "libm"))
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    near = ~np.isnan(ours)
    # Each is within 2 ulp of the truth, which may lie between them.
    assert np.all(np.abs(ours[near] - theirs[near]) <= 4 * np.spacing(np.abs(theirs[near])))


def test_an_unknown_math_library() -> None:
    with pytest.raises(IRError, match=r"\[ARC419\] there is no math library 'cmsis'"):
        evaluate("sin", [np.array(1.0)], DType.F64, math="cmsis")


def test_float32_is_computed_in_float32() -> None:
    # 1 + 2**-24 is a tie that rounds to 1 in f32; a double would keep it and the difference would show.
    one, tiny = np.float32(1), np.float32(2.0**-24)
    total = evaluate("add", [np.asarray(one), np.asarray(tiny)], DType.F32)
    assert_bits_equal([evaluate("sub", [total, np.asarray(one)], DType.F32)], [np.array(0, np.float32)])


def test_unknown_operation_and_wrong_arity() -> None:
    with pytest.raises(IRError, match=r"\[ARC419\] no scalar operation 'sine' of 1"):
        evaluate("sine", [np.array(1.0)], DType.F64)
    with pytest.raises(IRError, match="ARC419"):
        evaluate("add", [np.array(1.0)], DType.F64)


@pytest.mark.parametrize(("fn", "dtype"), [("add", DType.F64), ("sine", DType.F64), ("sin", DType.I32)])
def test_no_function_of_the_math_library(fn: str, dtype: DType) -> None:
    with pytest.raises(IRError, match="ARC419"):
        libm_function(fn, dtype)
