"""Which parts of a program are repeated and worth a function."""

from __future__ import annotations

from collections.abc import Iterator, Set
from dataclasses import dataclass, field

from arc_codegen.ir.loops import Let, Symbol
from arc_codegen.passes.repeats.growth import Growth, Row
from arc_codegen.passes.repeats.operations import Node, Operations
from arc_codegen.passes.repeats.parts import IsReadable, Part, Worth, best_prefix

_DEPTHS = (12, 8, 5, 3, 2)
_MOST_ROWS = 400
_TRIALS = 30
_MOST_TRIALS = 400_000
"""Operations that are looked at for each one of the program, and in all; what is found until then is what there is."""
_RADII = (6, 4, 3, 2)
_MANY = 24
_MOST_OCCURRENCES = 200


def skeletons(graph: Operations, depth: int) -> Iterator[tuple[int, list[int]]]:
    """For growing depths, a number for each node: equal where the operations down to that depth are equal."""
    current = [0] * len(graph.labels)
    for level in range(1, depth + 1):
        known: dict[object, int] = {}
        new = [0] * len(current)
        for node, label in enumerate(graph.labels):
            if label is None:
                continue
            below = [current[operand] for operand in graph.operands[node]]
            if graph.commutes(node):
                below.sort()
            new[node] = known.setdefault((label, *below), len(known) + 1)
        current = new
        yield level, current


def surroundings(graph: Operations, radius: int) -> Iterator[tuple[int, list[int]]]:
    """As `skeletons`, with users as well as operands, up to a growing distance (colours of Weisfeiler and Leman)."""
    names: dict[object, int] = {}
    current = [0 if label is None else names.setdefault(label, len(names) + 1) for label in graph.labels]
    for level in range(1, radius + 1):
        known: dict[object, int] = {}
        new = [0] * len(current)
        for node, label in enumerate(graph.labels):
            if label is None:
                continue
            below = [current[operand] for operand in graph.operands[node]]
            if graph.commutes(node):
                below.sort()
            above = sorted(current[user] for user in graph.users[node][:_MANY])
            new[node] = known.setdefault((current[node], tuple(below), tuple(above)), len(known) + 1)
        current = new
        yield level, current


def _seeds(graph: Operations, taken: Set[Node]) -> list[Row]:
    """Operations that are equal to some distance, those first that are so to a large one."""
    found: dict[Row, None] = {}
    levels = [(level, numbers) for level, numbers in surroundings(graph, max(_RADII)) if level in _RADII]
    deep = [(level, numbers) for level, numbers in skeletons(graph, max(_DEPTHS)) if level in _DEPTHS]
    for _, numbers in (*reversed(levels), *reversed(deep)):
        groups: dict[int, list[Node]] = {}
        for node, number in enumerate(numbers):
            if number and node not in taken:
                groups.setdefault(number, []).append(node)
        for group in groups.values():
            if 2 <= len(group) <= _MOST_OCCURRENCES:
                found.setdefault(tuple(group))
    return list(found)


@dataclass(slots=True)
class _Search:
    graph: Operations
    taken: Set[Node]
    used: Set[Node]
    readable: IsReadable
    worth: Worth
    parts: list[Part] = field(default_factory=list)
    _trials: int = 0
    _covered: dict[Node, list[tuple[int, int]]] = field(default_factory=dict)  # growths and rows
    _sizes: list[int] = field(default_factory=list)

    def run(self) -> None:
        budget = min(_TRIALS * len(self.graph.labels), _MOST_TRIALS)
        for seeds in _seeds(self.graph, self.taken):
            if self._trials > budget:
                return
            if not self._is_covered(seeds):
                growth = Growth(self.graph, self.taken)
                growth.grow(seeds, _MOST_ROWS)
                self._note(growth)

    def _is_covered(self, seeds: Row) -> bool:
        """Whether the seeds are a row of what was grown before."""
        places = set(self._covered.get(seeds[0], ()))
        for node in seeds[1:]:
            places &= set(self._covered.get(node, ()))
            if not places:
                return False
        return any(self._sizes[number] == len(seeds) for number, _ in places)

    def _note(self, growth: Growth) -> None:
        self._trials += growth.trials
        if not growth.rows:
            return
        for r, row in enumerate(growth.rows):
            for node in row:
                self._covered.setdefault(node, []).append((len(self._sizes), r))
        self._sizes.append(len(growth.rows[0]))
        part = best_prefix(growth, self.used, self.readable, self.worth)
        if part is not None:
            self.parts.append(part)


def candidates(graph: Operations, taken: Set[Node], used: Set[Node], readable: IsReadable, worth: Worth) -> list[Part]:
    """Parts that save something; some have operations in common.

    Parameters
    ----------
    graph : Operations
    taken : set of Node
        Operations that belong to other parts.
    used : set of Node
        Nodes that are needed elsewhere than in operations of their segment.
    readable : callable
        Whether a function may be given a pointer to a buffer.
    worth : Worth
        What is worth a function.
    """
    search = _Search(graph, taken, used, readable, worth)
    search.run()
    return search.parts


def used_elsewhere(graph: Operations, outside: Set[Symbol]) -> set[Node]:
    """Nodes whose values have names that are read behind or below their segment: ``outside`` are these symbols."""
    used: set[Node] = set()
    for segment in graph.segments:
        for statement, root in zip(segment.statements, segment.roots, strict=True):
            if isinstance(statement, Let) and statement.symbol in outside:
                used.add(root)
    return used
