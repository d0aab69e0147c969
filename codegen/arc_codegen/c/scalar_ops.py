"""Scalar operations of the IR as C expressions, with exactly the meaning that `ir.scalar` gives them.

Where C has no operator and no library function of that meaning, a small ``static inline`` function is emitted
beside the code that uses it (`helper`).
"""

from __future__ import annotations

from dataclasses import dataclass

from arc_codegen.c import ast
from arc_codegen.c.literals import literal
from arc_codegen.errors import IRError
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType

CTYPES = {DType.F32: "float", DType.F64: "double", DType.I32: "int32_t", DType.I64: "int64_t", DType.BOOL: "bool"}

_INFIX = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "lt": "<",
    "le": "<=",
    "eq": "==",
    "ne": "!=",
    "and": "&&",
    "or": "||",
}
_SELECTS = {
    "max": (">=", "a"),  # NaN if either is NaN
    "min": ("<=", "a"),
    "fmax": (">=", "b"),  # the other if one is NaN
    "fmin": ("<=", "b"),
}


@dataclass(frozen=True, slots=True)
class Helper:
    """Key of a helper function: an operation and the element types it takes and gives."""

    fn: str
    source: DType
    target: DType

    @property
    def hint(self) -> str:
        """Its name, without the module's prefix: ``maxf``, ``i32_from_f32``."""
        if self.fn == "cast":
            return f"{self.target.value}_from_{self.source.value}"
        return self.fn + ("f" if self.target is DType.F32 else "")


def helper_of(fn: str, argument_types: tuple[DType, ...], dtype: DType) -> Helper | None:
    """The helper that an operation needs, or None."""
    if fn in _SELECTS or fn == "sign":
        return Helper(fn, dtype, dtype)
    if fn == "cast":
        source = argument_types[0]
        if dtype.is_integer and (source.is_real or source.itemsize > dtype.itemsize):
            return Helper(fn, source, dtype)
    return None


def all_helpers() -> tuple[Helper, ...]:
    """Every helper there may be, in a fixed order."""
    reals = (DType.F32, DType.F64)
    selects = [Helper(fn, real, real) for fn in (*_SELECTS, "sign") for real in reals]
    casts = [Helper("cast", real, target) for real in reals for target in (DType.I32, DType.I64)]
    return (*selects, *casts, Helper("cast", DType.I64, DType.I32))


def apply(
    fn: str,
    args: tuple[ast.Expr, ...],
    argument_types: tuple[DType, ...],
    dtype: DType,
    *,
    helper_name: str | None,
    math: str,
) -> ast.Expr:
    """C expression of one operation on operands that are expressions already; ``math`` as in the options."""
    if helper_name is not None:
        return ast.Call(helper_name, args)
    if fn in _INFIX:
        return ast.Binary(_INFIX[fn], args[0], args[1])
    if fn == "neg":
        return ast.Unary("-", args[0])
    if fn == "not":
        return ast.Unary("!", args[0])
    if fn == "select":
        return ast.Ternary(*args)
    if fn == "cast":
        return _cast(args[0], argument_types[0], dtype)
    name = called_function(fn, dtype, math=math)
    if name is None:
        raise IRError(f"no C for the scalar operation {fn!r}", code="ARC531", hint="this is a bug of the tool")
    return ast.Call(name, args)


def called_function(fn: str, dtype: DType, *, math: str) -> str | None:
    """The function of a library that an operation calls, ``arc_...`` if it is one of the runtime's, or None.

    Examples
    --------
    >>> called_function("sin", DType.F32, math="arc"), called_function("sin", DType.F64, math="arc")
    ('arc_sinf', 'sin')
    """
    name = "fabs" if fn == "abs" else SCALAR_OPS[fn].libm if fn in SCALAR_OPS else ""
    if not name:
        return None
    single = dtype is DType.F32
    # Fused operations are instructions, never a library's replacement for them.
    runtime = (single and math == "arc") or fn == "fma"
    return f"{'arc_' if runtime else ''}{name}{'f' if single else ''}"


def _cast(operand: ast.Expr, source: DType, target: DType) -> ast.Expr:
    if source is target:
        return operand
    if target is DType.BOOL:
        return ast.Binary("!=", operand, ast.Number(literal(0, source)))
    return ast.Cast(CTYPES[target], operand)


def helper(key: Helper, name: str) -> ast.Function:
    """Definition of a helper function under the name ``name``."""
    ctype = CTYPES[key.target]
    if key.fn in _SELECTS:
        a, b = ast.Name("a"), ast.Name("b")
        comparison, tested = _SELECTS[key.fn]
        nan = ast.Binary("!=", ast.Name(tested), ast.Name(tested))
        value = ast.Ternary(ast.Binary("||", ast.Binary(comparison, a, b), nan), a, b)
        parameters = (ast.Parameter(ctype, "a"), ast.Parameter(ctype, "b"))
        return ast.Function(name, parameters, (ast.Return(value),), ctype, "static inline")
    if key.fn == "sign":
        return ast.Function(
            name, (ast.Parameter(ctype, "x"),), (ast.Return(_sign(key.target)),), ctype, "static inline"
        )
    parameter = ast.Parameter(CTYPES[key.source], "x")
    return ast.Function(name, (parameter,), _clamped_cast(key), ctype, "static inline")


def _sign(dtype: DType) -> ast.Expr:
    x = ast.Name("x")
    zero, one, minus_one = (ast.Number(literal(value, dtype)) for value in (0.0, 1.0, -1.0))
    # What is left where nothing compares is NaN.
    zero_or_nan = ast.Ternary(ast.Binary("==", x, zero), zero, x)
    return ast.Ternary(ast.Binary(">", x, zero), one, ast.Ternary(ast.Binary("<", x, zero), minus_one, zero_or_nan))


def _clamped_cast(key: Helper) -> tuple[ast.Stmt, ...]:
    """C leaves the conversion of a value out of range undefined, and machines differ: clamp, and NaN is 0."""
    x = ast.Name("x")
    bits = 8 * key.target.itemsize
    low, high = ast.Name(f"INT{bits}_MIN"), ast.Name(f"INT{bits}_MAX")
    converted = ast.Cast(CTYPES[key.target], x)
    if key.source.is_integer:
        above, below = ast.Binary(">", x, high), ast.Binary("<", x, low)
        return (
            ast.If(above, (ast.Return(high),)),
            ast.If(below, (ast.Return(low),)),
            ast.Return(converted),
        )
    # The largest integer need not be a floating-point number; the power of two above it is.
    limit = 2.0 ** (bits - 1)
    above = ast.Binary(">=", x, ast.Number(literal(limit, key.source)))
    below = ast.Binary("<", x, ast.Number(literal(-limit, key.source)))
    nan = ast.Binary("!=", x, x)
    return (
        ast.If(above, (ast.Return(high),)),
        ast.If(below, (ast.Return(low),)),
        ast.Return(ast.Ternary(nan, ast.Number("0"), converted)),
    )
