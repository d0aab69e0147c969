"""Minimum cut of a directed graph with capacities, by Dinic's algorithm.

Dinic, *Algorithm for solution of a problem of maximum flow in networks with power estimation*, Soviet Math. Doklady 11
(1970): augment along shortest paths only, all of one length at a time.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable
from typing import Generic, TypeVar

Vertex = TypeVar("Vertex", bound=Hashable)


class Network(Generic[Vertex]):
    """Edges with capacities between a source and a sink.

    Parameters
    ----------
    source, sink : hashable

    Examples
    --------
    >>> network = Network("s", "t")
    >>> network.edge("s", "a", 3.0)
    >>> network.edge("a", "b", 1.0)
    >>> network.edge("b", "t", 2.0)
    >>> sorted(network.source_side())
    ['a', 's']
    """

    def __init__(self, source: Vertex, sink: Vertex) -> None:
        self._numbers: dict[Vertex, int] = {}
        self._out: list[list[int]] = []  # of each vertex the edges that leave it; edge e ^ 1 is the reverse of e
        self._heads: list[int] = []
        self._rest: list[float] = []  # capacity that is left
        self._source, self._sink = self._number(source), self._number(sink)

    def _number(self, vertex: Vertex) -> int:
        number = self._numbers.setdefault(vertex, len(self._numbers))
        if number == len(self._out):
            self._out.append([])
        return number

    def edge(self, tail: Vertex, head: Vertex, capacity: float = math.inf) -> None:
        """Add an edge; without a capacity it is never cut."""
        start, end = self._number(tail), self._number(head)
        self._out[start].append(len(self._heads))
        self._out[end].append(len(self._heads) + 1)
        self._heads += (end, start)
        self._rest += (capacity, 0.0)

    def source_side(self) -> set[Vertex]:
        """The vertices on the source's side of a minimum cut, of several such cuts the one with most of them.

        There must be a cut of finite capacity.
        """
        while True:
            levels = self._levels()
            if levels[self._sink] < 0:
                break
            self._augment(levels)
        behind = self._reaching_the_sink()
        return {vertex for vertex, number in self._numbers.items() if number not in behind}

    def _levels(self) -> list[int]:
        """Distance of each vertex from the source along edges that have capacity left, -1 if there is none."""
        levels = [-1] * len(self._out)
        levels[self._source] = 0
        waiting = deque([self._source])
        while waiting:
            vertex = waiting.popleft()
            for edge in self._out[vertex]:
                head = self._heads[edge]
                if self._rest[edge] > 0 and levels[head] < 0:
                    levels[head] = levels[vertex] + 1
                    waiting.append(head)
        return levels

    def _augment(self, levels: list[int]) -> None:
        """Fill every shortest path."""
        tried = [0] * len(self._out)  # of each vertex how many of its edges lead nowhere any more
        path: list[int] = []
        vertex = self._source
        while True:
            if vertex == self._sink:
                flow = min(self._rest[edge] for edge in path)
                for edge in path:
                    self._rest[edge] -= flow
                    self._rest[edge ^ 1] += flow
                full = next(k for k, edge in enumerate(path) if self._rest[edge] <= 0)
                vertex = self._heads[path[full] ^ 1]
                del path[full:]
                continue
            edges = self._out[vertex]
            while tried[vertex] < len(edges):
                edge = edges[tried[vertex]]
                if self._rest[edge] > 0 and levels[self._heads[edge]] == levels[vertex] + 1:
                    break
                tried[vertex] += 1
            else:
                if not path:
                    return
                vertex = self._heads[path.pop() ^ 1]
                tried[vertex] += 1
                continue
            path.append(edge)
            vertex = self._heads[edge]

    def _reaching_the_sink(self) -> set[int]:
        reached = {self._sink}
        waiting = [self._sink]
        while waiting:
            for edge in self._out[waiting.pop()]:
                tail = self._heads[edge]
                if self._rest[edge ^ 1] > 0 and tail not in reached:
                    reached.add(tail)
                    waiting.append(tail)
        return reached
