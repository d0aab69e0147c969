"""A product and the sum that it goes into as one call of arc_chained.h: one instruction that rounds both.

On Cortex-M4F, VMLA takes the cycles of VMUL and of a VADD right behind it, in half the bytes, and computes their bits.
GCC writes it for processors on which it is faster; where code is to be small, it is asked for by name.
"""

from __future__ import annotations

from collections.abc import Sequence

from arc_codegen.c import ast
from arc_codegen.ir.loops import Op
from arc_codegen.ir.types import DType

CHAINED = ("arc_addmulf", "arc_submulf", "arc_mulsubf")
"""The functions of arc_chained.h."""


def is_chained(node: Op) -> bool:
    """Whether the second operand of a sum or difference is a product that can be part of it."""
    second = node.args[-1]
    return node.fn in ("add", "sub") and node.dtype is DType.F32 and isinstance(second, Op) and second.fn == "mul"


def chained(node: Op, operands: Sequence[ast.Expr]) -> ast.Call | None:
    """The call that computes a sum, or a difference, of a product.

    Parameters
    ----------
    node : Op
    operands : sequence of ast.Expr
        C of what it computes with; products that have names are products no more.

    Returns
    -------
    ast.Call or None
        None where no operand is a product.
    """
    if node.fn not in ("add", "sub") or node.dtype is not DType.F32:
        return None
    first, second = operands
    adds = node.fn == "add"
    if isinstance(second, ast.Binary) and second.operator == "*":
        return ast.Call("arc_addmulf" if adds else "arc_submulf", (first, second.left, second.right))
    if isinstance(first, ast.Binary) and first.operator == "*":
        if adds:
            return ast.Call("arc_addmulf", (second, first.left, first.right))
        return ast.Call("arc_mulsubf", (first.left, first.right, second))
    return None
