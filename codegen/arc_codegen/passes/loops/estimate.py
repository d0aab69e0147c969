"""About how many instructions statements take, run and stored: what decides between forms of one loop.

Bounds are constants, so that runs are counted, not guessed. The unit is one instruction of a machine that loads,
stores and computes one number at a time, with addresses that walk along with loops, as compilers make them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from arc_codegen.ir.expressions import own_expressions
from arc_codegen.ir.loops import Call, Expr, Find, For, If, Index, Invoke, Load, Op, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.passes.loops.effects import accesses

_CALLED = 50
"""A run of an elementary function; its code is there once for all."""

_CALL = 4
"""Calling one, with what is saved around it."""

_KERNEL = 400
"""A run of a kernel of the runtime or of a local function, of any size."""

_LOOP = 2
"""Comparing and branching, once a run; beside this one for each address that walks."""

_ACCUMULATORS = 20
"""So many sums stay in registers; each one more is loaded and stored in every run."""

_DEAR = {"select": 3, "max": 4, "min": 4, "fmax": 5, "fmin": 5, "sign": 5, "lt": 2, "le": 2, "eq": 2, "ne": 2}


@dataclass(frozen=True, slots=True)
class Estimate:
    """Instructions that are run and instructions that are stored."""

    time: int
    size: int


def estimate(body: Sequence[Stmt]) -> Estimate:
    """Instructions of statements one after another.

    Parameters
    ----------
    body : sequence of statements

    Examples
    --------
    >>> from arc_codegen.ir.loops import Literal
    >>> from arc_codegen.ir.types import DType
    >>> y, i = Symbol(0, "y"), Symbol(1, "i")
    >>> twelve = (For(i, 0, 12, (Store(y, Index(0, ((i, 1),)), Literal(1.0, DType.F32)),)),)
    >>> estimate(twelve)
    Estimate(time=50, size=6)
    """
    time = size = 0
    known: set[tuple[Symbol, Index]] = set()
    for statement in body:
        match statement:
            case For():
                inner = estimate(statement.body)
                walking = counting(statement)
                spilt = 2 * max(0, len(_accumulators(statement)) - _ACCUMULATORS)
                time += (statement.stop - statement.start) * (inner.time + walking + spilt) + _LOOP
                size += inner.size + walking + _LOOP + spilt
                known.clear()
            case If():
                then, orelse = estimate(statement.then), estimate(statement.orelse)
                time += 2 + max(then.time, orelse.time)
                size += 2 + then.size + orelse.size
                known.clear()
            case Call() | Invoke():
                time, size = time + _KERNEL, size + 2 * _CALL
            case Find():
                time, size = time + _CALLED, size + 3 * _CALL
            case Store():
                time, size = time + 1, size + 1
                known.add((statement.buffer, statement.index))
            case Var():
                time, size = time + 1, size + 1
        for expression in own_expressions(statement):
            own = _expression(expression, known)
            time, size = time + own.time, size + own.size
    return Estimate(time, size)


def _expression(expression: Expr, known: set[tuple[Symbol, Index]]) -> Estimate:
    time = size = 0
    pending = [expression]
    while pending:
        current = pending.pop()
        if isinstance(current, Op):
            pending.extend(current.args)
            called = current.fn in SCALAR_OPS and not SCALAR_OPS[current.fn].exact
            cost = _CALL if called else _DEAR.get(current.fn, 1)
            time, size = time + cost + (_CALLED if called else 0), size + cost
        elif isinstance(current, Load) and (current.buffer, current.index) not in known:
            known.add((current.buffer, current.index))
            cost = 1 + 2 * len(current.index.tables)
            time, size = time + cost, size + cost
    return Estimate(time, size)


def counting(loop: For) -> int:
    """Instructions of a run that count and walk along: accesses of one array with one pitch share an address."""
    found = set()
    for access in accesses(loop.body):
        if access.index is not None:
            pitch = dict(access.index.terms).get(loop.var, 0)
            if pitch:
                found.add((access.buffer, pitch))
    return len(found) + _LOOP


def _accumulators(loop: For) -> set[Symbol]:
    """Scalars that go from run to run."""
    own = {statement.symbol for statement in loop.body if isinstance(statement, Var)}
    return {statement.symbol for statement in loop.body if isinstance(statement, Set)} - own


@dataclass(frozen=True, slots=True)
class Trade:
    """Chooses among forms of a loop: a saving in time against a growth in size, as parts of the whole function.

    ``worth`` is how many per cent of size one per cent of time is worth.
    """

    whole: Estimate
    worth: float

    def better(self, forms: Iterable[Sequence[Stmt]], runs: int) -> int:
        """Which form is best; the first of equals. The loop is run ``runs`` times."""
        prices = []
        for form in forms:
            own = estimate(form)
            prices.append(self.worth * runs * own.time / self.whole.time + own.size / self.whole.size)
        return min(range(len(prices)), key=prices.__getitem__)


_SURROUNDINGS = 80
"""Size of what goes with a function: its frame, and what it calls."""


def trade(body: Sequence[Stmt], worth: float) -> Trade:
    """A chooser for the loops of a function."""
    own = estimate(body)
    return Trade(Estimate(max(own.time, 1), own.size + _SURROUNDINGS), worth)


__all__ = ["Estimate", "Trade", "counting", "estimate", "trade"]
