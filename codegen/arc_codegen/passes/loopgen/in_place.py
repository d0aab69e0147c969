"""Moving what a run computes to where it belongs: rows of results, and new carries over the old ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from arc_codegen.ir.loops import Call, Expr, Find, For, If, Index, Let, Literal, Load, Op, Ref, Stmt, Store, Symbol
from arc_codegen.passes.loopgen.forms import Form
from arc_codegen.passes.loopgen.substitution import rename_buffers

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


def calls_with(body: Iterable[Stmt], buffer: Symbol) -> bool:
    """Whether a runtime kernel takes the buffer."""
    return any(
        (isinstance(statement, Call) and any(symbol == buffer for symbol, _ in statement.buffers))
        or (isinstance(statement, Find) and statement.grid == buffer)
        for statement in _leaves(body)
    )


def moved_rows(body: Iterable[Stmt], buffer: Symbol, target: Symbol, row: Form) -> list[Stmt]:
    """The statements with every access of ``buffer`` made at ``row`` of ``target``."""
    return [_moved(statement, buffer, target, row) for statement in body]


def _moved(statement: Stmt, buffer: Symbol, target: Symbol, row: Form) -> Stmt:
    if isinstance(statement, For):
        return replace(statement, body=tuple(_moved(inner, buffer, target, row) for inner in statement.body))
    if isinstance(statement, If):
        return If(
            moved_loads(statement.condition, buffer, target, row),
            tuple(_moved(inner, buffer, target, row) for inner in statement.then),
            tuple(_moved(inner, buffer, target, row) for inner in statement.orelse),
        )
    if isinstance(statement, Call):
        return statement
    if isinstance(statement, Find):
        return replace(statement, place=moved_loads(statement.place, buffer, target, row))
    value = moved_loads(statement.value, buffer, target, row)
    if isinstance(statement, Store) and statement.buffer == buffer:
        return replace(statement, buffer=target, index=_shifted(statement.index, row), value=value)
    return replace(statement, value=value)


def moved_loads(expression: Expr, buffer: Symbol, target: Symbol, row: Form) -> Expr:
    """The expression with every load from ``buffer`` made at ``row`` of ``target``."""
    if isinstance(expression, Load) and expression.buffer == buffer:
        return Load(target, _shifted(expression.index, row), expression.dtype)
    if isinstance(expression, Op):
        return Op(
            expression.fn,
            tuple(moved_loads(arg, buffer, target, row) for arg in expression.args),
            expression.dtype,
        )
    return expression


def _shifted(index: Index, row: Form) -> Index:
    shift = row.index()
    return Index(index.offset + shift.offset, (*shift.terms, *index.terms), index.tables)


def written_in_place(body: Sequence[Stmt], successor: Symbol, carry: Symbol, nest: NestLowering) -> list[Stmt] | None:
    """The statements with ``successor`` stored straight into ``carry``; None where something still reads the old one.

    Nests may, if the element they read is the one that they write next. Single elements wait in scalars for the end.
    """
    if calls_with(body, successor):
        return None
    stores = [k for k, statement in enumerate(body) if _stores(statement, successor)]
    if all(isinstance(body[k], Store) for k in stores):
        read = any(_loads(statement, successor) for statement in body)
        return None if read else _through_scalars(body, successor, carry, nest)
    first = stores[0]
    if any(_loads(statement, carry) for statement in body[first:] if not _stores(statement, successor)):
        return None
    if len(stores) != 1:
        return None
    places = {leaf.index for leaf in _leaves([body[first]]) if isinstance(leaf, Store) and leaf.buffer == successor}
    reads = set(_load_indices(body[first], carry))
    if len(places) != 1 or not reads <= places:
        return None
    return [rename_buffers(statement, {successor: carry}) for statement in body]


def _through_scalars(body: Sequence[Stmt], successor: Symbol, carry: Symbol, nest: NestLowering) -> list[Stmt]:
    """Each element computed where it is, and stored behind everything else."""
    changed: list[Stmt] = []
    last: list[Stmt] = []
    for statement in body:
        if isinstance(statement, Store) and statement.buffer == successor:
            value = statement.value
            if not isinstance(value, (Ref, Literal)):
                held = nest.symbol(f"{carry.hint}{statement.index.offset}_next")
                changed.append(Let(held, value, statement.origin))
                value = Ref(held, value.dtype)
            last.append(replace(statement, buffer=carry, value=value))
        else:
            changed.append(statement)
    return changed + last


def _leaves(body: Iterable[Stmt]) -> Iterator[Stmt]:
    for statement in body:
        if isinstance(statement, For):
            yield from _leaves(statement.body)
        elif isinstance(statement, If):
            yield from _leaves((*statement.then, *statement.orelse))
        else:
            yield statement


def _stores(statement: Stmt, buffer: Symbol) -> bool:
    return any(isinstance(leaf, Store) and leaf.buffer == buffer for leaf in _leaves([statement]))


def _loads(statement: Stmt, buffer: Symbol) -> bool:
    return next(iter(_load_indices(statement, buffer)), None) is not None


def _load_indices(statement: Stmt, buffer: Symbol) -> Iterator[Index]:
    conditions = [statement.condition] if isinstance(statement, If) else []
    for leaf in _leaves([statement]):
        if isinstance(leaf, Call):
            if any(symbol == buffer for symbol, _ in leaf.buffers):
                yield Index(-1)
        elif isinstance(leaf, Find):
            if leaf.grid == buffer:
                yield Index(-1)
            conditions.append(leaf.place)
        elif not isinstance(leaf, (For, If)):
            conditions.append(leaf.value)
    while conditions:
        current = conditions.pop()
        if isinstance(current, Load) and current.buffer == buffer:
            yield current.index
        elif isinstance(current, Op):
            conditions.extend(current.args)
