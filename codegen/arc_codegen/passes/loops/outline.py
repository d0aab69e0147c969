"""Statements that stand in a row become a local function and a call of it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import (
    defined_symbols,
    leaves,
    map_leaves,
    map_statement,
    own_expressions,
    walk_statements,
    with_expressions,
)
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    Fail,
    Index,
    IndexRange,
    Invoke,
    Let,
    Load,
    LocalFunction,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
    origin_of,
)
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import Effects, effects


@dataclass(slots=True)
class Surroundings:
    """What is known where the statements stand.

    ``buffers`` are all of the function; ``ranges`` has the loop variables around, and the intervals found before;
    ``variables`` the mutable scalars that are defined outside, by symbol their type.
    """

    buffers: Mapping[Symbol, Buffer]
    ranges: Mapping[Symbol, tuple[int, int]]
    variables: Mapping[Symbol, DType]
    fresh: FreshSymbols


def can_be_local(statement: Stmt) -> bool:
    """Whether a statement may stand in a local function: it cannot fail."""
    return not any(isinstance(s, Fail) or (isinstance(s, Call) and s.checked) for s in walk_statements((statement,)))


def outlined(
    statements: Sequence[Stmt],
    live: Collection[Symbol],
    around: Surroundings,
    *,
    hint: str,
    doc: str = "",
) -> tuple[LocalFunction, tuple[Stmt, ...]]:
    """A local function of the statements, and what stands in their place.

    An interval that they find may not be read outside of them.

    Its parameters and results have the symbols that they have outside. A mutable scalar goes in by value, and what
    comes out is put into the caller's.

    Parameters
    ----------
    statements : sequence of Stmt
        For each of them, `can_be_local` holds.
    live : collection of Symbol
        Scalars that the statements define and others read.
    around : Surroundings
    hint, doc : str
        Name and comment of the function.
    """
    touched = _joined(statements)
    own = {symbol: s for s in statements for symbol in defined_symbols(s) if isinstance(s, (Let, Var, Invoke))}
    changed = sorted({s.symbol for s in walk_statements(statements) if isinstance(s, Set)}, key=_id)
    carried = [symbol for symbol in changed if symbol in around.variables]
    numbers = {s: b for s, b in around.buffers.items() if b.kind == "input" and b.shape == ()}
    values = _values(statements, touched, around, numbers)
    spans = [IndexRange(s, *around.ranges[s]) for s in sorted(touched.read & around.ranges.keys(), key=_id)]
    passed = [b for s, b in around.buffers.items() if s in touched.loaded | touched.stored and s not in numbers]
    reads = [b for b in passed if b.kind != "const" and b.symbol not in touched.stored]
    writes = [b for b in passed if b.symbol in touched.stored]
    inside: list[Stmt] = []
    renamed: dict[Symbol, Symbol] = {}
    for symbol in carried:
        renamed[symbol] = around.fresh.symbol(symbol.hint)
        inside.append(Var(symbol, Ref(renamed[symbol], around.variables[symbol])))
    inside.extend(_by_value(s, numbers) for s in statements)
    results = [Ref(symbol, _type_of(symbol, own[symbol])) for symbol in sorted(live, key=_id)]
    results += [Ref(symbol, around.variables[symbol]) for symbol in carried]
    local = LocalFunction(
        around.fresh.symbol(hint),
        tuple(Ref(renamed.get(value.symbol, value.symbol), value.dtype) for value in values),
        tuple(spans),
        tuple(replace(b, kind=kind, shape=b.shape or (1,), values=()) for b, kind in _kinds(reads, writes)),
        tuple(inside),
        tuple(results),
        next((origin for s in statements if (origin := origin_of(s)) is not None), None),
        doc,
    )
    return local, _call(local, values, reads, writes, own, around)


def _call(
    local: LocalFunction,
    values: Sequence[Ref],
    reads: Sequence[Buffer],
    writes: Sequence[Buffer],
    own: Mapping[Symbol, Stmt],
    around: Surroundings,
) -> tuple[Stmt, ...]:
    results: list[Ref] = []
    behind: list[Stmt] = []
    for result in local.results:
        assert isinstance(result, Ref)
        if isinstance(own.get(result.symbol), (Let, Invoke)):
            results.append(result)
            continue
        new = Ref(around.fresh.symbol(result.symbol.hint), result.dtype)
        results.append(new)
        behind.append(Set(result.symbol, new) if result.symbol in around.variables else Var(result.symbol, new))
    call = Invoke(
        local.symbol,
        tuple(values),
        tuple(Index(0, ((span.symbol, 1),)) for span in local.indices),
        tuple((b.symbol, Index()) for b in reads),
        tuple((b.symbol, Index()) for b in writes),
        tuple(results),
        local.origin,
    )
    return (call, *behind)


def _joined(statements: Sequence[Stmt]) -> Effects:
    """Effects of the statements together: what they read of themselves is not among ``read``."""
    total = Effects()
    for statement in statements:
        one = effects(statement)
        total.loaded |= one.loaded
        total.stored |= one.stored
        total.read |= one.read
        total.written |= one.written
    for statement in walk_statements(statements):
        if isinstance(statement, Call):
            total.loaded |= {symbol for symbol, _ in statement.buffers}
    return total


def _values(
    statements: Sequence[Stmt], touched: Effects, around: Surroundings, numbers: Mapping[Symbol, Buffer]
) -> list[Ref]:
    """Scalars from outside, in the order in which they are first read."""
    defined = {symbol for s in walk_statements(statements) for symbol in defined_symbols(s)}
    found: dict[Symbol, Ref] = {}
    for statement in walk_statements(statements):
        for expression in own_expressions(statement):
            for leaf in leaves(expression):
                if isinstance(leaf, Load) and leaf.buffer in numbers:
                    found.setdefault(leaf.buffer, Ref(leaf.buffer, leaf.dtype))
                elif isinstance(leaf, Ref) and leaf.symbol not in defined:
                    found.setdefault(leaf.symbol, leaf)
        if isinstance(statement, Set) and statement.symbol not in defined:
            found.setdefault(statement.symbol, Ref(statement.symbol, around.variables[statement.symbol]))
    return list(found.values())


def _by_value(statement: Stmt, numbers: Mapping[Symbol, Buffer]) -> Stmt:
    """The statement with references where it loads numbers that are passed by value."""

    def leaf(node: Expr) -> Expr:
        return Ref(node.buffer, node.dtype) if isinstance(node, Load) and node.buffer in numbers else node

    return map_statement(statement, lambda s: with_expressions(s, lambda e: map_leaves(e, leaf)))


def _kinds(reads: Sequence[Buffer], writes: Sequence[Buffer]) -> list[tuple[Buffer, str]]:
    return [*((b, "input") for b in reads), *((b, "output") for b in writes)]


def _type_of(symbol: Symbol, statement: Stmt) -> DType:
    if isinstance(statement, Invoke):
        return next(result.dtype for result in statement.results if result.symbol == symbol)
    assert isinstance(statement, (Let, Var, Store))
    return statement.value.dtype


def _id(symbol: Symbol) -> int:
    return symbol.id
