"""Unroll and jam: some runs of a loop at once, so that its inner loops are gone through once for all of them.

What the inner loop reads is then read once for several sums, and several sums are under way at a time. Each sum keeps
the order of its terms. (Allen and Kennedy, Optimizing Compilers for Modern Architectures, 2002, section 8.4.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import Call, Fail, Find, For, If, Invoke, Let, LoopFunction, Set, Stmt, Symbol, Var
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import accesses, apart, effects
from arc_codegen.passes.loops.estimate import Trade, trade
from arc_codegen.passes.loops.substitute import Substitution
from arc_codegen.passes.loops.unroll import NOT_UNROLLED, Unrolled, Unrolling, weight_of

_ANY = 1e6
"""Speed at any price."""

_REGISTERS = 12
"""So many elements stay in registers while a loop runs."""


def jam_loops(
    function: LoopFunction,
    *,
    copies: int,
    statements: int,
    whole: int = 0,
    worth: float = _ANY,
    unrolled: Unrolled = NOT_UNROLLED,
) -> LoopFunction:
    """The function with loops around loops run ``copies`` at a time.

    Parameters
    ----------
    function : LoopFunction
    copies : int
        Most runs at a time; 1 leaves all as it is.
    statements : int
        Most statements of a body that is made.
    whole : int, optional
        Inner loops of no more operations than this will be unrolled to their ends.
    worth : float, optional
        How many per cent of size one per cent of time is worth; of the forms that the limits allow, the best is taken.
    unrolled : Unrolled, optional
        How far the inner loops will be unrolled.
    """
    if copies < 2:
        return function
    jam = _Jam(FreshSymbols(function), trade(function.body, worth), copies, statements, whole, unrolled)
    return replace(function, body=jam.body(function.body, 1))


@dataclass(frozen=True, slots=True)
class _Jam:
    fresh: FreshSymbols
    trade: Trade
    copies: int
    statements: int
    whole: int
    unrolled: Unrolled

    def body(self, body: Iterable[Stmt], times: int) -> tuple[Stmt, ...]:
        """The statements, which are run so many times."""
        out: list[Stmt] = []
        for statement in body:
            match statement:
                case For():
                    out.extend(self._loop(statement, times))
                case If():
                    then, orelse = self.body(statement.then, times), self.body(statement.orelse, times)
                    out.append(If(statement.condition, then, orelse))
                case _:
                    out.append(statement)
        return tuple(out)

    def _loop(self, loop: For, times: int) -> Sequence[Stmt]:
        extent = loop.stop - loop.start
        sizes = sum(1 for _ in walk_statements(loop.body))
        most = min(self.copies, extent, self.statements // max(sizes, 1))
        if most >= 2 and _saves(loop, self.whole) and _independent(loop):
            counts = [count for count in range(2, most + 1) if extent % count == 0]
            forms: list[Sequence[Stmt]] = [[loop], *(_unrolled(loop, count, self.fresh) for count in counts)]
            best = self.trade.better((self._as_unrolled(form, times) for form in forms), times)
            if best:
                return forms[best]
        return [replace(loop, body=self.body(loop.body, times * extent))]

    def _as_unrolled(self, form: Sequence[Stmt], times: int) -> Sequence[Stmt]:
        """A form as it will be when its inner loops are unrolled: these save some of what jamming saves."""
        return Unrolling(self.fresh, self.trade, self.unrolled).body(form, times)


def _saves(loop: For, whole: int) -> bool:
    """Whether a loop inside reads elements that do not depend on the run, and that registers do not hold anyway."""
    for inner in loop.body:
        if isinstance(inner, For) and not any(isinstance(s, For) for s in inner.body):
            if _held(loop, inner, whole):
                continue
            for access in accesses((inner,)):
                index = access.index
                variables = dict(index.terms) if index is not None else {}
                if not access.stored and loop.var not in variables and inner.var in variables:
                    return True
    return False


def _held(loop: For, inner: For, whole: int) -> bool:
    """Whether the runs of a loop will be written out, and read so few elements that they can be read once for all."""
    extent = inner.stop - inner.start
    weight = weight_of(inner.body)
    if weight is None or extent * weight > whole:
        return False
    read = {(a.buffer, a.index) for a in accesses((inner,)) if not a.stored and a.index is not None}
    same = sum(loop.var not in dict(index.terms) and inner.var in dict(index.terms) for _, index in read)
    return same * extent <= _REGISTERS


def _independent(loop: For) -> bool:
    """Whether the runs may be mixed: none touches what another writes, and no scalar goes from one to the next."""
    own: set[Symbol] = set()
    for statement in walk_statements(loop.body):
        if isinstance(statement, (Call, Fail, Find, If, Invoke)):
            return False
        if isinstance(statement, (Let, Var)):
            own.add(statement.symbol)
    carried = {s.symbol for s in walk_statements(loop.body) if isinstance(s, Set) and s.symbol not in own}
    if any(not _in_order(loop.body, symbol) for symbol in carried):
        return False
    found = list(accesses(loop.body))
    return all(
        apart(first, second, loop.var)
        for first in found
        if first.stored
        for second in found
        if second.buffer == first.buffer
    )


def _in_order(body: Sequence[Stmt], carried: Symbol) -> bool:
    """Whether one statement alone, in no loop inside, uses a scalar that goes from run to run."""
    users = [statement for statement in body if carried in effects(statement).read | effects(statement).written]
    return len(users) == 1 and isinstance(users[0], Set)


def _unrolled(loop: For, copies: int, fresh: FreshSymbols) -> list[Stmt]:
    count = (loop.stop - loop.start) // copies
    variables = [(loop.var, copies, loop.start + k) if count > 1 else (None, 0, loop.start + k) for k in range(copies)]
    runs = [_Run(Substitution({loop.var: variable}), {}) for variable in variables]
    body = _mixed(loop.body, runs, fresh, {loop.var})
    return [replace(loop, start=0, stop=count, body=tuple(body))] if count > 1 else list(body)


@dataclass(slots=True)
class _Run:
    """One of the runs that go together: what its loop variable and its scalars are called."""

    variable: Substitution
    scalars: dict[Symbol, Symbol] = field(default_factory=dict)

    def statement(self, statement: Stmt) -> Stmt:
        return Substitution(self.variable.variables, self.scalars).statement(statement)


def _mixed(body: Sequence[Stmt], runs: Sequence[_Run], fresh: FreshSymbols, varying: set[Symbol]) -> list[Stmt]:
    """The statements of all runs, statement by statement; what does not vary is there once."""
    out: list[Stmt] = []
    for statement in body:
        if isinstance(statement, For):
            inner = _mixed(statement.body, runs, fresh, varying)
            out.append(replace(statement, body=tuple(inner)))
            continue
        if isinstance(statement, Let) and effects(statement).read.isdisjoint(varying):
            out.append(statement)
            continue
        if isinstance(statement, (Let, Var)):
            varying.add(statement.symbol)
            for run in runs:
                run.scalars[statement.symbol] = fresh.symbol(statement.symbol.hint)
        out.extend(run.statement(statement) for run in runs)
    return out


__all__ = ["jam_loops"]
