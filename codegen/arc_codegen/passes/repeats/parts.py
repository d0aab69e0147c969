"""A repeated part as the function that it would become: what goes in, what comes out, what it saves."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from arc_codegen.ir.loops import Expr, Index, Literal, Load, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.repeats.growth import Growth, Row
from arc_codegen.passes.repeats.operations import STORE, Node, Operations

_CALLED = 10
_OCTETS = {"select": 12, "max": 14, "min": 14, "fmax": 14, "fmin": 14, "sign": 20, "lt": 8, "le": 8, "eq": 8, "ne": 8}
_ONE_INSTRUCTION = {"add", "sub", "mul", "div", "neg", "abs", "sqrt", "fma", "cast", STORE}
DONE_AGAIN = frozenset({"add", "sub", "mul", "neg"})
"""What a function does again rather than be given the result."""
_INSTRUCTION = 4
_ARITHMETIC = 5  # with its share of what is spilled
_BROKEN_PAIR = 60
_FRAME = 12  # registers saved and restored
_REGISTERS = 16  # that pass numbers
_POINTERS = 4  # registers that pass pointers

IsReadable = Callable[[Symbol], bool]
"""Whether a function may be given a pointer to the buffer."""


def octets(fn: str) -> int:
    """Of an operation, about, in Thumb-2 with a unit for floats; what is no instruction calls a function."""
    return _ARITHMETIC if fn in _ONE_INSTRUCTION else _OCTETS.get(fn, _CALLED)


@dataclass(frozen=True, slots=True)
class Source:
    """Where an operand comes from: a row, a parameter, or a constant."""

    row: int = -1
    parameter: int = -1
    constant: Literal | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """Parameters that are passed as a pointer to memory in which they lie together.

    ``offsets`` says where, for each of ``parameters``. If they are loads, they lie there already; else the caller
    stores them, once for each of ``variants`` different values.
    """

    parameters: tuple[int, ...]
    offsets: tuple[int, ...]
    loads: bool
    variants: int

    @property
    def size(self) -> int:
        return max(self.offsets) + 1


@dataclass(frozen=True, slots=True)
class Target:
    """A buffer that the part stores: by row of stores how far from its first element."""

    buffer: Symbol
    offsets: dict[int, int]

    @property
    def size(self) -> int:
        return max(self.offsets.values()) + 1


@dataclass(slots=True)
class Part:
    """Rows of operations, each with one operation in every occurrence.

    ``parameters`` are what goes in, by occurrence; those that are in no pack are passed by value, but for those
    ``again``: an operation on other parameters and constants, which the function does once more. ``results`` are the
    rows whose values are read outside.
    """

    graph: Operations
    rows: list[Row]
    swapped: frozenset[Node]
    sources: list[tuple[Source, ...]] = field(default_factory=list)
    parameters: list[Row] = field(default_factory=list)
    packs: list[Pack] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    again: dict[int, tuple[Source, ...]] = field(default_factory=dict)
    targets: list[Target] = field(default_factory=list)
    results: list[int] = field(default_factory=list)

    @property
    def occurrences(self) -> int:
        return len(self.rows[0])

    def expression(self, parameter: int, occurrence: int) -> Expr:
        """What stands for a parameter in an occurrence."""
        expression = self.graph.expressions[self.parameters[parameter][occurrence]]
        assert not isinstance(expression, Store)
        return expression

    def order(self, node: Node) -> tuple[Node, ...]:
        """Operands of an operation, in the order of its row."""
        operands = self.graph.operands[node]
        return operands[::-1] if node in self.swapped else operands

    @property
    def memories(self) -> list[list[int]]:
        """Results by type, each in an array of its own; none for a single one, which the function returns."""
        if len(self.results) < 2:
            return []
        found: dict[DType, list[int]] = {}
        for r in sorted(self.results, key=lambda r: self.rows[r][0]):
            operation = self.graph.expressions[self.rows[r][0]]
            assert not isinstance(operation, Store)
            found.setdefault(operation.dtype, []).append(r)
        return list(found.values())

    # -- what it saves ---------------------------------------------------------------------------------------------

    @property
    def body_octets(self) -> int:
        """Of the operations of one occurrence, with its loads of what lies in memory."""
        labels = [self.graph.labels[row[0]] for row in self.rows]
        labels += [self.graph.labels[self.parameters[number][0]] for number in self.again]
        read = itertools.chain(*self.sources, *self.again.values())
        constants = {source.constant.key() for source in read if source.constant is not None}
        loads = sum(len(pack.parameters) for pack in self.packs if pack.loads)
        return sum(octets(label[0]) for label in labels if label) + _INSTRUCTION * (len(constants) + loads)

    @property
    def call_octets(self) -> int:
        """Of one call: parameters into registers, and results out of memory."""
        pointers = len(self.packs) + len(self.targets) + len(self.memories)
        values = len(self.values) + max(0, len(self.values) - _REGISTERS)
        out = len(self.results) if len(self.results) > 1 else 0
        return _INSTRUCTION * (1 + pointers + max(0, pointers - _POINTERS) + values + out)

    @property
    def frame_octets(self) -> int:
        """Of the function beside its operations."""
        saved = _FRAME if len(self.rows) > 8 else _FRAME // 3
        stored = len(self.results) if len(self.results) > 1 else 0
        spilled = max(0, len(self.values) - _REGISTERS)
        packed = sum(len(pack.parameters) for pack in self.packs if not pack.loads)
        return saved + _INSTRUCTION * (stored + spilled + packed)

    @property
    def packing_octets(self) -> int:
        """Of the stores into packs."""
        return _INSTRUCTION * sum(pack.variants * len(pack.parameters) for pack in self.packs if not pack.loads)

    @property
    def saved(self) -> int:
        """Octets that calls save."""
        k = self.occurrences
        calls = k * (self.call_octets + _BROKEN_PAIR * self.broken_pairs)
        return (k - 1) * self.body_octets - calls - self.frame_octets - self.packing_octets

    @property
    def broken_pairs(self) -> int:
        """Sines in the part whose cosine is not, and cosines whose sine is not."""
        partners = self.graph.partners
        first = {row[0] for row in self.rows}
        return sum(partners.get(node, node) not in first for node in first)

    @property
    def instructions(self) -> int:
        """That a call takes beside the operations."""
        packed = self.packing_octets // self.occurrences  # and loaded, as what is spilled would be
        return (self.call_octets + _FRAME + packed) // _INSTRUCTION + len(self.again)


@dataclass(frozen=True, slots=True)
class Worth:
    """What a function has to save: so many octets, at no more instructions for each operation than ``calls``.

    ``share`` is how large a part of the whole program the octets must be.
    """

    octets: int
    share: float = 0.0
    calls: float = 1e9

    def of(self, graph: Operations) -> Worth:
        """The same for a program, with its share in octets."""
        whole = sum(octets(label[0]) for label in graph.labels if label is not None)
        return Worth(max(self.octets, int(self.share * whole)), 0.0, self.calls)

    def function(self, part: Part) -> bool:
        """Whether a part is worth a function."""
        return part.saved >= self.octets and part.instructions <= self.calls * len(part.rows)


def part_of(
    graph: Operations, rows: Sequence[Row], swapped: frozenset[Node], used: Set[Node], readable: IsReadable
) -> Part:
    """The part with these rows.

    Parameters
    ----------
    graph : Operations
    rows : sequence of Row
    swapped : frozenset of Node
        Operations whose operands change places, so that those of a row agree.
    used : set of Node
        Nodes that are needed elsewhere than in operations of their segment.
    readable : callable
        Whether a function may be given a pointer to a buffer.
    """
    part = Part(graph, list(rows), swapped)
    places = {node: (k, r) for r, row in enumerate(part.rows) for k, node in enumerate(row)}
    known: dict[Row, int] = {}
    for row in part.rows:
        label = graph.labels[row[0]]
        assert label is not None
        count = 1 if label[0] == STORE else len(graph.operands[row[0]])
        part.sources.append(tuple(_source(part, row, slot, places, known) for slot in range(count)))
    part.parameters = list(known)
    for r, row in enumerate(part.rows):
        if _is_store(graph, row):
            continue
        if any(node in used or _is_read_outside(graph, node, k, places) for k, node in enumerate(row)):
            part.results.append(r)
    _find_targets(part)
    _find_again(part, known)
    _pack_loads(part, readable)
    _pack_values(part)
    return part


def _source(part: Part, row: Row, slot: int, places: dict[Node, tuple[int, int]], known: dict[Row, int]) -> Source:
    nodes = tuple(part.order(node)[slot] for node in row)
    inside = places.get(nodes[0])
    if inside is not None and inside[0] == 0:
        return Source(row=inside[1])
    constant = _constant(part, nodes)
    if constant is not None:
        return Source(constant=constant)
    return Source(parameter=known.setdefault(nodes, len(known)))


def _constant(part: Part, nodes: Row) -> Literal | None:
    """The constant that the nodes of all occurrences are."""
    literals = [part.graph.expressions[node] for node in nodes]
    first = literals[0]
    if isinstance(first, Literal) and all(isinstance(x, Literal) and x.key() == first.key() for x in literals):
        return first
    return None


def _is_store(graph: Operations, row: Row) -> bool:
    label = graph.labels[row[0]]
    return label is not None and label[0] == STORE


def _is_read_outside(graph: Operations, node: Node, occurrence: int, places: dict[Node, tuple[int, int]]) -> bool:
    return any(places.get(user, (-1,))[0] != occurrence for user in graph.users[node])


def _find_targets(part: Part) -> None:
    offsets: dict[Symbol, dict[int, int]] = {}
    for r, row in enumerate(part.rows):
        store = part.graph.expressions[row[0]]
        if isinstance(store, Store):
            offsets.setdefault(store.buffer, {})[r] = store.index.offset
    for buffer, found in offsets.items():
        first = min(found.values())
        part.targets.append(Target(buffer, {r: offset - first for r, offset in found.items()}))


def _find_again(part: Part, known: Mapping[Row, int]) -> None:
    """Parameters that are one operation on others: doing it again takes less than passing what it gives."""
    graph = part.graph
    for nodes, number in sorted(known.items()):  # operands first
        label = graph.labels[nodes[0]]
        if label is None or label[0] not in DONE_AGAIN or len(set(nodes)) < len(nodes):
            continue
        if any(graph.labels[node] != label for node in nodes):
            continue
        sources = []
        for operands in zip(*(graph.operands[node] for node in nodes), strict=True):
            constant = _constant(part, operands)
            sources.append(Source(parameter=known.get(operands, -1), constant=constant))
        constants = sum(source.constant is not None for source in sources)
        given = sum(source.parameter >= 0 for source in sources)
        passed = part.occurrences * _INSTRUCTION
        if given and given + constants == len(sources) and passed > _ARITHMETIC + constants * _INSTRUCTION:
            part.again[number] = tuple(sources)


def _pack_loads(part: Part, readable: IsReadable) -> None:
    """Parameters that are loads, in every occurrence of one buffer and as far from each other."""
    groups: dict[object, list[tuple[int, int]]] = {}
    for number, nodes in enumerate(part.parameters):
        loads = [part.graph.expressions[node] for node in nodes]
        if not all(isinstance(load, Load) and not load.index.tables and readable(load.buffer) for load in loads):
            continue
        if not part.graph.fixed.isdisjoint(nodes):
            continue  # it has to be done in its place, between stores
        indices = [load.index for load in loads if isinstance(load, Load)]
        buffers = tuple(load.buffer for load in loads if isinstance(load, Load))
        steps = tuple(index.offset - indices[0].offset for index in indices)
        groups.setdefault((buffers, tuple(i.terms for i in indices), steps), []).append((number, indices[0].offset))
    for members in groups.values():
        if len(members) < 2 or max(o for _, o in members) - min(o for _, o in members) > 4 * len(members) + 64:
            continue
        first = min(offset for _, offset in members)
        numbers = tuple(number for number, _ in members)
        part.packs.append(Pack(numbers, tuple(offset - first for _, offset in members), True, 0))


def _pack_values(part: Part) -> None:
    """Parameters that have few different values: several occurrences read them from one place."""
    packed = {number for pack in part.packs for number in pack.parameters}.union(part.again)
    groups: dict[tuple[tuple[int, ...], DType], list[int]] = {}
    for number, nodes in enumerate(part.parameters):
        if number in packed:
            continue
        order: dict[Node, int] = {}
        pattern = tuple(order.setdefault(node, len(order)) for node in nodes)
        dtype = part.expression(number, 0).dtype
        groups.setdefault((pattern, dtype), []).append(number)
    k = part.occurrences
    for (pattern, _), numbers in groups.items():
        variants = max(pattern) + 1
        m = len(numbers)
        segments = {part.graph.places[part.rows[0][occurrence]] for occurrence in range(k)}
        if m > 1 and len(segments) == 1 and variants * m + k + m < k * m:
            part.packs.append(Pack(tuple(numbers), tuple(range(m)), False, variants))
        else:
            part.values.extend(numbers)
    part.values.sort()


def best_prefix(growth: Growth, used: Set[Node], readable: IsReadable, worth: Worth) -> Part | None:
    """The part with the first rows of a growth that saves most, if it is worth a function."""
    graph = growth.graph
    frozen = frozenset(growth.swapped)
    best: Part | None = None
    length = len(growth.rows)
    while length >= 2:
        part = part_of(graph, growth.rows[:length], frozen, used, readable)
        if worth.function(part) and (best is None or part.saved > best.saved):
            best = part
        length = min(length - 1, length * 2 // 3)
    return best


def index_of(part: Part, parameter: int, occurrence: int) -> tuple[Symbol, Index]:
    """Where a parameter that is a load is read."""
    load = part.expression(parameter, occurrence)
    assert isinstance(load, Load)
    return load.buffer, load.index
