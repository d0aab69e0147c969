"""Innermost loops with few cheap statements: several runs in one, or all of them, in the order in which they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import own_expressions, walk_statements
from arc_codegen.ir.loops import Expr, Find, For, If, Let, Literal, LoopFunction, Op, Set, Stmt, Store, Symbol, Var
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.estimate import Trade, counting, estimate, trade
from arc_codegen.passes.loops.substitute import Substitution

_CHEAP = frozenset({"add", "sub", "mul", "neg", "fma", "abs", "select", "lt", "le", "eq", "ne", "and", "or", "not"})
"""Beside other operations, counting a loop costs nothing."""

_ANY = 1e6
"""Speed at any price."""

_COPIED = 48
"""Operations of a loop that does no more than copy, if it is to be unrolled to its end at any price."""

_SHORT = 6
_INSIDE = 4
"""In a loop of so few runs within another, so many times the operations may be that are written out elsewhere: counting
it is a large part of it, in every run of the outer one."""

_WORK = 10
"""With so many times more work in a run than counting, there is nothing to be saved."""

_ADDRESSES = 6
"""With more addresses than these, compilers compute each of them anew in every copy of a run."""


@dataclass(frozen=True, slots=True)
class Unrolled:
    """Limits of `unroll_loops`."""

    copies: int
    operations: int
    whole: int


NOT_UNROLLED = Unrolled(1, 0, 0)


def unroll_loops(
    function: LoopFunction, *, copies: int, operations: int, whole: int, worth: float = _ANY
) -> LoopFunction:
    """The function with innermost loops unrolled.

    Parameters
    ----------
    function : LoopFunction
    copies : int
        Most runs in one; 1 leaves long loops as they are.
    operations : int
        Most operations, loads and stores of a body that is made.
    whole : int
        A loop of no more operations than this, over all its runs, is unrolled to its end.
    worth : float, optional
        How many per cent of size one per cent of time is worth; of the forms that the limits allow, the best is taken.
    """
    if copies < 2 and not whole:
        return function
    limits = Unrolled(copies, operations, whole)
    unrolling = Unrolling(FreshSymbols(function), trade(function.body, worth), limits)
    return replace(function, body=unrolling.body(function.body, 1))


class Unrolling:
    """Unrolls innermost loops within limits, as far as that pays."""

    def __init__(self, fresh: FreshSymbols, trade: Trade, limits: Unrolled) -> None:
        self._fresh = fresh
        self._trade = trade
        self._copies = limits.copies
        self._operations = limits.operations
        self._whole = limits.whole

    def body(self, body: Iterable[Stmt], times: int) -> tuple[Stmt, ...]:
        """The statements, which are run so many times."""
        out: list[Stmt] = []
        for statement in body:
            match statement:
                case For():
                    inside = self.body(statement.body, times * (statement.stop - statement.start))
                    out.extend(self._loop(replace(statement, body=inside), times))
                case If():
                    then, orelse = self.body(statement.then, times), self.body(statement.orelse, times)
                    out.append(If(statement.condition, then, orelse))
                case _:
                    out.append(statement)
        return tuple(out)

    def _loop(self, loop: For, times: int) -> Sequence[Stmt]:
        weight = weight_of(loop.body)
        if weight is None:
            return [loop]
        extent = loop.stop - loop.start
        if extent * weight <= (self._whole if _computes(loop.body) else _COPIED):
            return self._whole_loop(loop)
        if counting(loop) * _WORK < estimate(loop.body).time or counting(loop) > _ADDRESSES:
            return [loop]
        most = min(self._copies, self._operations // weight)
        forms: list[Sequence[Stmt]] = [[loop]]
        for count in range(2, most + 1):
            if extent % count == 0:
                runs = self._runs(loop, [(loop.var, count, loop.start + k) for k in range(count)])
                forms.append([replace(loop, start=0, stop=extent // count, body=tuple(runs))])
        if extent * weight <= self._whole * (_INSIDE if times > 1 and extent <= _SHORT else 1):
            forms.append(self._whole_loop(loop))
        return forms[self._trade.better(forms, times)]

    def _whole_loop(self, loop: For) -> list[Stmt]:
        return self._runs(loop, [(None, 0, k) for k in range(loop.start, loop.stop)])

    def _runs(self, loop: For, variables: Sequence[tuple[Symbol | None, int, int]]) -> list[Stmt]:
        out: list[Stmt] = []
        for number, variable in enumerate(variables):
            scalars = {
                s.symbol: self._fresh.symbol(s.symbol.hint)
                for s in walk_statements(loop.body)
                if number and isinstance(s, (Let, Var, Find))
            }
            out.extend(Substitution({loop.var: variable}, scalars).body(loop.body))
        return out


def _computes(body: Sequence[Stmt]) -> bool:
    """Whether elements are more than copied: what is known of the first may then serve the next."""
    return any(isinstance(expression, Op) for statement in body for expression in own_expressions(statement))


def weight_of(body: Sequence[Stmt]) -> int | None:
    """Operations, loads and stores of one run; None where something in it is dear, or has a body."""
    total = 0
    if all(isinstance(statement, Store) and isinstance(statement.value, Literal) for statement in body):
        return None  # a fill: compilers have their own ways
    for statement in body:
        if not isinstance(statement, (Let, Var, Set, Store)):
            return None
        total += isinstance(statement, Store)
        for expression in own_expressions(statement):
            weight = _expression_weight(expression)
            if weight is None:
                return None
            total += weight
    return max(total, 1)


def _expression_weight(expression: Expr) -> int | None:
    total = 0
    pending = [expression]
    while pending:
        current = pending.pop()
        total += 1
        if isinstance(current, Op):
            if current.fn not in _CHEAP:
                return None
            pending.extend(current.args)
    return total


__all__ = ["NOT_UNROLLED", "Unrolled", "Unrolling", "unroll_loops", "weight_of"]
