"""Elements that one loop leaves for a later one over the same range are computed where they are read, if that is cheap.

A sum over all elements in between keeps two loops apart; what both need then goes through memory. Of that, what only
the later loop reads belongs into it, and what takes an operation or two is better computed in both. (Moving is Knoop,
Ruething and Steffen's partial dead code elimination, PLDI 1994; computing again is Briggs, Cooper and Torczon's
rematerialization, PLDI 1992.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import (
    fold_expression,
    leaves,
    map_leaves,
    map_statement,
    own_expressions,
    walk_statements,
    with_expressions,
)
from arc_codegen.ir.loops import (
    Expr,
    Find,
    For,
    If,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.passes.cost import CostModel
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import Place, accesses, effects
from arc_codegen.passes.loops.substitute import Substitution


def sink_elements(function: LoopFunction, *, most: int) -> LoopFunction:
    """The function with elements computed where they are read.

    Parameters
    ----------
    function : LoopFunction
    most : int
        So many instructions may be spent again on an element.
    """
    works = {buffer.symbol for buffer in function.buffers if buffer.kind == "work"}
    if not works:
        return function
    counts = Counter(access.buffer for access in accesses(function.body))
    mutable = {statement.symbol for statement in walk_statements(function.body) if isinstance(statement, Var)}
    sinking = _Sinking(works, counts, mutable, most, FreshSymbols(function))
    body = sinking.body(function.body)
    if not sinking.gone:
        return function
    buffers = tuple(buffer for buffer in function.buffers if buffer.symbol not in sinking.gone)
    return replace(function, buffers=buffers, body=body)


class _Sinking:
    def __init__(
        self, works: set[Symbol], counts: Counter[Symbol], mutable: set[Symbol], most: int, fresh: FreshSymbols
    ) -> None:
        self.works = works
        self.mutable = mutable
        self.counts = counts
        self.most = most
        self.fresh = fresh
        self.gone: set[Symbol] = set()

    def body(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        statements = list(body)
        readers: dict[Symbol, set[int]] = {}
        for k, statement in enumerate(statements):
            for symbol in effects(statement).loaded & self.works if isinstance(statement, For) else ():
                readers.setdefault(symbol, set()).add(k)
        for early, statement in enumerate(statements):
            if isinstance(statement, For):
                filled = [inner.buffer for inner in statement.body if isinstance(inner, Store)]
                late = {k for symbol in filled for k in readers.get(symbol, ()) if k > early}
                for k in sorted(late):
                    self._sink(statements, early, k)
        return tuple(self._inside(statement) for statement in statements)

    def _inside(self, statement: Stmt) -> Stmt:
        match statement:
            case For():
                inner = self.body(statement.body)
                return statement if inner == statement.body else replace(statement, body=inner)
            case If():
                return If(statement.condition, self.body(statement.then), self.body(statement.orelse))
        return statement

    def _sink(self, statements: list[Stmt], early: int, late: int) -> None:
        """Move what the loop at ``early`` computes for that at ``late`` only, as far as it pays."""
        first, second = statements[early], statements[late]
        assert isinstance(first, For)
        assert isinstance(second, For)
        if (first.start, first.stop) != (second.start, second.stop):
            return
        if not any(isinstance(s, Store) and s.buffer in self.works for s in first.body):
            return
        first, gone = self._through_scalars(first)
        candidates = self._candidates(first, second, gone)
        if not candidates:
            return
        between = statements[early : late + 1]
        stored = {access.buffer for access in accesses(between) if access.stored}
        changed = {s.symbol for s in walk_statements(between) if isinstance(s, (Set, Var, Find))}
        supply = _Supply(first, second, stored, changed, candidates, self.most)
        chosen = supply.choose()
        if chosen:
            statements[early] = supply.without(chosen)
            statements[late] = _Receiver(supply, chosen, self.fresh).loop()
            self.gone |= chosen

    def _through_scalars(self, loop: For) -> tuple[For, Counter[Symbol]]:
        """The loop with what it stores in scalars; and how many reads of each array these have replaced."""
        known: dict[Place, Ref] = {}
        gone: Counter[Symbol] = Counter()

        def leaf(expression: Expr) -> Expr:
            if not isinstance(expression, Load) or (expression.buffer, expression.index) not in known:
                return expression
            gone[expression.buffer] += 1
            return known[expression.buffer, expression.index]

        body: list[Stmt] = []
        for statement in loop.body:
            changed = with_expressions(statement, lambda expression: map_leaves(expression, leaf))
            touched = effects(changed).stored
            for place in [place for place in known if place[0] in touched]:
                del known[place]
            if isinstance(changed, Store) and changed.buffer in self.works and not changed.index.tables:
                value = changed.value
                if not isinstance(value, Ref):
                    held = self.fresh.symbol("t" if changed.buffer.hint in ("w", "work") else changed.buffer.hint)
                    body.append(Let(held, value, changed.origin))
                    value = Ref(held, value.dtype)
                    changed = replace(changed, value=value)
                if value.symbol not in self.mutable:
                    known[changed.buffer, changed.index] = value
            body.append(changed)
        return replace(loop, body=tuple(body)), gone

    def _candidates(self, first: For, second: For, gone: Counter[Symbol]) -> dict[Symbol, Store]:
        """Arrays that the first loop fills and only the second reads, each run what the same run has written."""
        found: dict[Symbol, Store] = {}
        for statement in first.body:
            if not isinstance(statement, Store) or statement.buffer not in self.works:
                continue
            if first.var in dict(statement.index.terms):
                found.setdefault(statement.buffer, statement)
        loads: dict[Symbol, list[Load]] = {symbol: [] for symbol in found}
        for inner in walk_statements(second.body):
            for leaf in (leaf for expression in own_expressions(inner) for leaf in leaves(expression)):
                if isinstance(leaf, Load) and leaf.buffer in loads:
                    loads[leaf.buffer].append(leaf)
        there = Substitution({first.var: (second.var, 1, 0)})
        return {
            symbol: store
            for symbol, store in found.items()
            if loads[symbol]
            and len(loads[symbol]) + 1 + gone[symbol] == self.counts[symbol]
            and not store.index.tables
            and all(load.index == there.index(store.index) for load in loads[symbol])
        }


@dataclass(slots=True)
class _Supply:
    """What the first loop computes for the second.

    Parameters
    ----------
    first, second : For
    stored : set of Symbol
        Arrays that change between the first loop's begin and the second's end.
    changed : set of Symbol
        Scalars that do.
    stores : dict of Symbol to Store
        By array, the store that fills it.
    most : int
        Instructions that may be spent again on an element.
    """

    first: For
    second: For
    stored: set[Symbol]
    changed: set[Symbol]
    stores: dict[Symbol, Store]
    most: int
    lets: dict[Symbol, Let] = field(init=False)

    def __post_init__(self) -> None:
        self.lets = {statement.symbol: statement for statement in self.first.body if isinstance(statement, Let)}

    def choose(self) -> set[Symbol]:
        """The arrays that can go: dear ones are left out, the dearest first, until the others are cheap."""
        chosen = {symbol for symbol in self.stores if self._lasts(symbol)}
        left_out: list[Symbol] = []
        while chosen:
            again = self._again(chosen)
            worst = max(chosen, key=lambda symbol: (again[symbol], symbol.id))
            if again[worst] <= self.most:
                break
            chosen.remove(worst)
            left_out.append(worst)
        for symbol in reversed(left_out):  # cheap after all, where what it is made of stays in memory
            if max(self._again(chosen | {symbol}).values()) <= self.most:
                chosen.add(symbol)
        return chosen

    def _lasts(self, symbol: Symbol) -> bool:
        """Whether all that the element is made of has the same value in the second loop."""
        for expression in (self.stores[symbol].value, *(self.lets[s].value for s in self.behind(symbol, set()))):
            for leaf in leaves(expression):
                if isinstance(leaf, Load):
                    moving = {s for s, _ in leaf.index.terms} - {self.first.var}
                    if leaf.buffer in self.stored or leaf.index.tables or moving & self._own():
                        return False
                elif (
                    isinstance(leaf, Ref) and leaf.symbol not in self.lets and leaf.symbol in self.changed | self._own()
                ):
                    return False
        return True

    def _own(self) -> set[Symbol]:
        return effects(self.first).written

    def at_hand(self, chosen: set[Symbol]) -> dict[Symbol, Store]:
        """Scalars of the first loop that the second can load, being kept in an array that stays."""
        stay = [store for symbol, store in self.stores.items() if symbol not in chosen]
        return {store.value.symbol: store for store in stay if isinstance(store.value, Ref)}

    def behind(self, symbol: Symbol, known: Container[Symbol]) -> dict[Symbol, None]:
        """Scalars of the first loop that an element is made of, but for those that are known."""
        found: dict[Symbol, None] = {}
        pending = [self.stores[symbol].value]
        while pending:
            for leaf in leaves(pending.pop()):
                if not isinstance(leaf, Ref) or leaf.symbol in found or leaf.symbol in known:
                    continue
                if leaf.symbol in self.lets:
                    found[leaf.symbol] = None
                    pending.append(self.lets[leaf.symbol].value)
        return found

    def _again(self, chosen: set[Symbol]) -> dict[Symbol, float]:
        """For each of the arrays the instructions that are spent in both loops if all of them go."""
        needed = self.needed(chosen)
        at_hand = self.at_hand(chosen)
        costs: dict[Symbol, float] = {}
        for symbol in chosen:
            twice = [self.lets[s].value for s in self.behind(symbol, at_hand) if s in needed]
            costs[symbol] = sum(_instructions(expression) for expression in twice)
        return costs

    def needed(self, chosen: set[Symbol]) -> set[Symbol]:
        """Scalars that the first loop needs for what stays in it."""
        found: set[Symbol] = set()
        for statement in reversed(self.first.body):
            if isinstance(statement, Let) and statement.symbol not in found:
                continue
            if not (isinstance(statement, Store) and statement.buffer in chosen):
                found |= effects(statement).read
        return found

    def without(self, chosen: set[Symbol]) -> For:
        """The first loop with what stays in it."""
        needed = self.needed(chosen)
        body = [
            statement
            for statement in self.first.body
            if not (isinstance(statement, Let) and statement.symbol not in needed)
            and not (isinstance(statement, Store) and statement.buffer in chosen)
        ]
        return replace(self.first, body=tuple(body))


class _Receiver:
    """The second loop, in which each scalar of the first is computed before the first statement that needs it."""

    def __init__(self, supply: _Supply, chosen: set[Symbol], fresh: FreshSymbols) -> None:
        self.supply = supply
        self.chosen = chosen
        self.fresh = fresh
        self.at_hand = supply.at_hand(chosen)
        self.names: dict[Symbol, Expr] = {}
        self.there = Substitution({supply.first.var: (supply.second.var, 1, 0)})
        self.out: list[Stmt] = []

    def loop(self) -> For:
        second = self.supply.second
        for statement in second.body:
            self.out.append(map_statement(statement, self._with_elements))
        return replace(second, body=tuple(self.out))

    def _with_elements(self, statement: Stmt) -> Stmt:
        return with_expressions(statement, lambda expression: map_leaves(expression, self._leaf))

    def _leaf(self, leaf: Expr) -> Expr:
        if isinstance(leaf, Load) and leaf.buffer in self.chosen:
            store = self.supply.stores[leaf.buffer]
            known = self.names.get(leaf.buffer)
            if known is None:
                known = self.names[leaf.buffer] = self._named(leaf.buffer, store.value)
            return known
        return leaf

    def _named(self, name: Symbol, value: Expr) -> Expr:
        moved = self._moved(value)
        if isinstance(moved, (Ref, Literal)):
            return moved
        symbol = self.fresh.symbol("t" if name.hint == "w" else name.hint)
        self.out.append(Let(symbol, moved))
        return Ref(symbol, moved.dtype)

    def _moved(self, value: Expr) -> Expr:
        """The expression with names of this loop."""
        return self.there.expression(map_leaves(value, self._scalar))

    def _scalar(self, leaf: Expr) -> Expr:
        if not isinstance(leaf, Ref) or leaf.symbol not in self.supply.lets:
            return leaf
        known = self.names.get(leaf.symbol)
        if known is None:
            store = self.at_hand.get(leaf.symbol)
            value = (
                self.supply.lets[leaf.symbol].value if store is None else Load(store.buffer, store.index, leaf.dtype)
            )
            known = self.names[leaf.symbol] = self._named(leaf.symbol, value)
        return known


def _instructions(expression: Expr) -> float:
    return fold_expression(
        expression,
        lambda node, operands: sum(operands) + (CostModel.scalar_instructions(node.fn) if isinstance(node, Op) else 0),
    )


__all__ = ["sink_elements"]
