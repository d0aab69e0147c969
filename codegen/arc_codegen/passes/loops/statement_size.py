"""How large statements are, and large ones in smaller pieces."""

from __future__ import annotations

from dataclasses import replace

from arc_codegen.ir.expressions import fold_expression, own_expressions, walk_statements, with_expressions
from arc_codegen.ir.loops import Expr, If, Invoke, Let, Load, Op, Ref, Stmt, Store, origin_of
from arc_codegen.passes.loopgen.symbols import FreshSymbols


def weight(statement: Stmt) -> int:
    """Operations, loads and stores that stand in a statement; those of loops count once.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Index, Literal, Symbol
    >>> from arc_codegen.ir.types import DType
    >>> x = Load(Symbol(0, "x"), Index(), DType.F64)
    >>> weight(Store(Symbol(1, "y"), Index(), Op("mul", (x, Literal(2.0, DType.F64)), DType.F64)))
    3
    """
    total = 0
    for inner in walk_statements((statement,)):
        total += isinstance(inner, Store)
        if isinstance(inner, Invoke):
            total += 1 + len(inner.values) + len(inner.reads) + len(inner.writes) + len(inner.results)
        pending = list(own_expressions(inner))
        while pending:
            node = pending.pop()
            if isinstance(node, Op):
                total += 1
                pending.extend(node.args)
            else:
                total += isinstance(node, Load)
    return total


def shortened(statement: Stmt, most: int, fresh: FreshSymbols) -> list[Stmt]:
    """The statement, behind constants for operands of its expressions that would make it too large."""
    if isinstance(statement, If) or sum(1 for e in own_expressions(statement) for _ in _operations(e)) <= most:
        return [statement]
    out: list[Stmt] = []
    origin = origin_of(statement)

    def combine(node: Expr, operands: list[tuple[Expr, int]]) -> tuple[Expr, int]:
        if not isinstance(node, Op):
            return node, 1
        held: list[tuple[Expr, int]] = []
        for operand, size in operands:
            if 2 * size > most:
                symbol = fresh.symbol("t")
                out.append(Let(symbol, operand, origin))
                held.append((Ref(symbol, operand.dtype), 1))
            else:
                held.append((operand, size))
        return replace(node, args=tuple(e for e, _ in held)), 1 + sum(size for _, size in held)

    changed = with_expressions(statement, lambda expression: fold_expression(expression, combine)[0])
    return [*out, changed]


def _operations(expression: Expr) -> list[Op]:
    found, pending = [], [expression]
    while pending:
        node = pending.pop()
        if isinstance(node, Op):
            found.append(node)
            pending.extend(node.args)
    return found
