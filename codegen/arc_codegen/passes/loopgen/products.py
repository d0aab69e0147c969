"""One step of a contraction's sum."""

from __future__ import annotations

from arc_codegen.ir.graph import Contract
from arc_codegen.ir.loops import Expr, Op


def product_added(node: Contract, left: Expr, right: Expr, total: Expr) -> Expr:
    """``total + left * right``, with one rounding where the contraction is fused."""
    dtype = node.type.dtype
    if node.fused:
        return Op("fma", (left, right, total), dtype)
    return Op("add", (total, Op("mul", (left, right), dtype)), dtype)
