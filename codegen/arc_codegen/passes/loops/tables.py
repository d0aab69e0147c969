"""Reads through tables whose place is known need no table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Expr, Index, Load, LoopFunction, Stmt, Store, Symbol


def fold_tables(function: LoopFunction) -> LoopFunction:
    """The function with constants in place of elements of tables of positions, where loops have been written out."""
    tables = {b.symbol: b.values for b in function.buffers if b.kind == "const" and b.dtype.is_integer}
    if not tables:
        return function

    def leaf(expression: Expr) -> Expr:
        if not isinstance(expression, Load) or not expression.index.tables:
            return expression
        return replace(expression, index=_folded(expression.index, tables))

    def change(statement: Stmt) -> Stmt:
        changed = with_expressions(statement, lambda expression: map_leaves(expression, leaf))
        if isinstance(changed, Store) and changed.index.tables:
            changed = replace(changed, index=_folded(changed.index, tables))
        return changed

    return replace(function, body=tuple(map_statement(statement, change) for statement in function.body))


def _folded(index: Index, tables: Mapping[Symbol, tuple[float | int | bool, ...]]) -> Index:
    offset, left = index.offset, []
    for table, place, coefficient in index.tables:
        inner = _folded(place, tables)
        if table in tables and not inner.terms and not inner.tables:
            offset += coefficient * int(tables[table][inner.offset])
        else:
            left.append((table, inner, coefficient))
    return Index(offset, index.terms, tuple(left))


__all__ = ["fold_tables"]
