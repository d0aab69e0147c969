"""A run that was written out before its loop, since it lacks what the run before brings, goes into the loop.

At the border of a stencil a neighbour is missing, and stands as 0.0 in the sum. In the loop that neighbour's value
comes from the run before, in a scalar: which is 0.0 before the first run, if the loop begins at the border.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.loops import (
    Expr,
    For,
    If,
    Index,
    Let,
    Literal,
    LoopFunction,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.passes.loops.effects import effects
from arc_codegen.passes.loops.substitute import Substitution

_LARGEST = 200
"""Operations, written out, of a run that is compared with another."""


def take_in_first_runs(function: LoopFunction) -> LoopFunction:
    """The function with loops that begin a run earlier, where that run was written out before them."""
    body = _block(function.body)
    return function if body == function.body else replace(function, body=body)


def _block(body: Sequence[Stmt]) -> tuple[Stmt, ...]:
    statements = [_inside(statement) for statement in body]
    position = 0
    while position < len(statements):
        shorter = _with_first_run(statements, position)
        if shorter is None:
            position += 1
        else:
            statements = shorter
    return tuple(statements)


def _inside(statement: Stmt) -> Stmt:
    if isinstance(statement, For):
        return replace(statement, body=_block(statement.body))
    if isinstance(statement, If):
        return If(statement.condition, _block(statement.then), _block(statement.orelse))
    return statement


def _with_first_run(statements: list[Stmt], position: int) -> list[Stmt] | None:
    """The statements with the loop at ``position`` a run longer; None if the run before it is not there."""
    loop = statements[position]
    if not isinstance(loop, For) or not all(isinstance(inner, (Let, Store, Set)) for inner in loop.body):
        return None
    stores = [inner for inner in loop.body if isinstance(inner, Store)]
    carried = {inner.symbol: inner.value for inner in loop.body if isinstance(inner, Set)}
    if len(stores) != 1 or not carried:
        return None
    earlier = Substitution({loop.var: (None, 0, loop.start - 1)})
    place = earlier.index(stores[0].index)
    at = _store_before(statements, position, stores[0].buffer, place)
    if at is None:
        return None
    constants = _Constants({s.symbol: s.value for s in (*statements[:position], *loop.body) if isinstance(s, Let)})
    initial = {s.symbol: s.value for s in statements[at:position] if isinstance(s, Var)}
    written = statements[at]
    assert isinstance(written, Store)
    run = constants.written_out(stores[0].value)
    there = constants.written_out(written.value)
    if run is None or there is None or set(initial) != set(carried):
        return None
    first = _Matching(frozenset(carried)).match(earlier.expression(run), there)
    if first is None or set(first) != set(carried):
        return None
    for symbol, value in carried.items():
        after, now = constants.written_out(value), constants.written_out(initial[symbol])
        if after is None or _with(earlier.expression(after), first) != now:
            return None
    begun = Substitution({loop.var: (loop.var, 1, loop.start - 1)}).body(loop.body)
    longer = replace(loop, start=0, stop=loop.stop - loop.start + 1, body=begun)
    between = [replace(s, value=first[s.symbol]) if isinstance(s, Var) else s for s in statements[at + 1 : position]]
    changed = [*statements[:at], *between, longer, *statements[position + 1 :]]
    return _without_unread(changed)


def _store_before(statements: Sequence[Stmt], position: int, buffer: Symbol, place: Index) -> int | None:
    """The store to an element in front of a loop, with nothing between them that touches its buffer."""
    for k in range(position - 1, -1, -1):
        statement = statements[k]
        if isinstance(statement, Store) and (statement.buffer, statement.index) == (buffer, place):
            return k
        touched = effects(statement)
        if touched.calls or buffer in touched.loaded | touched.stored or not isinstance(statement, (Let, Var)):
            return None
    return None


@dataclass(slots=True)
class _Constants:
    values: dict[Symbol, Expr]

    def written_out(self, expression: Expr) -> Expr | None:
        """The expression with constants in place of their names; None if that is long."""
        self._left = _LARGEST
        return self._out(expression)

    _left: int = 0

    def _out(self, expression: Expr) -> Expr | None:
        self._left -= 1
        if self._left < 0:
            return None
        if isinstance(expression, Ref) and expression.symbol in self.values:
            return self._out(self.values[expression.symbol])
        if isinstance(expression, Op):
            args = [self._out(arg) for arg in expression.args]
            return None if None in args else replace(expression, args=tuple(arg for arg in args if arg is not None))
        return expression


@dataclass(frozen=True, slots=True)
class _Matching:
    """Compares a run with what stands before the loop, where literals stand for some scalars."""

    free: frozenset[Symbol]

    def match(self, run: Expr, there: Expr) -> dict[Symbol, Literal] | None:
        """What the scalars are; None if the two are not the same."""
        if isinstance(run, Ref) and run.symbol in self.free:
            return {run.symbol: there} if isinstance(there, Literal) else None
        if isinstance(run, Op) and isinstance(there, Op) and (run.fn, run.dtype) == (there.fn, there.dtype):
            found: dict[Symbol, Literal] | None = {}
            for ours, theirs in zip(run.args, there.args, strict=True):
                own = self.match(ours, theirs)
                if own is None or found is None or any(_differ(found.get(s), value) for s, value in own.items()):
                    found = None
                    break
                found |= own
            if found is not None:
                return found
        elif type(run) is type(there) and not isinstance(run, Op):
            return {} if _same(run, there) else None
        if isinstance(run, Op) and run.fn == "add" and _is_plus_zero(run.args[1]) and _never_minus_zero(there):
            return self.match(run.args[0], there)
        return None


def _differ(known: Literal | None, value: Literal) -> bool:
    return known is not None and known.key() != value.key()


def _same(a: Expr, b: Expr) -> bool:
    if isinstance(a, Literal) and isinstance(b, Literal):
        return a.key() == b.key()
    return a == b


def _is_plus_zero(expression: Expr) -> bool:
    return isinstance(expression, Literal) and expression.key() == ((0.0).hex(), expression.dtype)


def _never_minus_zero(expression: Expr) -> bool:
    """Whether a sum has a part that keeps it from being -0.0."""
    if isinstance(expression, Op) and expression.fn == "add":
        return any(map(_never_minus_zero, expression.args))
    if isinstance(expression, Op) and expression.fn == "sub":
        return _never_minus_zero(expression.args[0])
    return _is_plus_zero(expression)


def _with(expression: Expr, values: dict[Symbol, Literal]) -> Expr:
    if isinstance(expression, Ref):
        return values.get(expression.symbol, expression)
    if isinstance(expression, Op):
        return replace(expression, args=tuple(_with(arg, values) for arg in expression.args))
    return expression


def _without_unread(statements: Sequence[Stmt]) -> list[Stmt]:
    """The statements without constants that no later one reads."""
    out: list[Stmt] = []
    read: set[Symbol] = set()
    for statement in reversed(statements):
        if isinstance(statement, Let) and statement.symbol not in read:
            continue
        read |= effects(statement).read
        out.append(statement)
    return out[::-1]


__all__ = ["take_in_first_runs"]
