"""Straight-line code that is repeated becomes a local function, called wherever it stood.

As in code compression for embedded processors (Cooper and McIntosh, Enhanced code compression for embedded RISC
processors, PLDI 1999), a function saves the octets of its operations in all places but one, less those of the calls.
Which parts these are is found on the graph of operations (`growth`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import leaves, own_expressions
from arc_codegen.ir.loops import For, If, Let, LoopFunction, Ref, Stmt, Symbol
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.repeats.local_parts import local_of
from arc_codegen.passes.repeats.operations import Node, Operations, Segment, bodies_of, read_operations, segments_of
from arc_codegen.passes.repeats.parts import IsReadable, Part, Worth, part_of
from arc_codegen.passes.repeats.rewriting import Rewriting
from arc_codegen.passes.repeats.search import candidates, used_elsewhere

_ROUNDS = 2
_FEW = 24
_VISITS = 4_000_000  # of operations, to see whether calls can be put in an order


def outline_repeats(function: LoopFunction, worth: Worth, *, locations: bool = True) -> LoopFunction:
    """The function with local functions for what it repeats.

    Parameters
    ----------
    function : LoopFunction
    worth : Worth
        What a part must save to become a function.
    locations : bool, optional
        Whether comments may say where in the user's source a part comes from.
    """
    bodies = list(bodies_of(function.body))
    outside = _read_outside(bodies)
    graph = read_operations(bodies)
    used = used_elsewhere(graph, outside)
    numbers = {b.symbol for b in function.buffers if b.kind == "const" or (b.kind == "input" and not b.shape)}
    chosen = _Choice(graph, used, lambda symbol: symbol not in numbers, worth.of(graph)).parts()
    if not chosen:
        return function
    fresh = FreshSymbols(function)
    names = {
        root: statement
        for segment in graph.segments
        for statement, root, nodes in zip(segment.statements, segment.roots, segment.nodes, strict=True)
        if isinstance(statement, Let) and root in nodes
    }
    made = [local_of(part, names, fresh, locations=locations) for part in chosen]
    places = {
        node: (number, occurrence, r)
        for number, local in enumerate(made)
        for r, row in enumerate(local.part.rows)
        for occurrence, node in enumerate(row)
    }
    rewriting = Rewriting(graph, made, places, outside, fresh)
    body = _Bodies(graph.segments, rewriting).rewritten(function.body)
    local = (*function.locals, *(local.function for local in made))
    return replace(function, body=body, buffers=(*function.buffers, *rewriting.buffers), locals=local)


@dataclass(slots=True)
class _Choice:
    """Chooses parts that have no operation in common, the best first; what they leave is searched again."""

    graph: Operations
    used: set[Node]
    readable: IsReadable
    worth: Worth
    chosen: list[Part] = field(default_factory=list)
    _taken: set[Node] = field(default_factory=set)
    _visits: int = 0

    def parts(self) -> list[Part]:
        """What becomes functions."""
        for _ in range(_ROUNDS):
            found = candidates(self.graph, self._taken, self.used, self.readable, self.worth)
            before = len(self.chosen)
            self._take(sorted(found, key=lambda part: (-part.saved, part.rows[0])))
            if len(self.chosen) == before:
                break
        return self.chosen

    def _take(self, found: Sequence[Part]) -> None:
        best: int | None = None
        for candidate in found:
            if best is not None and candidate.saved < best // 4:
                return
            if any(node in self._taken for row in candidate.rows for node in row):
                continue
            part = self._with_order(candidate)
            if part is not None and (best is None or part.saved >= best // 4):
                best = part.saved if best is None else best
                self.chosen.append(part)
                self._taken.update(node for row in part.rows for node in row)

    def _with_order(self, part: Part) -> Part | None:
        """The part, if need be with fewer occurrences, so that all calls can be put in an order."""
        if self._ordered(part):
            return part
        kept: list[int] = []
        for occurrence in range(min(part.occurrences, _FEW)):
            rows = [tuple(row[k] for k in (*kept, occurrence)) for row in part.rows]
            if self._ordered(Part(self.graph, rows, part.swapped)):
                kept.append(occurrence)
        if len(kept) < 2:
            return None
        rows = [tuple(row[k] for k in kept) for row in part.rows]
        fewer = part_of(self.graph, rows, part.swapped, self.used, self.readable)
        return fewer if self.worth.function(fewer) else None

    def _ordered(self, part: Part) -> bool:
        self._visits += len(self.graph.labels)
        return self._visits < _VISITS and _ordered(self.graph, [*self.chosen, part])


def _ordered(graph: Operations, parts: Sequence[Part]) -> bool:
    """Whether calls of the parts can be put in an order: none needs, on any way, what needs it."""
    block: dict[Node, object] = {}
    for number, part in enumerate(parts):
        for row in part.rows:
            for occurrence, node in enumerate(row):
                block[node] = (number, occurrence)
    waiting: dict[object, int] = {}
    users: dict[object, list[object]] = {}
    for node, operands in enumerate(graph.operands):
        own = block.get(node, node)
        waiting.setdefault(own, 0)
        for operand in operands:
            other = block.get(operand, operand)
            if other != own:
                users.setdefault(other, []).append(own)
                waiting[own] += 1
    ready = [own for own, count in waiting.items() if not count]
    done = 0
    while ready:
        current = ready.pop()
        done += 1
        for user in users.get(current, ()):
            waiting[user] -= 1
            if not waiting[user]:
                ready.append(user)
    return done == len(waiting)


def _read_outside(bodies: Sequence[Sequence[Stmt]]) -> set[Symbol]:
    """Scalars that are read elsewhere than in the segment which defines them."""
    outside: set[Symbol] = set()
    for body in bodies:
        spans = segments_of(body)
        inside = {position for start, stop in spans for position in range(start, stop)}
        for position, statement in enumerate(body):
            if position not in inside:
                outside.update(_read(statement))
        for start, stop in spans:
            own = {s.symbol for s in body[start:stop] if isinstance(s, Let)}
            for statement in body[start:stop]:
                outside.update(_read(statement) - own)
    return outside


def _read(statement: Stmt) -> set[Symbol]:
    return {leaf.symbol for e in own_expressions(statement) for leaf in leaves(e) if isinstance(leaf, Ref)}


@dataclass(slots=True)
class _Bodies:
    """Puts the new segments where the old ones were; bodies are gone through as `bodies_of` does."""

    segments: list[Segment]
    rewriting: Rewriting
    _next: int = field(default=0)

    def rewritten(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        new: dict[int, tuple[Stmt, ...]] = {}
        spans = segments_of(body)
        for start, _ in spans:
            new[start] = self.rewriting.segment(self.segments[self._next])
            self._next += 1
        inside = {position for start, stop in spans for position in range(start, stop)}
        out: list[Stmt] = []
        for position, statement in enumerate(body):
            if position in new:
                out.extend(new[position])
            if position in inside:
                continue
            if isinstance(statement, For):
                out.append(replace(statement, body=self.rewritten(statement.body)))
            elif isinstance(statement, If):
                then = self.rewritten(statement.then)
                out.append(If(statement.condition, then, self.rewritten(statement.orelse)))
            else:
                out.append(statement)
        return tuple(out)
