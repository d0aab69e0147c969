"""Other buffers, or scalars, in the place of buffers."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from arc_codegen.ir.loops import Call, Expr, Fail, Find, For, If, Let, Load, Op, Ref, Set, Stmt, Store, Symbol, Var


def rename_buffers(statement: Stmt, moved: Mapping[Symbol, Symbol], scalars: Collection[Symbol] = ()) -> Stmt:
    """The statement with each buffer of ``moved`` replaced; loads from what is in ``scalars`` become references."""
    if isinstance(statement, For):
        return replace(statement, body=tuple(rename_buffers(inner, moved, scalars) for inner in statement.body))
    if isinstance(statement, If):
        return If(
            _rename_loads(statement.condition, moved, scalars),
            tuple(rename_buffers(inner, moved, scalars) for inner in statement.then),
            tuple(rename_buffers(inner, moved, scalars) for inner in statement.orelse),
        )
    if isinstance(statement, Call):
        return replace(statement, buffers=tuple((moved.get(s, s), offset) for s, offset in statement.buffers))
    if isinstance(statement, Find):
        place = _rename_loads(statement.place, moved, scalars)
        return replace(statement, grid=moved.get(statement.grid, statement.grid), place=place)
    value = _rename_loads(statement.value, moved, scalars)
    if isinstance(statement, Store):
        return replace(statement, buffer=moved.get(statement.buffer, statement.buffer), value=value)
    if value is statement.value:
        return statement
    assert isinstance(statement, (Let, Var, Set, Fail))
    return replace(statement, value=value)


def _rename_loads(expression: Expr, moved: Mapping[Symbol, Symbol], scalars: Collection[Symbol]) -> Expr:
    if isinstance(expression, Load):
        target = moved.get(expression.buffer)
        if target is None:
            return expression
        if target in scalars:
            return Ref(target, expression.dtype)
        return Load(target, expression.index, expression.dtype)
    if isinstance(expression, Op):
        args = tuple(_rename_loads(arg, moved, scalars) for arg in expression.args)
        unchanged = all(a is b for a, b in zip(args, expression.args, strict=True))
        return expression if unchanged else Op(expression.fn, args, expression.dtype)
    return expression
