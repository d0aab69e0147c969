"""Innermost loops with few cheap statements: several runs in one, or all of them, in the order in which they were."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from arc_codegen.ir.expressions import own_expressions, walk_statements
from arc_codegen.ir.loops import Expr, Find, For, If, Let, Literal, LoopFunction, Op, Set, Stmt, Store, Symbol, Var
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.substitute import Substitution

_CHEAP = frozenset({"add", "sub", "mul", "neg", "fma", "abs", "select", "lt", "le", "eq", "ne", "and", "or", "not"})
"""Beside other operations, counting a loop costs nothing."""


def unroll_loops(function: LoopFunction, *, copies: int, operations: int, whole: int) -> LoopFunction:
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
    """
    if copies < 2 and not whole:
        return function
    unrolling = _Unrolling(FreshSymbols(function), copies, operations, whole)
    return replace(function, body=unrolling.body(function.body))


class _Unrolling:
    def __init__(self, fresh: FreshSymbols, copies: int, operations: int, whole: int) -> None:
        self._fresh = fresh
        self._copies = copies
        self._operations = operations
        self._whole = whole

    def body(self, body: Iterable[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        for statement in body:
            match statement:
                case For():
                    out.extend(self._loop(replace(statement, body=self.body(statement.body))))
                case If():
                    out.append(If(statement.condition, self.body(statement.then), self.body(statement.orelse)))
                case _:
                    out.append(statement)
        return tuple(out)

    def _loop(self, loop: For) -> Sequence[Stmt]:
        weight = _weight(loop.body)
        if weight is None:
            return [loop]
        extent = loop.stop - loop.start
        if extent * weight <= self._whole:
            return self._runs(loop, [(None, 0, k) for k in range(loop.start, loop.stop)])
        most = min(self._copies, self._operations // weight)
        count = next((n for n in range(most, 1, -1) if extent % n == 0), 1)
        if count == 1:
            return [loop]
        runs = self._runs(loop, [(loop.var, count, loop.start + k) for k in range(count)])
        return [replace(loop, start=0, stop=extent // count, body=tuple(runs))]

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


def _weight(body: Sequence[Stmt]) -> int | None:
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


__all__ = ["unroll_loops"]
