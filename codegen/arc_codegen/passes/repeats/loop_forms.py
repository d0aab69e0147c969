"""The form of a loop, which equal loops share, and what is not of the form: arrays, scalars and constants.

All of these are numbered as they come in the text of the loop.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from arc_codegen.ir.expressions import (
    defined_symbols,
    leaves,
    map_leaves,
    own_expressions,
    walk_statements,
    with_expressions,
)
from arc_codegen.ir.loops import (
    Expr,
    For,
    If,
    Index,
    Let,
    Literal,
    Load,
    LoopFunction,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.state_buffers import state_buffers
from arc_codegen.ir.types import DType

Terms: TypeAlias = tuple[tuple[Symbol, int], ...]

Given: TypeAlias = Ref | Load | Literal
"""A scalar from outside."""


@dataclass(frozen=True, slots=True)
class Access:
    """A load or store of the loop: of which buffer, from which element on, and how far that goes."""

    buffer: Symbol
    outer: Terms
    offset: int
    low: int
    high: int
    stored: bool
    dtype: DType


@dataclass(frozen=True, slots=True)
class Place:
    """A loop with what it is given, in the order of its text, and all loops in it."""

    loop: For
    accesses: tuple[Access, ...]
    values: tuple[Expr, ...]
    inside: frozenset[int]


class Buffers:
    """What kinds of buffers there are."""

    def __init__(self, function: LoopFunction) -> None:
        self._numbers = {b.symbol for b in function.buffers if b.kind == "input" and b.shape == ()}
        self._constants = {b.symbol for b in function.buffers if b.kind == "const"}
        self._states = {buffer.symbol for pair in state_buffers(function) for buffer in pair}

    def is_number(self, symbol: Symbol) -> bool:
        """Whether it is one number, which is passed by value."""
        return symbol in self._numbers

    def is_constant(self, symbol: Symbol) -> bool:
        """Whether all functions see it."""
        return symbol in self._constants

    def may_meet(self, accesses: Iterable[Access]) -> bool:
        """Whether a state is written and another read, which may be the same memory."""
        states = [access for access in accesses if access.buffer in self._states]
        return any(access.stored for access in states) and len({access.buffer for access in states}) > 1


def read_loop(loop: For, buffers: Buffers) -> Place | None:
    """The loop with what it is given; None where it cannot be a function of its own."""
    inside = list(walk_statements((loop,)))
    own = {symbol for statement in inside for symbol in defined_symbols(statement)}
    ranges = {s.var: (s.start, s.stop) for s in inside if isinstance(s, For)}
    touched: list[tuple[Symbol, Index, DType, bool]] = []
    values: list[Expr] = []
    for statement in inside:
        if not isinstance(statement, (For, Let, Var, Set, Store, If)):
            return None
        if isinstance(statement, Set) and statement.symbol not in own:
            return None
        for leaf in (leaf for expression in own_expressions(statement) for leaf in leaves(expression)):
            if isinstance(leaf, Load) and not buffers.is_number(leaf.buffer):
                touched.append((leaf.buffer, leaf.index, leaf.dtype, False))
            elif not isinstance(leaf, Ref) or leaf.symbol not in own:
                values.append(leaf)
        if isinstance(statement, Store):
            touched.append((statement.buffer, statement.index, statement.value.dtype, True))
    found = []
    for buffer, index, dtype, stored in touched:
        outer = tuple(term for term in index.terms if term[0] not in ranges)
        if index.tables or (outer and buffers.is_constant(buffer)):
            return None
        if not buffers.is_constant(buffer):
            low, high = _reach(index, ranges)
            found.append(Access(buffer, outer, index.offset, low, high, stored, dtype))
    if buffers.may_meet(found):
        return None
    return Place(loop, tuple(found), tuple(values), frozenset(id(s) for s in inside if isinstance(s, For)))


def _reach(index: Index, ranges: Mapping[Symbol, tuple[int, int]]) -> tuple[int, int]:
    """The lowest and the highest element, where the variables from outside are zero."""
    low = high = index.offset
    for symbol, coefficient in index.terms:
        if symbol in ranges:
            start, stop = ranges[symbol]
            ends = (coefficient * start, coefficient * (stop - 1))
            low, high = low + min(ends), high + max(ends)
    return low, high


def form_of(place: Place, buffers: Buffers) -> For:
    """The loop with numbers for names: of equal loops these are equal."""
    numbers: dict[Symbol, Symbol] = {}

    def name(symbol: Symbol) -> Symbol:
        return numbers.setdefault(symbol, Symbol(len(numbers), ""))

    def value(slot: int, old: Given) -> Expr:
        return Literal(slot, old.dtype) if isinstance(old, Literal) else Ref(Symbol(slot, "value"), old.dtype)

    return renamed(place.loop, buffers, name, lambda slot: (Symbol(slot, "array"), 0), value)


def renamed(
    loop: For,
    buffers: Buffers,
    name: Callable[[Symbol], Symbol],
    access: Callable[[int], tuple[Symbol, int]],
    value: Callable[[int, Given], Expr],
) -> For:
    """The loop with other names, and its k-th access and k-th scalar from outside replaced."""
    own = {symbol for statement in walk_statements((loop,)) for symbol in defined_symbols(statement)}
    slots, scalars = itertools.count(), itertools.count()

    def place(buffer: Symbol, index: Index) -> tuple[Symbol, Index]:
        inner = tuple((name(symbol), coefficient) for symbol, coefficient in index.terms if symbol in own)
        if buffers.is_constant(buffer):
            return buffer, replace(index, terms=inner)
        symbol, offset = access(next(slots))
        return symbol, Index(offset, inner)

    def leaf(node: Expr) -> Expr:
        match node:
            case Ref() if node.symbol in own:
                return Ref(name(node.symbol), node.dtype)
            case Load() if not buffers.is_number(node.buffer):
                buffer, index = place(node.buffer, node.index)
                return Load(buffer, index, node.dtype)
            case Ref() | Load() | Literal():
                return value(next(scalars), node)
        return node

    def one(statement: Stmt) -> Stmt:
        match statement:
            case For():
                return replace(statement, var=name(statement.var))
            case Let() | Var() | Set():
                return replace(statement, symbol=name(statement.symbol))
            case Store():
                buffer, index = place(statement.buffer, statement.index)
                return replace(statement, buffer=buffer, index=index)
        return statement

    def changed(statement: Stmt) -> Stmt:  # in the order of the text, unlike `map_statement`
        statement = one(with_expressions(statement, lambda expression: map_leaves(expression, leaf)))
        match statement:
            case For():
                return replace(statement, body=tuple(map(changed, statement.body)))
            case If():
                then = tuple(map(changed, statement.then))
                return If(statement.condition, then, tuple(map(changed, statement.orelse)))
        return statement

    renamed = changed(loop)
    assert isinstance(renamed, For)
    return renamed
