"""The operations of straight-line statements, and what they feed on: where repeated parts are looked for.

A *segment* is a run of `Let` and `Store` in one body. Each of its operations is a node, each store and each load of
what the segment stores as well, so that the order of memory is among the operands. Operands precede their users.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from arc_codegen.ir.expressions import fold_expression, is_sine_pair, leaves
from arc_codegen.ir.loops import Expr, For, If, Index, Let, Literal, Load, Op, Ref, Stmt, Store, Symbol
from arc_codegen.ir.scalar import SCALAR_OPS
from arc_codegen.ir.types import DType

Node = int
"""Number of an operation, a store or a leaf."""

Label = tuple[str, DType, object]
"""What an operation does: its name, its type, and the types of its operands or the memory that it writes."""

STORE = "store"
_COMMUTATIVE = frozenset(name for name, op in SCALAR_OPS.items() if op.commutative)


@dataclass(slots=True)
class Segment:
    """Statements in a row: ``roots`` are the values that they compute, ``nodes`` the operations of each."""

    statements: tuple[Stmt, ...]
    roots: list[Node] = field(default_factory=list)
    nodes: list[list[Node]] = field(default_factory=list)
    effects: list[Node] = field(default_factory=list)  # the node of a store, or -1


@dataclass(slots=True)
class Operations:
    """All segments as one graph. A leaf has the label None, and so has a load of what the segment stores.

    ``operands`` of a store are its value and what has to be done before.
    """

    expressions: list[Expr | Store] = field(default_factory=list)
    labels: list[Label | None] = field(default_factory=list)
    operands: list[tuple[Node, ...]] = field(default_factory=list)
    users: list[list[Node]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)  # the segment of each node
    segments: list[Segment] = field(default_factory=list)
    fixed: set[Node] = field(default_factory=set)  # loads that stay where they are
    partners: dict[Node, Node] = field(default_factory=dict)  # sine and cosine that are computed together

    def add(self, expression: Expr | Store, label: Label | None, operands: tuple[Node, ...]) -> Node:
        """A new node."""
        node = len(self.labels)
        self.expressions.append(expression)
        self.labels.append(label)
        self.operands.append(operands)
        self.users.append([])
        self.places.append(len(self.segments) - 1)
        for operand in dict.fromkeys(operands):
            self.users[operand].append(node)
        return node

    def offset(self, node: Node) -> int:
        """Of the index of a load or a store."""
        expression = self.expressions[node]
        assert isinstance(expression, (Load, Store))
        return expression.index.offset

    def commutes(self, node: Node) -> bool:
        """Whether the operands of an operation may change places."""
        label = self.labels[node]
        return label is not None and label[0] in _COMMUTATIVE


def bodies_of(body: Sequence[Stmt]) -> Iterator[tuple[Stmt, ...]]:
    """The body and all bodies in it."""
    pending = [tuple(body)]
    while pending:
        current = pending.pop()
        yield current
        for statement in reversed(current):
            if isinstance(statement, For):
                pending.append(statement.body)
            elif isinstance(statement, If):
                pending.extend((statement.orelse, statement.then))


def segments_of(body: Sequence[Stmt]) -> list[tuple[int, int]]:
    """Where the runs of `Let` and `Store` in a body begin and end."""
    found: list[tuple[int, int]] = []
    start = 0
    for position in range(len(body) + 1):
        if position == len(body) or not isinstance(body[position], (Let, Store)):
            if position > start:
                found.append((start, position))
            start = position + 1
    return found


def read_operations(bodies: Sequence[Sequence[Stmt]]) -> Operations:
    """The operations of all segments of the bodies, in their order."""
    graph = Operations()
    for body in bodies:
        for start, stop in segments_of(body):
            _Reader(graph, tuple(body[start:stop])).read()
    return graph


class _Reader:
    """Adds the nodes of one segment."""

    def __init__(self, graph: Operations, statements: tuple[Stmt, ...]) -> None:
        self._graph = graph
        self._segment = Segment(statements)
        graph.segments.append(self._segment)
        self._stored = {statement.buffer for statement in statements if isinstance(statement, Store)}
        self._leaves: dict[object, Node] = {}
        self._values: dict[Symbol, Node] = {}
        self._accesses: dict[object, list[Node]] = {}  # since the last store, it included
        self._nodes: list[Node] = []
        self._apart = _apart(statements, self._stored)

    def read(self) -> None:
        segment = self._segment
        for position, statement in enumerate(segment.statements):
            assert isinstance(statement, (Let, Store))
            self._nodes = []
            root = fold_expression(statement.value, self._node)
            effect = -1
            if isinstance(statement, Let):
                self._values[statement.symbol] = root
            else:
                key = self._memory(statement.buffer, statement.index)
                before = self._accesses.get(key, [])
                label = (STORE, statement.value.dtype, (statement.buffer, statement.index.terms))
                effect = self._graph.add(statement, label if not before else None, (root, *before))
                self._accesses[key] = [effect]
            if position and _is_pair(segment.statements[position - 1], statement):
                self._graph.partners[root] = segment.roots[-1]
                self._graph.partners[segment.roots[-1]] = root
            segment.roots.append(root)
            segment.nodes.append(self._nodes)
            segment.effects.append(effect)

    def _node(self, expression: Expr, operands: list[Node]) -> Node:
        match expression:
            case Op(fn, args, dtype):
                node = self._graph.add(expression, (fn, dtype, tuple(arg.dtype for arg in args)), tuple(operands))
                self._nodes.append(node)
                return node
            case Ref(symbol):
                known = self._values.get(symbol)
                return self._leaf(("ref", symbol), expression) if known is None else known
            case Literal():
                return self._leaf(expression.key(), expression)
            case Load(buffer, index):
                if buffer not in self._stored and not index.tables:
                    return self._leaf((buffer, index), expression)
                key = self._memory(buffer, index)
                node = self._graph.add(expression, None, tuple(self._accesses.get(key, [])))
                self._accesses.setdefault(key, []).append(node)
                self._graph.fixed.add(node)
                return node

    def _memory(self, buffer: Symbol, index: Index) -> object:
        """What accesses have in common that must keep their order: the element, or the buffer where nobody knows."""
        return (buffer, index) if buffer in self._apart else buffer

    def _leaf(self, key: object, expression: Expr) -> Node:
        known = self._leaves.get(key)
        if known is None:
            known = self._leaves[key] = self._graph.add(expression, None, ())
        return known


def _is_pair(first: Stmt, second: Stmt) -> bool:
    return isinstance(first, Let) and isinstance(second, Let) and is_sine_pair(first, second)


def _apart(statements: Sequence[Stmt], stored: set[Symbol]) -> set[Symbol]:
    """Of the stored buffers, those in which other indices are other elements: all indices differ by constants."""
    terms: dict[Symbol, set[object]] = {symbol: set() for symbol in stored}
    for statement in statements:
        assert isinstance(statement, (Let, Store))
        if isinstance(statement, Store):
            terms[statement.buffer].add((statement.index.terms, statement.index.tables))
        for leaf in leaves(statement.value):
            if isinstance(leaf, Load) and leaf.buffer in stored:
                terms[leaf.buffer].add((leaf.index.terms, leaf.index.tables))
    return {symbol for symbol, found in terms.items() if len(found) == 1}
