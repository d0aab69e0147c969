"""The scalar operations: the one table that says what each of them is called, takes and gives.

Both IRs, both interpreters and the C emitter use these names. Semantics are IEEE 754 in the declared
precision; where C leaves a choice open the choice is fixed here:

- ``max``/``min`` return NaN if either operand is NaN (as ``np.maximum``); of two equal operands, the first.
  They are ``a >= b || a != a ? a : b`` and ``a <= b || a != a ? a : b``.
- ``fmax``/``fmin`` ignore a NaN operand (as ``np.fmax``): ``a >= b || b != b ? a : b``.
- ``sign`` is -1, 0 (of +0 and -0 alike: +0), 1, or NaN for NaN.
- ``cast`` converts to the element type of its node: real to integer truncates towards zero, clamps to the
  range and maps NaN to 0; an integer that a smaller integer type cannot hold is clamped as well; anything to bool is
  ``!= 0``.
- The sign and payload of a NaN are not defined (machines differ), so neither is the sign that ``copysign`` takes from
  one.
- ``fma(a, b, c)`` is a * b + c rounded once; products and sums are fused only where the IR says so with it.
- ``rint`` rounds half to even; ``remainder`` is IEEE remainder, ``fmod`` C's ``fmod``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from arc_codegen.ir.types import DType

Kind = Literal["real", "bool", "any", "same"]


@dataclass(frozen=True, slots=True)
class ScalarOp:
    """Signature of one scalar operation.

    ``args`` names what each operand must be: ``real``, ``bool`` or ``any``; ``result`` is ``real`` (the operands'
    real type), ``bool``, ``same`` (type of the last operand) or ``any`` (the node's own, for ``cast``).
    ``exact``: correctly rounded by IEEE, so the same bits on every machine. ``libm``: C's name for double, if it is a
    call into the math library. ``integers``: where a ``real`` is asked for, an integer will do too.
    """

    name: str
    args: tuple[Kind, ...]
    result: Kind
    exact: bool = True
    libm: str = ""
    commutative: bool = False
    integers: bool = False

    @property
    def arity(self) -> int:
        return len(self.args)


def _table() -> dict[str, ScalarOp]:
    ops: list[ScalarOp] = []
    real: tuple[Kind, ...] = ("real",)
    for name in ("neg", "abs", "sign"):
        ops.append(ScalarOp(name, real, "real"))
    for name in ("sqrt", "floor", "ceil", "trunc", "rint"):
        ops.append(ScalarOp(name, real, "real", libm=name))
    for name in (
        *("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh"),
        *("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "cbrt", "erf"),
    ):
        ops.append(ScalarOp(name, real, "real", exact=False, libm=name))
    for name in ("add", "mul"):
        ops.append(ScalarOp(name, real * 2, "real", commutative=True))
    for name in ("sub", "div", "max", "min", "fmax", "fmin"):
        ops.append(ScalarOp(name, real * 2, "real"))
    for name in ("fmod", "remainder", "copysign"):
        ops.append(ScalarOp(name, real * 2, "real", libm=name))
    for name in ("pow", "atan2", "hypot"):
        ops.append(ScalarOp(name, real * 2, "real", exact=False, libm=name))
    ops.append(ScalarOp("fma", real * 3, "real", libm="fma"))
    for name in ("lt", "le"):
        ops.append(ScalarOp(name, real * 2, "bool", integers=True))
    for name in ("eq", "ne"):
        ops.append(ScalarOp(name, real * 2, "bool", commutative=True))
    for name in ("and", "or"):
        ops.append(ScalarOp(name, ("bool", "bool"), "bool", commutative=True))
    ops.append(ScalarOp("not", ("bool",), "bool"))
    ops.append(ScalarOp("select", ("bool", "any", "any"), "same"))
    ops.append(ScalarOp("cast", ("any",), "any"))
    return {op.name: op for op in ops}


SCALAR_OPS = _table()
"""Every scalar operation by name."""


def scalar_type_error(fn: str, operands: Sequence[DType], result: DType) -> str:
    """What is wrong with the element types of a scalar operation, or "".

    Examples
    --------
    >>> scalar_type_error("lt", [DType.F32, DType.F64], DType.BOOL)
    'lt mixes the element types f32 and f64'
    """
    op = SCALAR_OPS[fn]
    for kind, dtype in zip(op.args, operands, strict=True):
        fits = dtype.is_real or (op.integers and dtype.is_integer)
        if (kind == "real" and not fits) or (kind == "bool" and dtype is not DType.BOOL):
            return f"{fn} takes {kind} operands, got {dtype.value}"
    alike = [dtype for kind, dtype in zip(op.args, operands, strict=True) if kind != "bool"]
    for dtype in alike[1:]:
        if dtype is not alike[0]:
            return f"{fn} mixes the element types {alike[0].value} and {dtype.value}"
    if op.result == "any":
        return ""
    expected = DType.BOOL if op.result == "bool" else operands[-1]
    return "" if result is expected else f"{fn} gives {expected.value}, the node has {result.value}"
