"""Sums whose terms all stand in one block are expressions: ``float y = a * b + c * d;``.

Unrolled loops leave an accumulator that is set once for each term. Their terms stay in order; a sum that starts from
-0.0 starts from its first term, which is the same for every number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from arc_codegen.ir.expressions import leaves, map_leaves, walk_statements
from arc_codegen.ir.loops import Expr, For, If, Let, Literal, LoopFunction, Op, Ref, Set, Stmt, Symbol, Var
from arc_codegen.passes.loops.effects import Effects, effects


def straighten_sums(function: LoopFunction) -> LoopFunction:
    """The function with accumulators as constants where all that is done to them is done in one block.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Buffer, Index, Load, Store
    >>> from arc_codegen.ir.types import DType
    >>> x, y, s = (Symbol(k, name) for k, name in enumerate("xys"))
    >>> total = Ref(s, DType.F32)
    >>> terms = [Set(s, Op("add", (total, Load(x, Index(k), DType.F32)), DType.F32)) for k in range(2)]
    >>> body = (Var(s, Literal(-0.0, DType.F32)), *terms, Store(y, Index(), total))
    >>> buffers = (Buffer(x, DType.F32, 2, "input", (2,)), Buffer(y, DType.F32, 1, "output"))
    >>> from arc_codegen.ir.loops_printer import print_loops
    >>> print(print_loops(straighten_sums(LoopFunction("f", buffers, body))).splitlines()[-2].strip())
    let s : f32 = (x[0] + x[1])
    """
    return replace(function, body=_block(function.body))


def _block(body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    inner = [_inside(statement) for statement in body]
    sets: dict[Symbol, list[int]] = {}
    reads: dict[Symbol, list[int]] = {}
    touched = [effects(statement) for statement in inner]
    for position, (statement, found) in enumerate(zip(inner, touched, strict=True)):
        if isinstance(statement, Set):
            sets.setdefault(statement.symbol, []).append(position)
        for symbol in found.read:
            reads.setdefault(symbol, []).append(position)
    blocks = [one for one in inner if isinstance(one, (For, If))]
    nested = {s.symbol for s in walk_statements(blocks) if isinstance(s, Set)}
    dropped: set[int] = set()
    made: dict[int, Let] = {}
    for position, statement in enumerate(inner):
        if not isinstance(statement, Var) or statement.symbol in nested or statement.symbol not in sets:
            continue
        places = sets[statement.symbol]
        between = [k for k in reads.get(statement.symbol, ()) if k < places[-1] and k not in places]
        value = None if between else _total(inner, touched, position, places)
        if value is not None:
            dropped.update((position, *places[:-1]))
            last = inner[places[-1]]
            assert isinstance(last, Set)
            made[places[-1]] = Let(statement.symbol, value, statement.origin)
    return tuple(made.get(k, statement) for k, statement in enumerate(inner) if k not in dropped)


def _inside(statement: Stmt) -> Stmt:
    match statement:
        case For():
            return replace(statement, body=_block(statement.body))
        case If():
            return If(statement.condition, _block(statement.then), _block(statement.orelse))
    return statement


def _total(inner: Sequence[Stmt], touched: Sequence[Effects], start: int, places: Sequence[int]) -> Expr | None:
    """The value after the last of the sets, as one expression that is evaluated there; None where there is none."""
    first = inner[start]
    assert isinstance(first, Var)
    symbol, value = first.symbol, first.value
    for place in places:
        statement = inner[place]
        assert isinstance(statement, Set)
        added = _with_total(statement.value, symbol, value)
        if added is None:
            return None
        value = added
    moved = [start, *places]
    loaded: set[Symbol] = set()
    read: set[Symbol] = set()
    following = iter(moved)
    upcoming = next(following, None)
    for position in range(start, places[-1]):
        if position == upcoming:  # from here on its operands have to stay as they are
            loaded |= touched[position].loaded
            read |= touched[position].read - {symbol}
            upcoming = next(following, None)
            continue
        other = touched[position]
        if other.calls or not loaded.isdisjoint(other.stored) or not read.isdisjoint(other.written):
            return None
    return value


def _with_total(value: Expr, symbol: Symbol, total: Expr) -> Expr | None:
    """A new value of an accumulator with its old one written out; None where it is read twice."""
    if sum(isinstance(leaf, Ref) and leaf.symbol == symbol for leaf in leaves(value)) != 1:
        return None
    if isinstance(total, Literal) and total.value == 0 and math.copysign(1.0, total.value) < 0:
        match value:
            case Op("add", (Ref(accumulator), term)) if accumulator == symbol:
                return term
            case Op("fma", (a, b, Ref(accumulator))) if accumulator == symbol:
                return Op("mul", (a, b), value.dtype)
    return map_leaves(value, lambda leaf: total if isinstance(leaf, Ref) and leaf.symbol == symbol else leaf)


__all__ = ["straighten_sums"]
