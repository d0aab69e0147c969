"""The order of straight-line code in which few scalars are alive at a time.

A machine has so many registers; what is alive beyond them is stored and loaded again. C compilers keep much of the
order that they are given. Of the statements that may come next, the one is taken that ends the most lives and begins
the fewest (J. R. Goodman and W.-C. Hsu, "Code scheduling and register allocation in large basic blocks", ICS 1988,
where registers are short); among equals the first one, so that code stays in the user's order where nothing is gained.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from arc_codegen.ir.expressions import all_bodies, defined_symbols, is_sine_pair, own_expressions
from arc_codegen.ir.loops import (
    Call,
    For,
    If,
    Invoke,
    Let,
    Literal,
    Load,
    LocalFunction,
    LoopFunction,
    Op,
    Set,
    Stmt,
    Symbol,
)
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.state_buffers import state_buffers
from arc_codegen.passes.loops.effects import Effects, effects
from arc_codegen.passes.loops.order import predecessors


def schedule_scalars(function: LoopFunction, *, registers: int, worth: int = 8) -> LoopFunction:
    """The function with the statements of bodies in an order that needs fewer registers.

    Parameters
    ----------
    function : LoopFunction
    registers : int
        How many scalars are alive at no cost.
    worth : int
        A body stays as it is that takes fewer loads and stores than this of scalars for which there is no register.
    """
    states = state_buffers(function)
    statements = sum(len(body) for body in all_bodies(function))
    same_memory = {present.symbol: new.symbol for present, new in states}
    scheduling = _Scheduling(registers, worth, same_memory, orders=1 if statements > _LONG else 5)
    body = scheduling.body(function.body)
    local = function.locals
    if not states:  # pointers of a local function may lead to the present and the new value of one
        local = tuple(scheduling.local(one) for one in function.locals)
    if body is function.body and all(new is old for new, old in zip(local, function.locals, strict=True)):
        return function
    return replace(function, body=body, locals=local, keeps_order=True)


@dataclass(frozen=True, slots=True)
class _Scheduling:
    """``same_memory``: buffers that begin where others do, with these; ``orders``: so many are tried."""

    registers: int
    worth: int
    same_memory: Mapping[Symbol, Symbol]
    orders: int

    def local(self, local: LocalFunction) -> LocalFunction:
        """A local function; what its results read lives until its end."""
        results = tuple(Set(Symbol(-1, ""), result) for result in local.results)
        before = (*local.body, *results)
        after = self.body(before)
        if after is before:
            return local
        return replace(local, body=tuple(statement for statement in after if statement not in results))

    def body(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        inner = tuple(self._inside(statement) for statement in body)
        if any(new is not old for new, old in zip(inner, body, strict=True)):
            body = inner
        if len(body) <= self.registers:
            return body
        units = _units(body)
        block = _Block(units, self.same_memory)
        usual = block.spills(range(len(units)), self.registers)
        if usual < self.worth:
            return body
        orders = list(islice(block.orders(), self.orders))
        left = [block.spills(order, self.registers) for order in orders]
        best = left.index(min(left))
        if left[best] > _GAIN * usual:
            return body
        return tuple(statement for position in orders[best] for statement in units[position])

    def _inside(self, statement: Stmt) -> Stmt:
        match statement:
            case For():
                body = self.body(statement.body)
                return statement if body is statement.body else replace(statement, body=body)
            case If():
                then, orelse = self.body(statement.then), self.body(statement.orelse)
                same = then is statement.then and orelse is statement.orelse
                return statement if same else If(statement.condition, then, orelse)
        return statement


_LONG = 5000
"""Of a function of more statements, only the first order is looked at: others are seldom better, and take time."""
_GAIN = 0.97
"""What of them may be left, for the order to change."""
_FEW = 4
"""With more readers left, it does not matter how many a scalar has."""

Unit = tuple[Stmt, ...]
"""Statements that stay together: one, or a sine and its cosine, which are one call."""


def _units(body: Sequence[Stmt]) -> list[Unit]:
    units: list[Unit] = []
    for statement in body:
        last = units[-1][-1] if units else None
        if isinstance(last, Let) and isinstance(statement, Let) and is_sine_pair(last, statement):
            units[-1] = (last, statement)
        else:
            units.append((statement,))
    return units


@dataclass(slots=True)
class _Now:
    """Where an order stands: how many readers of each scalar are left, and when it was made."""

    left: dict[Symbol, int]
    made: dict[Symbol, int] = field(default_factory=dict)


class _Block:
    """Statements with what each reads and defines of the scalars of their body."""

    def __init__(self, units: Sequence[Unit], same_memory: Mapping[Symbol, Symbol]) -> None:
        touched = [_joined([effects(statement) for statement in unit]) for unit in units]
        self._count = len(units)
        self._before = predecessors([unit[0] for unit in units], touched, same_memory)
        self._calls = [any(map(_calls, unit)) for unit in units]
        self._defines = [
            [symbol for s in unit if not isinstance(s, For) for symbol in defined_symbols(s)] for unit in units
        ]
        own = {symbol for symbols in self._defines for symbol in symbols}
        self._reads = [sorted(effect.read & own, key=lambda s: s.id) for effect in touched]
        self._readers: dict[Symbol, list[int]] = {symbol: [] for symbol in own}
        for position, symbols in enumerate(self._reads):
            for symbol in symbols:
                self._readers[symbol].append(position)
        lets = [s for unit in units for s in unit if isinstance(s, Let) and isinstance(s.value, (Load, Literal))]
        self._in_memory = {let.symbol for let in lets}

    def spills(self, order: Sequence[int], registers: int) -> int:
        """Loads and stores of scalars for which there is no register, if always that one gives way which is read last.

        Functions that are called leave two thirds of the registers alone. That rule is the best for a given order, but
        for what is cheaper to load than to store (L. A. Belady, "A study of replacement algorithms for a
        virtual-storage computer", IBM Systems Journal 5, 1966).
        """
        reads: dict[Symbol, list[int]] = {}
        for time, position in enumerate(order):
            for symbol in self._reads[position]:
                reads.setdefault(symbol, []).append(time)
        for times in reads.values():
            times.reverse()
        held: set[Symbol] = set()
        farthest: list[tuple[int, int, Symbol]] = []
        stored: set[Symbol] = set(self._in_memory)
        total = 0

        def hold(symbol: Symbol) -> int:
            held.add(symbol)
            heapq.heappush(farthest, (-reads[symbol][-1], symbol.id, symbol))
            return keep(registers)

        def keep(most: int) -> int:
            cost = 0
            while len(held) > most:
                since, _, victim = heapq.heappop(farthest)
                if victim in held and reads[victim] and reads[victim][-1] == -since:
                    held.discard(victim)
                    cost += victim not in stored
                    stored.add(victim)
            return cost

        for position in order:
            for symbol in self._reads[position]:
                reads[symbol].pop()
                if symbol not in held:
                    total += 1
                if reads[symbol]:
                    total += hold(symbol)
                else:
                    held.discard(symbol)
            if self._calls[position]:
                total += keep(registers * 2 // 3)
            for symbol in self._defines[position]:
                if reads.get(symbol):
                    total += hold(symbol)
        return total

    def orders(self) -> Iterator[list[int]]:
        """Orders that are worth a look.

        Three take what ends the most lives, and among equals the first statement, one whose operands have the fewest
        readers left, or the one on which the longest chain waits; a fourth is as the second, but what lies in memory
        anyway has no life to end. The last one goes on with what was made last, while no more lives begin than end.
        """
        heights = self._heights()

        def readers_left(position: int, now: _Now) -> int:
            return min((min(now.left[symbol], _FEW) for symbol in self._reads[position]), default=_FEW)

        def begun(position: int, now: _Now) -> int:
            return sum(1 for symbol in self._defines[position] if now.left[symbol])

        def lives(position: int, now: _Now) -> int:
            return begun(position, now) - sum(1 for symbol in self._reads[position] if now.left[symbol] == 1)

        def registers(position: int, now: _Now) -> int:
            ended = (s for s in self._reads[position] if now.left[s] == 1 and s not in self._in_memory)
            return begun(position, now) - sum(1 for _ in ended)

        def latest(position: int, now: _Now) -> int:
            return -max((now.made.get(symbol, 0) for symbol in self._reads[position]), default=0)

        yield self._order(lambda p, now: (lives(p, now),), of_all=False)
        yield self._order(lambda p, now: (lives(p, now), readers_left(p, now)), of_all=True)
        yield self._order(lambda p, now: (lives(p, now), -heights[p]), of_all=False)
        yield self._order(lambda p, now: (registers(p, now), readers_left(p, now)), of_all=True)
        yield self._order(lambda p, now: (lives(p, now) > 0, latest(p, now), lives(p, now)), of_all=False)

    def _heights(self) -> list[int]:
        """The length of the longest chain of statements behind each."""
        heights = [0] * self._count
        for position in reversed(range(self._count)):
            for other in self._before[position]:
                heights[other] = max(heights[other], heights[position] + 1)
        return heights

    def _order(self, rank: Callable[[int, _Now], tuple[int, ...]], *, of_all: bool) -> list[int]:
        """Positions in a new order, those of the lowest rank first; ``of_all``: it changes with every read."""
        behind: list[list[int]] = [[] for _ in range(self._count)]
        for position, before in enumerate(self._before):
            for other in before:
                behind[other].append(position)
        waiting = [len(before) for before in self._before]
        now = _Now({symbol: len(readers) for symbol, readers in self._readers.items()})
        ready = [(rank(position, now), position) for position in range(self._count) if not waiting[position]]
        heapq.heapify(ready)
        done = [False] * self._count
        order: list[int] = []
        while ready:
            ranked, position = heapq.heappop(ready)
            if done[position] or ranked != rank(position, now):
                continue  # there is a newer entry for it
            done[position] = True
            order.append(position)
            now.made.update(dict.fromkeys(self._defines[position], len(order)))
            changed = [other for other in behind[position] if self._released(other, waiting)]
            for symbol in self._reads[position]:
                now.left[symbol] -= 1
                if now.left[symbol] == 1 or (of_all and now.left[symbol] < _FEW):
                    changed.extend(r for r in self._readers[symbol] if not done[r] and not waiting[r])
            for other in changed:
                heapq.heappush(ready, (rank(other, now), other))
        return order

    @staticmethod
    def _released(position: int, waiting: list[int]) -> bool:
        waiting[position] -= 1
        return not waiting[position]


def _calls(statement: Stmt) -> bool:
    """Whether a statement calls a function, which may use the other half of the registers."""
    if isinstance(statement, (Invoke, Call)):
        return True
    pending = list(own_expressions(statement))
    while pending:
        node = pending.pop()
        if isinstance(node, Op):
            if SCALAR_OPS[node.fn].libm and not SCALAR_OPS[node.fn].exact:
                return True
            pending.extend(node.args)
    return False


def _joined(parts: Sequence[Effects]) -> Effects:
    if len(parts) == 1:
        return parts[0]
    total = Effects()
    for part in parts:
        total.loaded |= part.loaded
        total.stored |= part.stored
        total.read |= part.read
        total.written |= part.written
        total.calls = total.calls or part.calls
    return total
