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
from arc_codegen.passes.loops.effects import Access, accesses, effects, row_of
from arc_codegen.passes.loops.substitute import Substitution


def jam_loops(function: LoopFunction, *, copies: int, statements: int) -> LoopFunction:
    """The function with loops around loops run ``copies`` at a time.

    Parameters
    ----------
    function : LoopFunction
    copies : int
        Most runs at a time; 1 leaves all as it is.
    statements : int
        Most statements of a body that is made.
    """
    if copies < 2:
        return function
    fresh = FreshSymbols(function)
    body = _jammed(function.body, _Limits(copies, statements), fresh)
    return replace(function, body=body)


@dataclass(frozen=True, slots=True)
class _Limits:
    copies: int
    statements: int


def _jammed(body: Iterable[Stmt], limits: _Limits, fresh: FreshSymbols) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for statement in body:
        match statement:
            case For():
                copies = _copies(statement, limits)
                if copies > 1:
                    out.extend(_unrolled(statement, copies, fresh))
                else:
                    out.append(replace(statement, body=_jammed(statement.body, limits, fresh)))
            case If():
                then, orelse = _jammed(statement.then, limits, fresh), _jammed(statement.orelse, limits, fresh)
                out.append(If(statement.condition, then, orelse))
            case _:
                out.append(statement)
    return tuple(out)


def _copies(loop: For, limits: _Limits) -> int:
    """How many runs of a loop go together; 1 if they cannot, or nothing is saved."""
    extent = loop.stop - loop.start
    sizes = sum(1 for _ in walk_statements(loop.body))
    most = min(limits.copies, extent, limits.statements // sizes)
    if most < 2 or not _saves(loop) or not _independent(loop):
        return 1
    divisors = [count for count in range(most, 1, -1) if extent % count == 0]
    return divisors[0] if divisors else 1


def _saves(loop: For) -> bool:
    """Whether a loop inside reads elements that do not depend on the run."""
    for inner in loop.body:
        if isinstance(inner, For) and not any(isinstance(s, For) for s in inner.body):
            for access in accesses((inner,)):
                index = access.index
                variables = dict(index.terms) if index is not None else {}
                if not access.stored and loop.var not in variables and inner.var in variables:
                    return True
    return False


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
        _apart(first, second, loop.var)
        for first in found
        if first.stored
        for second in found
        if second.buffer == first.buffer
    )


def _in_order(body: Sequence[Stmt], carried: Symbol) -> bool:
    """Whether one statement alone, in no loop inside, uses a scalar that goes from run to run."""
    users = [statement for statement in body if carried in effects(statement).read | effects(statement).written]
    return len(users) == 1 and isinstance(users[0], Set)


def _apart(first: Access, second: Access, variable: Symbol) -> bool:
    """Whether two accesses meet in one and the same run only."""
    ours, theirs = row_of(first, variable), row_of(second, variable)
    if ours is None or theirs is None or ours.pitch != theirs.pitch or ours.around != theirs.around:
        return False
    return max(ours.high - theirs.low, theirs.high - ours.low) < abs(ours.pitch)


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
