"""Elements that nobody reads are not computed: stores to them go, and what only they need.

Liveness of variables (A. Aho, M. Lam, R. Sethi, J. Ullman, Compilers, 2nd ed. 2006, section 9.2.5), for each element of
an array by itself, but for the order of statements: an element that is read anywhere is needed everywhere. The adjoint
of a matrix that was put together from a triangle and zeros has sums for the zeros, which nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from arc_codegen.ir.expressions import leaves, own_expressions
from arc_codegen.ir.loops import (
    Buffer,
    Call,
    Expr,
    Find,
    For,
    If,
    Index,
    Invoke,
    Let,
    Load,
    LoopFunction,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)

_LARGEST = 1 << 12
"""Elements of an array that are looked at one by one, and that an access is followed to."""

Places = NDArray[np.int64]
Ranges = Mapping[Symbol, tuple[int, int]]


def drop_unread(function: LoopFunction) -> LoopFunction:
    """The function without what it computes for elements of its work arrays that nobody reads."""
    works = {buffer.symbol: buffer for buffer in function.buffers if buffer.kind == "work" and buffer.size <= _LARGEST}
    if not works:
        return function
    liveness = _Liveness(works, {b.symbol: b for b in function.buffers if b.kind == "const"})
    liveness.enter(function.body, {})
    liveness.spread()
    if not liveness.removes_stores():
        return function
    return replace(function, body=liveness.kept(function.body))


@dataclass(slots=True)
class _Node:
    """A statement that may be in vain, and how it is found to be needed."""

    statement: Let | Var | Set | Store
    ranges: Ranges
    needed: bool = False


@dataclass(slots=True)
class _Liveness:
    works: dict[Symbol, Buffer]
    constants: dict[Symbol, Buffer]
    _nodes: list[_Node] = field(default_factory=list)
    _by_statement: dict[int, list[_Node]] = field(default_factory=dict)
    _definers: dict[Symbol, list[_Node]] = field(default_factory=dict)
    _writers: dict[Symbol, list[tuple[_Node, Places | None]]] = field(default_factory=dict)
    _live: dict[Symbol, NDArray[np.bool_]] = field(default_factory=dict)
    _pending: list[_Node] = field(default_factory=list)
    _known: set[Symbol] = field(default_factory=set)

    def enter(self, body: Sequence[Stmt], ranges: Ranges) -> None:
        """Note the statements; what must be computed in any case is pending."""
        self._live.update({symbol: np.zeros(buffer.size, bool) for symbol, buffer in self.works.items()})
        self._define(body, ranges)
        self._require(body, ranges)

    def _define(self, body: Sequence[Stmt], ranges: Ranges) -> None:
        for statement in body:
            match statement:
                case Let() | Var() | Set():
                    node = self._node(statement, ranges)
                    self._definers.setdefault(statement.symbol, []).append(node)
                case Store(buffer, index) if buffer in self.works:
                    node = self._node(statement, ranges)
                    self._writers.setdefault(buffer, []).append((node, self._places(index, ranges)))
                case For():
                    self._define(statement.body, {**ranges, statement.var: (statement.start, statement.stop)})
                case If():
                    self._define((*statement.then, *statement.orelse), ranges)

    def _node(self, statement: Let | Var | Set | Store, ranges: Ranges) -> _Node:
        node = _Node(statement, ranges)
        self._nodes.append(node)
        self._by_statement.setdefault(id(statement), []).append(node)  # one object may stand in several places
        return node

    def _require(self, body: Sequence[Stmt], ranges: Ranges) -> None:
        """Everything but scalars and stores to work arrays is needed."""
        for statement in body:
            match statement:
                case Let() | Var() | Set():
                    continue
                case Store(buffer) if buffer in self.works:
                    continue
                case For():
                    self._require(statement.body, {**ranges, statement.var: (statement.start, statement.stop)})
                    continue
                case If():
                    self._require((*statement.then, *statement.orelse), ranges)
                case Call():
                    self._need_whole(symbol for symbol, _ in statement.buffers)
                case Invoke():
                    self._need_whole(symbol for symbol, _ in (*statement.reads, *statement.writes))
                case Find():
                    self._need_whole((statement.grid,))
            for expression in own_expressions(statement):
                self._need_expression(expression, ranges)

    def spread(self) -> None:
        """Find all that is needed."""
        while self._pending:
            node = self._pending.pop()
            for expression in own_expressions(node.statement):
                self._need_expression(expression, node.ranges)

    def _need_expression(self, expression: Expr, ranges: Ranges) -> None:
        for leaf in leaves(expression):
            if isinstance(leaf, Ref):
                self._need_symbol(leaf.symbol)
            elif isinstance(leaf, Load) and leaf.buffer in self.works:
                places = self._places(leaf.index, ranges)
                if places is None:
                    self._need_whole((leaf.buffer,))
                else:
                    self._need_places(leaf.buffer, places)

    def _need_symbol(self, symbol: Symbol) -> None:
        if symbol not in self._known:
            self._known.add(symbol)
            for node in self._definers.get(symbol, ()):
                self._need(node)

    def _need_whole(self, symbols: Iterable[Symbol]) -> None:
        for symbol in symbols:
            if symbol in self.works:
                self._need_places(symbol, np.arange(self.works[symbol].size))

    def _need_places(self, buffer: Symbol, places: Places) -> None:
        live = self._live[buffer]
        new = places[~live[places]]
        if not new.size:
            return
        live[new] = True
        for node, written in self._writers.get(buffer, ()):
            if not node.needed and (written is None or live[written].any()):
                self._need(node)

    def _need(self, node: _Node) -> None:
        if not node.needed:
            node.needed = True
            self._pending.append(node)

    def _places(self, index: Index, ranges: Ranges) -> Places | None:
        """The elements that an index may be of; None if they are not known, or too many."""
        found = np.array([index.offset])
        extents = [ranges.get(symbol) for symbol, _ in index.terms]
        steps: list[Places] = []
        for extent, (_, coefficient) in zip(extents, index.terms, strict=True):
            if extent is None:
                return None
            steps.append(coefficient * np.arange(*extent))
        for table, inner, coefficient in index.tables:
            places = self._places(inner, ranges)
            if places is None or table not in self.constants:
                return None
            steps.append(coefficient * np.unique(np.array(self.constants[table].values)[places]))
        for step in steps:
            if found.size * step.size > _LARGEST:
                return None
            found = np.unique(found[:, None] + step[None, :])
        return found

    def removes_stores(self) -> bool:
        """Whether any store is in vain."""
        return any(isinstance(node.statement, Store) and not node.needed for node in self._nodes)

    def kept(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        """The statements that are needed."""
        out: list[Stmt] = []
        for statement in body:
            nodes = self._by_statement.get(id(statement))
            if nodes is not None and not any(node.needed for node in nodes):
                continue
            match statement:
                case For():
                    inner = self.kept(statement.body)
                    if inner:
                        out.append(replace(statement, body=inner))
                case If():
                    then, orelse = self.kept(statement.then), self.kept(statement.orelse)
                    if then or orelse:
                        out.append(If(statement.condition, then, orelse))
                case _:
                    out.append(statement)
        return tuple(out)


__all__ = ["drop_unread"]
