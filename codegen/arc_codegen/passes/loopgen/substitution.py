"""Other buffers, or scalars, in the place of buffers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Call, Expr, Find, Invoke, Load, Ref, Stmt, Store, Symbol


def rename_buffers(statement: Stmt, moved: Mapping[Symbol, Symbol], scalars: Collection[Symbol] = ()) -> Stmt:
    """The statement with each buffer of ``moved`` replaced; loads from what is in ``scalars`` become references."""

    def leaf(expression: Expr) -> Expr:
        target = moved.get(expression.buffer) if isinstance(expression, Load) else None
        if target is None:
            return expression
        if target in scalars:
            return Ref(target, expression.dtype)
        assert isinstance(expression, Load)
        return replace(expression, buffer=target)

    def change(inner: Stmt) -> Stmt:
        inner = with_expressions(inner, lambda expression: map_leaves(expression, leaf))
        match inner:
            case Store():
                return replace(inner, buffer=moved.get(inner.buffer, inner.buffer))
            case Call():
                return replace(inner, buffers=tuple((moved.get(s, s), offset) for s, offset in inner.buffers))
            case Invoke():
                return replace(
                    inner,
                    reads=tuple((moved.get(symbol, symbol), index) for symbol, index in inner.reads),
                    writes=tuple((moved.get(symbol, symbol), index) for symbol, index in inner.writes),
                )
            case Find():
                return replace(inner, grid=moved.get(inner.grid, inner.grid))
        return inner

    return map_statement(statement, change)
