"""A loop with more scalars under way than there are registers becomes several loops, one after another.

What one part of a run hands to the next lies in the elements of an array that the last part writes anyway, so that no
memory is added: a cascade of filters goes over its samples section by section, in place, and the coefficients and the
state of a section stay in registers. (Loop distribution: Allen and Kennedy, Optimizing Compilers for Modern
Architectures, 2002, section 5.6.)
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import leaves, own_expressions
from arc_codegen.ir.loops import For, If, Let, Load, LoopFunction, Ref, Set, Stmt, Store, Symbol, Var
from arc_codegen.ir.state_buffers import state_buffers
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import Effects, effects
from arc_codegen.passes.loops.substitute import Substitution

_Group = list[int]
"""Numbers of the statements of a body that stay together, in their order."""


def distribute_loops(function: LoopFunction, *, most: int) -> LoopFunction:
    """The function with loops over many scalars cut into loops over fewer.

    Parameters
    ----------
    function : LoopFunction
    most : int
        So many scalars from outside may a loop read and set; 0 leaves all as it is.
    """
    if not most:
        return function
    in_place = {buffer.symbol for pair in state_buffers(function) for buffer in pair}
    fixed = {b.symbol for b in function.buffers if b.kind in ("input", "const")} - in_place
    fission = _Fission(most, fixed, in_place, FreshSymbols(function))
    body = fission.body(function.body)
    if body == function.body:
        return function
    # In another order, more scalars would be alive at a time: compilers are asked to keep this one.
    return replace(function, body=body, keeps_order=True)


@dataclass(frozen=True, slots=True)
class _Fission:
    most: int
    fixed: set[Symbol]  # buffers that nobody writes
    in_place: set[Symbol]  # buffers that share their memory with another
    fresh: FreshSymbols

    def body(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        out: list[Stmt] = []
        rest = list(body)
        while rest:
            statement = rest.pop(0)
            if isinstance(statement, For):
                parts = self._parts(statement)
                if parts:
                    _place(parts, out, rest, self.fixed, self.in_place)
                    continue
                statement = replace(statement, body=self.body(statement.body))
            elif isinstance(statement, If):
                statement = If(statement.condition, self.body(statement.then), self.body(statement.orelse))
            out.append(statement)
        return tuple(out)

    def _parts(self, loop: For) -> list[For]:
        """Loops in its place; none where it stays as it is."""
        body = loop.body
        if not all(isinstance(statement, (Let, Set, Store)) for statement in body):
            return []
        own = {statement.symbol for statement in body if isinstance(statement, Let)} | {loop.var}
        if len(_scalars(body) - own) <= self.most:
            return []
        touched = [effects(statement) for statement in body]
        stored = {symbol for found in touched for symbol in found.stored}
        if any(not stored.isdisjoint(found.loaded) for found in touched):
            return []
        groups = self._joined(body, own)
        if len(groups) < 2:
            return []
        return self._handed_on(loop, [[body[k] for k in group] for group in groups])

    def _joined(self, body: Sequence[Stmt], own: AbstractSet[Symbol]) -> list[_Group]:
        """Components one after another in groups, as large as the limit allows."""
        groups: list[_Group] = []
        for component in _components(body):
            together = sorted([*groups[-1], *component]) if groups else component
            if groups and len(_scalars([body[k] for k in together]) - own) <= self.most:
                groups[-1] = together
            else:
                groups.append(component)
        return groups

    def _handed_on(self, loop: For, groups: list[list[Stmt]]) -> list[For]:
        """The groups as loops, if no more than one scalar goes from one to another, always to the next."""
        place = _place_of(groups[-1], loop.var)
        if place is None or place.buffer in self.in_place:
            return []
        given: Let | None = None
        loops: list[For] = []
        for number, group in enumerate(groups):
            behind = {symbol for later in groups[number + 1 :] for s in later for symbol in effects(s).read}
            lets = [s for s in group if isinstance(s, Let) and s.symbol in behind]
            if given is not None and given.symbol in behind:
                return []
            if loops and given is None:
                return []
            statements = list(group)
            if given is not None:
                load = Load(place.buffer, place.index, given.value.dtype)
                statements.insert(0, Let(given.symbol, load))
            if number + 1 < len(groups):
                if len(lets) != 1 or lets[0].value.dtype != place.value.dtype:
                    return []
                given = lets[0]
                at = statements.index(given) + 1
                statements.insert(at, Store(place.buffer, place.index, Ref(given.symbol, given.value.dtype)))
            loops.append(replace(loop, body=tuple(statements)))
        return self._renamed(loops)

    def _renamed(self, loops: list[For]) -> list[For]:
        """The loops with names of their own for what two of them define."""
        out = loops[:1]
        for loop in loops[1:]:
            variable = self.fresh.symbol(loop.var.hint)
            names = {s.symbol: self.fresh.symbol(s.symbol.hint) for s in loop.body if isinstance(s, Let)}
            body = Substitution({loop.var: (variable, 1, 0)}, names).body(loop.body)
            out.append(replace(loop, var=variable, body=tuple(body)))
        return out


def _place_of(body: Sequence[Stmt], variable: Symbol) -> Store | None:
    """The one store of its buffer that has an element of its own for every run."""
    stores = [statement for statement in body if isinstance(statement, Store)]
    for store in stores:
        pitch = dict(store.index.terms).get(variable, 0)
        alone = sum(other.buffer == store.buffer for other in stores) == 1
        if alone and pitch and not store.index.tables:
            return store
    return None


def _scalars(body: Sequence[Stmt]) -> set[Symbol]:
    """Scalars that statements read or set."""
    found = {statement.symbol for statement in body if isinstance(statement, Set)}
    for statement in body:
        for expression in own_expressions(statement):
            found.update(leaf.symbol for leaf in leaves(expression) if isinstance(leaf, Ref))
    return found


def _components(body: Sequence[Stmt]) -> list[_Group]:
    """What a scalar holds together from run to run, in an order in which each uses only what is made before."""
    touched = [effects(statement) for statement in body]
    reached = [{k} for k in range(len(body))]
    follows: list[set[int]] = [set() for _ in body]
    for k, statement in enumerate(body):
        for user, found in enumerate(touched):
            if isinstance(statement, Let) and statement.symbol in found.read:
                follows[k].add(user)
            elif isinstance(statement, Set) and statement.symbol in found.read | found.written:
                follows[k].add(user)
                follows[user].add(k)
            elif isinstance(statement, Store) and statement.buffer in found.stored:
                follows[k].add(user)
    for k in range(len(body)):
        pending = [k]
        while pending:
            new = follows[pending.pop()] - reached[k]
            reached[k] |= new
            pending.extend(new)
    groups: list[_Group] = []
    for k in range(len(body)):
        if any(k in group for group in groups):
            continue
        groups.append([n for n in range(len(body)) if n in reached[k] and k in reached[n]])
    out: list[_Group] = []
    while groups:  # the first that none of the others leads to
        free = next(g for g in groups if not any(g[0] in reached[o[0]] for o in groups if o is not g))
        groups.remove(free)
        out.append(free)
    return out


def _place(
    parts: Sequence[For],
    before: list[Stmt],
    rest: list[Stmt],
    fixed: AbstractSet[Symbol],
    in_place: AbstractSet[Symbol],
) -> None:
    """Put the loops behind ``before``: scalars that one of them alone uses are defined and stored beside it."""
    users = [effects(loop) for loop in parts]
    heads: list[list[Stmt]] = [[] for _ in parts]
    passed: list[Effects] = []
    for at in range(len(before) - 1, -1, -1):
        statement = before[at]
        found = effects(statement)
        if isinstance(statement, (Let, Var)) and found.loaded <= fixed:
            using = [n for n, user in enumerate(users) if statement.symbol in user.read | user.written]
            if len(using) == 1 and not any(found.conflicts(other) for other in passed):
                heads[using[0]].insert(0, before.pop(at))
                users[using[0]].read |= found.read
                continue
        passed.append(found)
    tails: list[list[Stmt]] = [[] for _ in parts]
    touched = set(in_place).union(*(user.loaded | user.stored for user in users))
    last = 0
    while rest:
        store = rest[0]
        if not isinstance(store, Store) or not isinstance(store.value, Ref) or store.buffer in touched:
            break
        setting = [n for n, user in enumerate(users) if store.value.symbol in user.written]
        if len(setting) != 1 or setting[0] < last:
            break
        last = setting[0]
        tails[last].append(rest.pop(0))
    for head, loop, tail in zip(heads, parts, tails, strict=True):
        before.extend((*head, loop, *tail))


__all__ = ["distribute_loops"]
