"""Arrays that grow by a part in each step of a loop: what is added to a part is added where it is made.

Where a loop in Python reads one slice of an array in each step, the array's cotangent starts as zeros, and each step
adds an array of zeros with a part of its own, or reads elements and writes them back. `padded_sums` would take time
quadratic in the number of steps, and steps that each touch a whole array could not be rolled. Here the elements are
followed one by one, and the array is put together once.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from arc_codegen.ir.affine import contiguous_strides, part_positions, positions
from arc_codegen.ir.builder import GraphBuilder, uniform_constant
from arc_codegen.ir.graph import AffineMap, Assemble, Graph, Map, Node, Output, Part, Value, View
from arc_codegen.ir.types import TensorType
from arc_codegen.passes.padded_sums import is_padded
from arc_codegen.passes.rewriting import eliminate_dead_code, live_values

_LEAST = 6
"""Arrays that sums change less often, or in fewer places, are left to `padded_sums`."""
_LARGEST_READ = 64
"""Elements that are read of an array on its way; of one of which more is read, the whole is needed."""


def join_padded_chains(graph: Graph) -> Graph:
    """Arrays that only change part by part on their way are put together at its end.

    Adding +0 to all other elements matters for the sign of a zero only, and, once done, never again. The bits stay.
    """
    chains = _find_chains(graph)
    if not chains:
        return graph
    builder = GraphBuilder(graph.name, doc=graph.doc, interface=graph.interface)
    renamed: dict[Value, Value] = {}
    live = live_values(graph)
    starting: dict[Value, dict[Value, _Chain]] = {}
    for chain in chains.values():
        starting.setdefault(next(iter(chain.before)), {})[chain.last] = chain
    elements: dict[Value, _Elements] = {}
    early = {part.value for chain in chains.values() for part in _added_to_zero(graph, chain)}
    for value, node in enumerate(graph.nodes):
        if not live[value] or value in renamed:
            continue
        if value not in chains:
            renamed[value] = builder.add(node.with_operands(tuple(renamed[operand] for operand in node.operands)))
            if value in early:
                _add_zero(builder, renamed[value])
            for last, chain in starting.get(value, {}).items():
                elements[last] = _Elements(builder, graph, renamed)
                elements[last].start(value, chain)
            continue
        chain = chains[value]
        growing = elements[chain.last]
        growing.change(value, chain)
        for view in chain.views[value]:
            read = graph.nodes[view]
            assert isinstance(read, View)
            renamed[view] = growing.read(read)
        if value == chain.last:
            renamed[value] = growing.put_together(node)
    return eliminate_dead_code(builder.finish([Output(o.name, renamed[o.value]) for o in graph.outputs]))


@dataclass(slots=True)
class _Chain:
    """An array on its way: ``before`` of each value the one before it, None of the first; ``views`` that read it."""

    last: Value
    before: dict[Value, Value | None]
    views: dict[Value, list[Value]]


def _find_chains(graph: Graph) -> dict[Value, _Chain]:
    """For each value on the way of an array the chain that it is in."""
    nodes, live = graph.nodes, live_values(graph)
    users: dict[Value, list[Value]] = {}
    for value, node in enumerate(nodes):
        if live[value]:
            for operand in node.operands:
                users.setdefault(operand, []).append(value)
    for output in graph.outputs:
        users.setdefault(output.value, []).append(-1)
    padded = [isinstance(node, Assemble) and is_padded(node) for node in nodes]
    before: dict[Value, Value] = {}
    for value, node in enumerate(nodes):
        if not live[value] or node.type.shape == ():
            continue
        if isinstance(node, Map) and node.fn == "add":
            a, b = node.args
            if padded[b] and (padded[a] or a in before):
                before[value] = a
            elif padded[a] and b in before:
                before[value] = b
        elif isinstance(node, Assemble) and node.base is not None and (padded[node.base] or node.base in before):
            adds = any(part.accumulate for part in node.parts)
            if not adds and nodes[node.base].type == node.type:
                before[value] = node.base
    following: dict[Value, list[Value]] = {}
    for value, base in before.items():
        following.setdefault(base, []).append(value)

    def passes_on(value: Value) -> bool:
        """Whether nothing but the next array, and small views, read this one."""
        rest = [user for user in users[value] if user not in following.get(value, ())]
        small = all(user >= 0 and _is_small_view(nodes[user]) for user in rest)
        return small and len(following.get(value, ())) == 1 == len(users[value]) - len(rest)

    chains: dict[Value, _Chain] = {}
    for value in before:
        if passes_on(value):
            continue
        way = [value]
        while way[-1] in before:
            base = before[way[-1]]
            if base in before and not passes_on(base):
                break
            way.append(base)
        sums = any(isinstance(nodes[one], Map) for one in way)
        if way[-1] in before or (sums and len(way) < _LEAST):  # starts from an array that is needed as a whole
            continue
        changes = {*way, *(arg for one in way[:-1] if isinstance(nodes[one], Map) for arg in nodes[one].operands)}
        arrays = [node for node in (nodes[one] for one in changes) if isinstance(node, Assemble)]
        if len({part.target for array in arrays for part in array.parts}) < _LEAST:
            continue
        order = way[::-1]
        chain = _Chain(value, dict(zip(order, (None, *order), strict=False)), {})
        for one in order[1:]:
            chain.views[one] = [user for user in users[one] if user >= 0 and _is_small_view(nodes[user])]
        for one in order[1:]:
            chains[one] = chain
    return chains


def _is_small_view(node: Node) -> bool:
    return isinstance(node, View) and 0 < node.type.size <= _LARGEST_READ


_Cell = tuple[Value, int, int]
"""An element: of which value it is which, and after how many sums of whole arrays it was set."""


@dataclass(slots=True)
class _Elements:
    """The elements of an array on its way, those that are set; the others are +0."""

    builder: GraphBuilder
    graph: Graph
    renamed: dict[Value, Value]
    cells: dict[int, _Cell] = field(default_factory=dict)
    sums: int = 0
    _signed: dict[Value, bool] = field(default_factory=dict)

    def change(self, value: Value, chain: _Chain) -> None:
        """Go on to the array ``value``."""
        graph, renamed = self.graph, self.renamed
        node, base = graph.nodes[value], chain.before[value]
        if isinstance(node, Assemble):
            for part in node.parts:
                self._write(part_positions(graph.nodes[part.value].type.shape, part).tolist(), renamed[part.value])
            return
        assert isinstance(node, Map)
        added = graph.nodes[node.args[1] if node.args[0] == base else node.args[0]]
        assert isinstance(added, Assemble)
        written: list[tuple[list[int], Value]] = []
        for part in added.parts:
            places = part_positions(graph.nodes[part.value].type.shape, part).tolist()
            written.extend(self._sum(places, renamed[part.value], node))
        self.sums += 1
        for places, total in written:
            self._write(places, total)

    def start(self, first: Value, chain: _Chain) -> None:
        """Begin with the first array."""
        start = self.graph.nodes[first]
        assert isinstance(start, Assemble)
        settled = _added_to_zero(self.graph, chain)
        for part in start.parts:
            value = self.renamed[part.value]
            places = part_positions(self.graph.nodes[part.value].type.shape, part)
            self._write(places.tolist(), _add_zero(self.builder, value) if part in settled else value)

    def _write(self, places: list[int], value: Value) -> None:
        for k, place in enumerate(places):
            self.cells[place] = value, k, self.sums

    def _sum(self, places: list[int], term: Value, node: Map) -> list[tuple[list[int], Value]]:
        """The sums of a part's elements and what is there, where they are to go."""
        kind = self.builder.type(term)
        whole = self._whole(places, kind)
        if whole is not None:
            return [(places, self._add(whole, term, node))]
        flat = self.builder.reshape(term, (kind.size,))
        number = TensorType(kind.dtype)
        sums = []
        for k, place in enumerate(places):
            element = self.builder.view(flat, (), k, ())
            there = self._whole([place], number)
            assert there is not None
            sums.append(([place], self._add(there, element, node)))
        return sums

    def _add(self, a: Value, b: Value, node: Map) -> Value:
        kind = self.builder.type(b)
        return self.builder.add(replace(node, type=kind, args=(a, b)))

    def _zero(self, kind: TensorType) -> Value:
        return self.builder.constant(np.zeros((), kind.dtype.numpy_name), kind.dtype)

    def _whole(self, places: list[int], kind: TensorType) -> Value | None:
        """The elements at places in order, if none is set (a number), or if they are all those of one value."""
        cells = [self.cells.get(place) for place in places]
        if all(cell is None for cell in cells):
            return self._zero(kind)
        first = cells[0]
        if first is None:
            return None
        value, _, since = first
        size = self.builder.type(value).size
        if size == len(places) and all(cell == (value, k, since) for k, cell in enumerate(cells)):
            return self._settled(self.builder.reshape(value, kind.shape), since)
        if len(places) == 1:
            flat = self.builder.reshape(value, (size,))
            return self._settled(self.builder.reshape(self.builder.view(flat, (), first[1], ()), kind.shape), since)
        return None

    def _settled(self, value: Value, since: int) -> Value:
        """A value to which +0 was added where it may be -0."""
        if since == self.sums or not self._may_be_minus_zero(value):
            return value
        return _add_zero(self.builder, value)

    def _may_be_minus_zero(self, value: Value) -> bool:
        """A sum with +0, or with such a sum, never is."""
        way = []
        found = True
        while value not in self._signed:
            way.append(value)
            node = self.builder.node(value)
            if isinstance(node, View):
                value = node.arg
                continue
            if not isinstance(node, Map) or node.fn != "add":
                break
            zero = next((arg for arg in node.args if _is_plus_zero(self.builder.node(arg))), None)
            if zero is not None:
                found = False
                break
            value = node.args[0]
        found = self._signed.get(value, found)
        for one in way:
            self._signed[one] = found
        return found

    def read(self, node: View) -> Value:
        """What a view reads."""
        places = positions(node.type.shape, node.map).ravel().tolist()
        whole = self._whole(places, node.type)
        if whole is not None:
            return self.builder.broadcast(whole, node.type.shape)
        parts = []
        for k, place in enumerate(places):
            element = self._whole([place], TensorType(node.type.dtype))
            assert element is not None
            parts.append(Part(value=element, target=AffineMap(k, ())))
        return self.builder.add(Assemble(type=node.type, parts=tuple(parts), origin=node.origin))

    def put_together(self, node: Node) -> Value:
        """The array, of the values that its elements are of."""
        parts: list[Part] = []
        places = sorted(self.cells)
        at = 0
        while at < len(places):
            value, index, since = self.cells[places[at]]
            size = self.builder.type(value).size
            run = places[at : at + size]
            alike = index == 0 and all(
                place == run[0] + k and self.cells[place] == (value, k, since) for k, place in enumerate(run)
            )
            if alike and len(run) == size:
                shape = self.builder.type(value).shape
                whole = self._settled(value, since)
                parts.append(Part(value=whole, target=AffineMap(run[0], contiguous_strides(shape))))
                at += size
                continue
            element = self._whole(places[at : at + 1], TensorType(node.type.dtype))
            assert element is not None
            parts.append(Part(value=element, target=AffineMap(places[at], ())))
            at += 1
        return self.builder.add(Assemble(type=node.type, parts=tuple(parts), origin=node.origin))


def _added_to_zero(graph: Graph, chain: _Chain) -> list[Part]:
    """Parts of the first array whose elements are only added to, and not by each sum.

    When +0 is added to them does not matter then: ``(a + b) + 0`` and ``(0 + a) + b`` have the same bits. It is done at
    once, so that they go the way of all other parts.
    """
    if any(chain.views.values()):
        return []
    terms = np.zeros(graph.nodes[chain.last].type.size, dtype=np.int64)
    first, *changes = chain.before.items()
    for value, base in changes:
        node = graph.nodes[value]
        if not isinstance(node, Map):
            return []
        added = graph.nodes[node.args[1] if node.args[0] == base else node.args[0]]
        for part in added.parts if isinstance(added, Assemble) else ():
            terms[part_positions(graph.nodes[part.value].type.shape, part)] += 1
    start = graph.nodes[first[0]]
    assert isinstance(start, Assemble)
    return [
        part
        for part in start.parts
        if (terms[part_positions(graph.nodes[part.value].type.shape, part)] < len(changes)).all()
    ]


def _add_zero(builder: GraphBuilder, value: Value) -> Value:
    kind = builder.type(value)
    zero = builder.constant(np.zeros((), kind.dtype.numpy_name), kind.dtype)
    return builder.add(Map(type=kind, fn="add", args=(zero, value)))


def _is_plus_zero(node: Node) -> bool:
    known = uniform_constant(node)
    return known == 0.0 and np.copysign(1.0, known) > 0
