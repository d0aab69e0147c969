"""Repeated parts of a graph of operations: grown from a few equal operations, as long as all of them agree.

Each occurrence of a part has the same operations in the same rows. A part grows by a row at a time, first towards
operands, then towards users: the operations at one place of all occurrences, which must do the same with the rows that
are there already. Occurrences share no operation, and none is left and entered again on the way of the data, so that
each can be computed at once. Procedural abstraction on the graph rather than on the text (Dreweke et al., Graph-based
procedural abstraction, CGO 2007) finds parts whose statements are mixed with others.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from arc_codegen.passes.repeats.operations import STORE, Node, Operations

_REACH = 100
"""Operations that are looked at to see whether a way leads back; where more would be needed, it is taken to do so."""

Row = tuple[Node, ...]
Links = tuple[tuple[int, ...], tuple[tuple[int, int], ...]]
"""Rows of the operands (-1: none), and the rows and places at which the operation is an operand."""


@dataclass(slots=True)
class Growth:
    """A part that is growing: ``rows[r][k]`` is the operation of row r in occurrence k."""

    graph: Operations
    taken: Collection[Node]
    rows: list[Row] = field(default_factory=list)
    swapped: set[Node] = field(default_factory=set)
    trials: int = 0
    _places: dict[Node, tuple[int, int]] = field(default_factory=dict)  # occurrence, row
    _refused: set[Node] = field(default_factory=set)
    _first: list[Node] = field(default_factory=list)
    _last: list[Node] = field(default_factory=list)

    def grow(self, roots: Row, most: int) -> None:
        """From one row up to ``most``."""
        if self._add(roots):
            self._go_on(most)

    def _go_on(self, most: int) -> None:
        """Grow until nothing is added: what a way back kept out comes in when what lies on that way has come in."""
        before = -1
        while before < len(self.rows) < most:
            before = len(self.rows)
            self._refused.clear()
            operands, users = deque(range(before)), deque(range(before))
            while (operands or users) and len(self.rows) < most:
                if operands:
                    added = self._grow_to_operands(operands.popleft())
                    operands.extend(added)
                    users.extend(added)
                    continue
                new = self._grow_to_user(users[0])
                if new is None:
                    users.popleft()
                else:
                    operands.append(new)
                    users.append(new)

    def order(self, node: Node) -> tuple[Node, ...]:
        """Operands of an operation, in the order of its row."""
        operands = self.graph.operands[node]
        return operands[::-1] if node in self.swapped else operands

    # -- rows ------------------------------------------------------------------------------------------------------

    def _grow_to_operands(self, row: int) -> list[int]:
        added = []
        for slot in range(len(self.graph.operands[self.rows[row][0]])):
            nodes = tuple(self.order(node)[slot] for node in self.rows[row])
            if nodes[0] not in self._refused and nodes[0] not in self._places and self._add(nodes):
                added.append(len(self.rows) - 1)
        return added

    def _grow_to_user(self, row: int) -> int | None:
        """A row of users of this one, if there is another in which all occurrences agree."""
        graph = self.graph
        nodes = self.rows[row]
        if any(len(graph.users[node]) > 24 for node in nodes):
            return None
        for candidate in graph.users[nodes[0]]:
            if candidate in self._places or candidate in self._refused or graph.labels[candidate] is None:
                continue
            wanted = self._seen_from(candidate, 0)
            chosen = [candidate]
            for occurrence in range(1, len(nodes)):
                match = next(
                    (
                        user
                        for user in graph.users[nodes[occurrence]]
                        if user not in self._places
                        and user not in chosen
                        and graph.labels[user] == graph.labels[candidate]
                        and self._seen_from(user, occurrence) == wanted
                    ),
                    None,
                )
                if match is None:
                    break
                chosen.append(match)
            if len(chosen) == len(nodes) and self._add(tuple(chosen)):
                return len(self.rows) - 1
            self._refused.add(candidate)
        return None

    def _seen_from(self, node: Node, occurrence: int) -> tuple[int, ...]:
        """Rows of the operands in an occurrence; those of a product or sum in order."""
        rows = self._operand_rows(node, occurrence)
        return tuple(sorted(rows)) if self.graph.commutes(node) else rows

    def _operand_rows(self, node: Node, occurrence: int) -> tuple[int, ...]:
        rows = []
        for operand in self.order(node):
            place = self._places.get(operand)
            rows.append(place[1] if place is not None and place[0] == occurrence else -1)
        return tuple(rows)

    def _add(self, nodes: Row) -> bool:
        """Add a row if all agree in it."""
        graph = self.graph
        self.trials += len(nodes)
        label = graph.labels[nodes[0]]
        if label is None or len(set(nodes)) < len(nodes):
            return False
        for occurrence, node in enumerate(nodes):
            if graph.labels[node] != label or node in self._places or node in self.taken:
                return False
            if self.rows and graph.places[node] != graph.places[self.rows[0][occurrence]]:
                return False
        if label[0] == STORE and not self._in_step(nodes):
            return False
        turned = self._turned(nodes)
        if turned is None:
            return False
        if self.rows and not all(self._closed(node, occurrence) for occurrence, node in enumerate(nodes)):
            self.swapped.difference_update(turned)
            return False
        for occurrence, node in enumerate(nodes):
            self._places[node] = (occurrence, len(self.rows))
            if self.rows:
                self._first[occurrence] = min(self._first[occurrence], node)
                self._last[occurrence] = max(self._last[occurrence], node)
            else:
                self._first.append(node)
                self._last.append(node)
        self.rows.append(nodes)
        return True

    def _in_step(self, nodes: Row) -> bool:
        """Whether a row of stores lies as far from the others of its buffer in every occurrence."""
        graph = self.graph
        label = graph.labels[nodes[0]]
        first = next((row for row in self.rows if graph.labels[row[0]] == label), nodes)
        return len({graph.offset(node) - graph.offset(other) for node, other in zip(nodes, first, strict=True)}) == 1

    def _turned(self, nodes: Row) -> list[Node] | None:
        """Swap operands where the links to other rows agree only so; None where they never do."""
        wanted = self._links(nodes[0], 0)
        turned: list[Node] = []
        for occurrence, node in enumerate(nodes):
            if self._links(node, occurrence) == wanted:
                continue
            if self.graph.commutes(node):
                self.swapped.add(node)
                turned.append(node)
                if self._links(node, occurrence) == wanted:
                    continue
            self.swapped.difference_update(turned)
            return None
        return turned

    def _links(self, node: Node, occurrence: int) -> Links:
        used: list[tuple[int, int]] = []
        for user in self.graph.users[node]:
            place = self._places.get(user)
            if place is not None and place[0] == occurrence:
                used.extend((place[1], slot) for slot, operand in enumerate(self.order(user)) if operand == node)
        return self._operand_rows(node, occurrence), tuple(sorted(used))

    # -- ways of the data ------------------------------------------------------------------------------------------

    def _closed(self, node: Node, occurrence: int) -> bool:
        """Whether no way leads out of the occurrence with the node in it and back."""
        first, last = self._first[occurrence], self._last[occurrence]
        return not self._leads(node, self.graph.operands, occurrence, first, node) and not self._leads(
            node, self.graph.users, occurrence, node, last
        )

    def _leads(self, node: Node, ways: Sequence[Sequence[Node]], occurrence: int, lowest: Node, highest: Node) -> bool:
        """Whether a way of two steps or more from the node, through others, ends in the occurrence."""
        places = self._places
        pending = []
        for other in ways[node]:
            place = places.get(other)
            if (place is None or place[0] != occurrence) and lowest <= other <= highest:
                pending.append(other)
        seen = set(pending)
        while pending:
            if len(seen) > _REACH:
                return True
            for other in ways[pending.pop()]:
                if other in seen or not lowest <= other <= highest:
                    continue
                place = places.get(other)
                if place is not None and place[0] == occurrence:
                    return True
                seen.add(other)
                pending.append(other)
        return False
