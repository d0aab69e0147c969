"""Moving what a run computes to where it belongs: rows of results, and new carries over the old ones."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from arc_codegen.ir.expressions import map_leaves, map_statement, walk_statements, with_expressions
from arc_codegen.ir.loops import Call, Expr, Find, For, Index, Invoke, Let, Literal, Load, Ref, Stmt, Store, Symbol
from arc_codegen.passes.loopgen.forms import Form
from arc_codegen.passes.loopgen.substitution import rename_buffers
from arc_codegen.passes.loops.effects import Access, accesses

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering

_ENUMERATED = 1 << 12
"""Elements that several nests write, and which are compared one by one."""


def calls_with(body: Sequence[Stmt], buffer: Symbol) -> bool:
    """Whether a kernel of the runtime, or a local function, takes the buffer."""
    return any(
        (isinstance(statement, Call) and any(symbol == buffer for symbol, _ in statement.buffers))
        or (isinstance(statement, Invoke) and any(s == buffer for s, _ in (*statement.reads, *statement.writes)))
        or (isinstance(statement, Find) and statement.grid == buffer)
        for statement in walk_statements(body)
    )


def moved_rows(body: Iterable[Stmt], buffer: Symbol, target: Symbol, row: Form) -> list[Stmt]:
    """The statements with every access of ``buffer`` made at ``row`` of ``target``."""

    def change(statement: Stmt) -> Stmt:
        statement = with_expressions(statement, lambda expression: moved_loads(expression, buffer, target, row))
        if isinstance(statement, Store) and statement.buffer == buffer:
            return replace(statement, buffer=target, index=_shifted(statement.index, row))
        return statement

    return [map_statement(statement, change) for statement in body]


def moved_loads(expression: Expr, buffer: Symbol, target: Symbol, row: Form) -> Expr:
    """The expression with every load from ``buffer`` made at ``row`` of ``target``."""

    def change(leaf: Expr) -> Expr:
        if isinstance(leaf, Load) and leaf.buffer == buffer:
            return Load(target, _shifted(leaf.index, row), leaf.dtype)
        return leaf

    return map_leaves(expression, change)


def _shifted(index: Index, row: Form) -> Index:
    shift = row.index()
    return Index(index.offset + shift.offset, (*shift.terms, *index.terms), index.tables)


def written_in_place(body: Sequence[Stmt], successor: Symbol, carry: Symbol, nest: NestLowering) -> list[Stmt] | None:
    """The statements with ``successor`` stored straight into ``carry``; None where something still reads the old one.

    Nests may, if the element they read is the one that they write next, and no other nest writes it. Single elements
    wait in scalars for the end.
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
    storing = [body[k] for k in stores if not _copies_itself(body[k], successor, carry)]
    if not all(_reads_where_it_writes(statement, successor, carry) for statement in storing):
        return None
    if len(storing) > 1 and not _apart(storing, successor):
        return None
    kept = [statement for statement in body if not _copies_itself(statement, successor, carry)]
    return [rename_buffers(statement, {successor: carry}) for statement in kept]


def _copies_itself(statement: Stmt, successor: Symbol, carry: Symbol) -> bool:
    """Whether a nest gives elements their old values, and does nothing else."""
    while isinstance(statement, For) and len(statement.body) == 1:
        (statement,) = statement.body
    if not isinstance(statement, Store) or statement.buffer != successor:
        return False
    return isinstance(statement.value, Load) and (statement.value.buffer, statement.value.index) == (
        carry,
        statement.index,
    )


def _reads_where_it_writes(statement: Stmt, successor: Symbol, carry: Symbol) -> bool:
    """Whether the only old element that a nest reads is the one that it writes next."""
    places = {
        leaf.index for leaf in walk_statements((statement,)) if isinstance(leaf, Store) and leaf.buffer == successor
    }
    return len(places) == 1 and set(_load_indices(statement, carry)) <= places


def _apart(statements: Sequence[Stmt], buffer: Symbol) -> bool:
    """Whether no two statements write one element of the buffer, as far as that is cheap to find out."""
    written: set[int] = set()
    for statement in statements:
        own: set[int] = set()
        for access in accesses((statement,)):
            if access.buffer != buffer or not access.stored:
                continue
            places = _places(access)
            if places is None:
                return False
            own |= places
        if not written.isdisjoint(own):
            return False
        written |= own
    return True


def _places(access: Access) -> set[int] | None:
    """The elements that an access visits; None where they are too many, or not known here."""
    index = access.index
    if index is None or index.tables or any(symbol not in access.ranges for symbol, _ in index.terms):
        return None
    steps = [[c * k for k in range(*access.ranges[symbol])] for symbol, c in index.terms]
    if math.prod(map(len, steps)) > _ENUMERATED:
        return None
    return {index.offset + sum(step) for step in itertools.product(*steps)}


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


def _stores(statement: Stmt, buffer: Symbol) -> bool:
    return any(isinstance(inner, Store) and inner.buffer == buffer for inner in walk_statements((statement,)))


def _loads(statement: Stmt, buffer: Symbol) -> bool:
    return next(iter(_load_indices(statement, buffer)), None) is not None


def _load_indices(statement: Stmt, buffer: Symbol) -> Iterator[Index]:
    """Where the statement reads the buffer; -1, which nothing equals, for any element."""
    for access in accesses((statement,)):
        if access.buffer == buffer and (access.index is None or not access.stored):
            yield access.index if access.index is not None else Index(-1)
