"""The statements of a segment with calls where parts of it were."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

from arc_codegen.ir.expressions import is_sine_pair, leaves, own_expressions
from arc_codegen.ir.loops import Buffer, Expr, Index, Invoke, Let, Load, Op, Ref, Stmt, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.repeats.local_parts import LocalPart
from arc_codegen.passes.repeats.operations import Node, Operations, Segment
from arc_codegen.passes.repeats.parts import DONE_AGAIN, index_of

Call = tuple[int, int]
"""Number of a part, and of an occurrence."""


@dataclass(slots=True)
class _Unit:
    """Statements that stay together; ``needs`` are nodes that must have been computed before."""

    statements: list[Stmt]
    needs: set[Node]
    order: Node


@dataclass(slots=True)
class Rewriting:
    """Writes segments anew. ``places`` has, for each operation that is part of a call, the call and its row."""

    graph: Operations
    locals: list[LocalPart]
    places: Mapping[Node, tuple[int, int, int]]
    outside: Set[Symbol]  # scalars that are read outside the segment which defines them
    fresh: FreshSymbols
    buffers: list[Buffer] = field(default_factory=list)

    def segment(self, segment: Segment) -> tuple[Stmt, ...]:
        """The new statements of a segment."""
        return _SegmentWriter(self, segment).write()


class _SegmentWriter:
    def __init__(self, rewriting: Rewriting, segment: Segment) -> None:
        self._all = rewriting
        self._graph = rewriting.graph
        self._segment = segment
        self._units: list[_Unit] = []
        self._definer: dict[Node, int] = {}  # node -> unit
        self._names: dict[Node, Symbol] = {}  # roots of `Let`
        self._values: dict[Node, Expr] = {}  # results of calls, loads that got a name
        self._packed: dict[tuple[Node, ...], tuple[Symbol, int]] = {}  # memory and its unit

    def write(self) -> tuple[Stmt, ...]:
        segment, places = self._segment, self._all.places
        calls: dict[Call, None] = {}
        for statement, root, nodes in zip(segment.statements, segment.roots, segment.nodes, strict=True):
            if isinstance(statement, Let) and (root in nodes or root in self._graph.fixed):
                self._names.setdefault(root, statement.symbol)
            calls.update({places[node][:2]: None for node in nodes if node in places})
        calls.update({places[effect][:2]: None for effect in segment.effects if effect in places})
        if not calls:
            return segment.statements
        for call in calls:
            self._prepare(call)
        for call in calls:
            self._add_call(call)
        previous: Let | None = None
        for position, statement in enumerate(segment.statements):
            previous = self._add_statement(position, statement, previous)
        return tuple(self._without_unread(self._scheduled()))

    def _without_unread(self, statements: Sequence[Stmt]) -> list[Stmt]:
        """The statements without numbers that only a function needed which computes them itself."""
        out: list[Stmt] = []
        read = set(self._all.outside)
        for statement in reversed(statements):
            if isinstance(statement, Let) and statement.symbol not in read and _is_done_again(statement.value):
                continue
            read.update(leaf.symbol for e in own_expressions(statement) for leaf in leaves(e) if isinstance(leaf, Ref))
            out.append(statement)
        return out[::-1]

    # -- calls -----------------------------------------------------------------------------------------------------

    def _prepare(self, call: Call) -> None:
        """Say how the results of a call are read."""
        local, occurrence = self._all.locals[call[0]], call[1]
        part = local.part
        if len(part.results) == 1:
            node = part.rows[part.results[0]][occurrence]
            symbol = self._names.get(node) or self._all.fresh.symbol(self._hint(local, part.results[0]))
            self._values[node] = Ref(symbol, self._dtype(node))
        for rows in part.memories:
            nodes = [part.rows[r][occurrence] for r in rows]
            memory = self._memory(local.function.symbol.hint, nodes)
            for k, node in enumerate(nodes):
                self._values[node] = Load(memory, Index(k), self._dtype(node))

    def _hint(self, local: LocalPart, row: int) -> str:
        name = self._names.get(local.part.rows[row][0])
        return name.hint if name is not None else "t"

    def _memory(self, hint: str, nodes: Iterable[Node]) -> Symbol:
        nodes = list(nodes)
        symbol = self._all.fresh.symbol(hint)
        self._all.buffers.append(Buffer(symbol, self._dtype(nodes[0]), len(nodes), "work", (len(nodes),)))
        return symbol

    def _dtype(self, node: Node) -> DType:
        expression = self._graph.expressions[node]
        assert not isinstance(expression, Store)
        return expression.dtype

    def _add_call(self, call: Call) -> None:
        local, occurrence = self._all.locals[call[0]], call[1]
        part, function = local.part, local.function
        needs: set[Node] = set()
        values = tuple(self._value(part.parameters[number][occurrence], needs) for number in part.values)
        reads: list[tuple[Symbol, Index]] = []
        for pack in part.packs:
            if pack.loads:
                first = pack.parameters[pack.offsets.index(0)]
                reads.append(index_of(part, first, occurrence))
            else:
                nodes = tuple(part.parameters[number][occurrence] for number in pack.parameters)
                symbol, stored = self._pack(nodes)
                reads.append((symbol, Index()))
                needs.add(stored)
        writes: list[tuple[Symbol, Index]] = []
        members = [row[occurrence] for row in part.rows]
        for target in part.targets:
            row = next(r for r, offset in target.offsets.items() if offset == 0)
            store = self._graph.expressions[part.rows[row][occurrence]]
            assert isinstance(store, Store)
            writes.append((store.buffer, store.index))
            for r in target.offsets:
                needs.update(self._graph.operands[part.rows[r][occurrence]][1:])
        results: tuple[Ref, ...] = ()
        behind: list[Stmt] = []
        if len(part.results) == 1:
            result = self._values[part.rows[part.results[0]][occurrence]]
            assert isinstance(result, Ref)
            results = (result,)
        for rows in part.memories:
            first_value = self._values[part.rows[rows[0]][occurrence]]
            assert isinstance(first_value, Load)
            writes.append((first_value.buffer, Index()))
            for node in (part.rows[r][occurrence] for r in rows):
                name = self._names.get(node)
                if name is not None and name in self._all.outside:
                    behind.append(Let(name, self._values[node]))
        invoke = Invoke(function.symbol, values, (), tuple(reads), tuple(writes), results, function.origin)
        unit = self._unit([invoke, *behind], needs - set(members), max(members))
        for node in members:
            self._definer[node] = unit

    def _pack(self, nodes: tuple[Node, ...]) -> tuple[Symbol, Node]:
        """Memory that has the values of the nodes, and a node that stands for its being filled."""
        known = self._packed.get(nodes)
        if known is None:
            symbol = self._memory("given", nodes)
            needs: set[Node] = set()
            stores: list[Stmt] = [Store(symbol, Index(k), self._value(node, needs)) for k, node in enumerate(nodes)]
            stand_in = -1 - len(self._packed)
            self._definer[stand_in] = self._unit(stores, needs, max(nodes))
            known = self._packed[nodes] = (symbol, stand_in)
        return known

    # -- statements ------------------------------------------------------------------------------------------------

    def _add_statement(self, position: int, statement: Stmt, previous: Let | None) -> Let | None:
        """Add what is left of a statement; gives it back if another may form a pair with it."""
        root, effect = self._segment.roots[position], self._segment.effects[position]
        needs: set[Node] = set()
        if isinstance(statement, Store):
            if effect not in self._all.places:
                needs.update(self._graph.operands[effect][1:])
                value = self._value(root, needs)
                store = Store(statement.buffer, statement.index, value, statement.origin)
                self._definer[effect] = self._unit([store], needs, effect)
            return None
        assert isinstance(statement, Let)
        defines = self._names.get(root) == statement.symbol
        if defines and root in self._all.places:
            return None
        if not defines and isinstance(statement.value, Ref) and statement.symbol not in self._all.outside:
            return None  # another name of a number: what reads it here reads the number
        new = Let(statement.symbol, self._built(root, needs) if defines else self._value(root, needs), statement.origin)
        if previous is not None and is_sine_pair(previous, new):
            unit = len(self._units) - 1
            self._units[unit].statements.append(new)
        else:
            unit = self._unit([new], needs, max(root, *self._segment.nodes[position], -1))
        if defines:
            self._definer[root] = unit
        return new

    def _unit(self, statements: list[Stmt], needs: set[Node], order: Node) -> int:
        self._units.append(_Unit(statements, needs, order))
        return len(self._units) - 1

    # -- expressions -----------------------------------------------------------------------------------------------

    def _value(self, node: Node, needs: set[Node]) -> Expr:
        """What stands for a node where it is used; ``needs`` gets what must come before."""
        value = self._values.get(node)
        name = self._names.get(node)
        if value is None and name is not None:
            value = Ref(name, self._dtype(node))
        if value is not None:
            needs.add(node)
            return value
        if node in self._graph.fixed:
            symbol = self._all.fresh.symbol("t")
            value = self._values[node] = Ref(symbol, self._dtype(node))
            self._definer[node] = self._unit(
                [Let(symbol, self._built(node, needs))], set(self._graph.operands[node]), node
            )
            needs.add(node)
            return value
        if self._graph.labels[node] is None:
            expression = self._graph.expressions[node]
            assert not isinstance(expression, Store)
            return expression
        return self._built(node, needs)

    def _built(self, node: Node, needs: set[Node]) -> Expr:
        """The expression of a node itself."""
        graph = self._graph
        if node in graph.fixed:
            needs.update(graph.operands[node])
            load = graph.expressions[node]
            assert isinstance(load, Load)
            return load
        pending: list[tuple[Node, bool]] = [(node, False)]
        values: list[Expr] = []
        while pending:
            current, ready = pending.pop()
            known = current in self._values or current in self._names or graph.labels[current] is None
            if known and current != node:
                values.append(self._value(current, needs))
                continue
            operation = graph.expressions[current]
            assert isinstance(operation, Op)
            if ready:
                first = len(values) - len(operation.args)
                operands = tuple(values[first:])
                del values[first:]
                same = all(a is b for a, b in zip(operands, operation.args, strict=True))
                values.append(operation if same else Op(operation.fn, operands, operation.dtype))
            else:
                pending.append((current, True))
                pending.extend((operand, False) for operand in reversed(graph.operands[current]))
        return values[0]

    # -- order -----------------------------------------------------------------------------------------------------

    def _scheduled(self) -> list[Stmt]:
        """The statements in an order in which all is computed before it is needed, near to that of before."""
        waiting: list[int] = []
        users: list[list[int]] = [[] for _ in self._units]
        ready: list[tuple[Node, int]] = []
        for number, unit in enumerate(self._units):
            definers = {self._definer[node] for node in unit.needs} - {number}
            for definer in definers:
                users[definer].append(number)
            waiting.append(len(definers))
            if not definers:
                ready.append((unit.order, number))
        heapq.heapify(ready)
        out: list[Stmt] = []
        while ready:
            _, number = heapq.heappop(ready)
            out.extend(self._units[number].statements)
            for user in users[number]:
                waiting[user] -= 1
                if not waiting[user]:
                    heapq.heappush(ready, (self._units[user].order, user))
        assert not any(waiting), "parts that need one another"
        return out


def _is_done_again(value: Expr) -> bool:
    return isinstance(value, Op) and value.fn in DONE_AGAIN
