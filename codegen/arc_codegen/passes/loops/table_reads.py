"""Who reads the elements of tables, and which tables are passed on as a whole."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from arc_codegen.ir.expressions import leaves, own_expressions, walk_statements
from arc_codegen.ir.loops import Call, Find, Invoke, Load, LoopFunction, Stmt, Symbol


def loads(statement: Stmt) -> Iterator[Load]:
    """Elements of buffers that the expressions of a statement read."""
    for expression in own_expressions(statement):
        yield from (leaf for leaf in leaves(expression) if isinstance(leaf, Load))


def fixed_buffers(function: LoopFunction) -> set[Symbol]:
    """Buffers that others see: those passed on as a whole, tables of positions, and what local functions read."""
    local = {load.buffer for one in function.locals for s in walk_statements(one.body) for load in loads(s)}
    return local | _passed_on(function.body)


def _passed_on(body: Sequence[Stmt]) -> set[Symbol]:
    found: set[Symbol] = set()
    for statement in walk_statements(body):
        if isinstance(statement, Call):
            found.update(symbol for symbol, _ in statement.buffers)
        elif isinstance(statement, Invoke):
            found.update(symbol for symbol, _ in (*statement.reads, *statement.writes))
        elif isinstance(statement, Find) and not statement.written:
            found.add(statement.grid)
        found.update(table for load in loads(statement) for table, _, _ in load.index.tables)
    return found


__all__ = ["fixed_buffers", "loads"]
