"""Loops that do the same with other arrays become one local function, called with these.

The four stages of an integrator with a network inside are four times the loops of the network: an engineer writes a
function for it. Loops are equal here if they are so but for which arrays they go over, where in them they begin, and
which scalars and constants they read. (Procedural abstraction of loops; for straight-line code see `outline`.)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from arc_codegen.ir.expressions import (
    walk_statements,
)
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    If,
    Index,
    Invoke,
    Let,
    Literal,
    Load,
    LocalFunction,
    LoopFunction,
    Ref,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.estimate import Estimate, estimate
from arc_codegen.passes.repeats.loop_forms import Buffers, Given, Place, form_of, read_loop, renamed

_OCTETS: Final = 4
"""Of an instruction."""

_FRAME: Final = 12
"""Octets of a function beside its loop: registers saved and restored."""

_CALLING: Final = 8
"""Instructions of a call beside passing what it is given."""

_POINTERS: Final = 8
"""A loop over more arrays is left alone: their addresses would lie on the stack."""


def outline_loops(function: LoopFunction, *, octets: int, share: float) -> LoopFunction:
    """The function with local functions for loops that it repeats.

    Parameters
    ----------
    function : LoopFunction
    octets : int
        What a local function must save.
    share : float
        The time that calls may take, as a part of that of the loop.
    """
    fresh = FreshSymbols(function)
    buffers = Buffers(function)
    taken: set[int] = set()
    made: list[LocalFunction] = []
    calls: dict[int, Invoke] = {}
    for group in sorted(_groups(function.body, buffers), key=lambda group: -group.saved):
        places = [place for place in group.places if not taken & place.inside]
        if len(places) < 2:
            continue
        left = _Group(places)
        if left.saved < octets or left.overhead > share * left.work.time:
            continue
        local = _local_function(left, buffers, fresh)
        made.append(local)
        for k, place in enumerate(left.places):
            calls[id(place.loop)] = _call(local, left, k)
            taken |= place.inside
    if not made:
        return function
    return replace(function, body=_with_calls(function.body, calls), locals=(*function.locals, *made))


@dataclass(frozen=True, slots=True)
class _Array:
    """A pointer of the function: the accesses that go through it, each with its offset, and where it leads."""

    offsets: dict[int, int]
    size: int
    written: bool
    dtype: DType
    leads: tuple[tuple[Symbol, Index], ...]


class _Group:
    """Loops of the same form, and what a function of them would be given."""

    def __init__(self, places: list[Place]) -> None:
        self.places = places
        self.arrays = list(_arrays(places))
        self.values: list[tuple[Expr, ...]] = []
        """For each scalar parameter its value in every loop."""
        self.parameter: dict[int, int] = {}
        """Of each scalar that is read, the parameter that it is; none of constants that are the same in all loops."""
        for slot, values in enumerate(zip(*(place.values for place in places), strict=True)):
            if isinstance(values[0], Literal) and len(set(values)) == 1:
                continue
            if values not in self.values:
                self.values.append(values)
            self.parameter[slot] = self.values.index(values)

    @property
    def given(self) -> int:
        return len(self.arrays) + len(self.values)

    @property
    def work(self) -> Estimate:
        return estimate((self.places[0].loop,))

    @property
    def overhead(self) -> int:
        """Instructions of a call."""
        return _CALLING + self.given

    @property
    def saved(self) -> int:
        """Octets."""
        count = len(self.places)
        return _OCTETS * ((count - 1) * self.work.size - count * (1 + self.given)) - _FRAME

    @property
    def possible(self) -> bool:
        """Whether it may be a function: what is written overlaps with nothing else that it is given."""
        for number in range(len(self.places)):
            buffers = [array.leads[number][0] for array in self.arrays]
            if any(array.written and buffers.count(array.leads[number][0]) > 1 for array in self.arrays):
                return False
        return len(self.arrays) <= _POINTERS


def _arrays(places: Sequence[Place]) -> Iterator[_Array]:
    """Accesses that go over the same buffer, as far from each other in all loops, share a pointer."""
    first = places[0].accesses
    members: dict[tuple[object, ...], list[int]] = {}
    for slot in range(len(first)):
        own = [place.accesses[slot] for place in places]
        steps = tuple(access.offset - own[0].offset for access in own)
        members.setdefault((*((access.buffer, access.outer) for access in own), steps), []).append(slot)
    for slots in members.values():
        low = min(first[slot].low for slot in slots)
        size = max(first[slot].high for slot in slots) - low + 1
        leads = []
        for place in places:
            access = place.accesses[slots[0]]
            leads.append((access.buffer, Index(access.offset - first[slots[0]].offset + low, access.outer)))
        offsets = {slot: first[slot].offset - low for slot in slots}
        written = any(first[slot].stored for slot in slots)
        yield _Array(offsets, size, written, first[slots[0]].dtype, tuple(leads))


def _groups(body: Sequence[Stmt], buffers: Buffers) -> list[_Group]:
    """Loops of the same form, and among them those with the same constants."""
    alike: dict[For, list[Place]] = {}
    equal: dict[tuple[For, tuple[Expr, ...]], list[Place]] = {}
    for loop in (s for s in walk_statements(body) if isinstance(s, For)):
        place = read_loop(loop, buffers)
        if place is not None:
            form = form_of(place, buffers)
            constants = tuple(value for value in place.values if isinstance(value, Literal))
            alike.setdefault(form, []).append(place)
            equal.setdefault((form, constants), []).append(place)
    found = [_Group(places) for places in (*alike.values(), *equal.values()) if len(places) > 1]
    return [group for group in found if group.possible]


def _local_function(group: _Group, buffers: Buffers, fresh: FreshSymbols) -> LocalFunction:
    loop = group.places[0].loop
    names: dict[Symbol, Symbol] = {}

    def name(symbol: Symbol) -> Symbol:
        if symbol not in names:
            names[symbol] = fresh.symbol(symbol.hint)
        return names[symbol]

    def value(slot: int, old: Given) -> Expr:
        return values[group.parameter[slot]] if slot in group.parameter else old

    values = [Ref(fresh.symbol(_hint(own[0])), own[0].dtype) for own in group.values]
    pointers = [fresh.symbol(array.leads[0][0].hint) for array in group.arrays]
    pairs = list(zip(pointers, group.arrays, strict=True))
    places = {slot: (symbol, offset) for symbol, array in pairs for slot, offset in array.offsets.items()}
    body = renamed(loop, buffers, name, places.__getitem__, value)
    given = [
        Buffer(symbol, array.dtype, array.size, "output" if array.written else "input", (array.size,))
        for symbol, array in pairs
    ]
    origins = [s.origin for s in walk_statements((body,)) if isinstance(s, (For, Let, Store)) and s.origin is not None]
    named = [origin.name for origin in origins if origin.name]
    return LocalFunction(
        fresh.symbol(named[-1] if named else "loop"),
        tuple(values),
        (),
        (*(b for b in given if b.kind == "input"), *(b for b in given if b.kind == "output")),
        (body,),
        (),
        origins[0] if origins else None,
        f"{len(group.places)} times" if origins else "",
    )


def _hint(value: Expr) -> str:
    match value:
        case Ref(symbol):
            return symbol.hint
        case Load(buffer):
            return buffer.hint
    return "c"


def _call(local: LocalFunction, group: _Group, number: int) -> Invoke:
    return Invoke(
        local.symbol,
        tuple(values[number] for values in group.values),
        (),
        tuple(array.leads[number] for array in group.arrays if not array.written),
        tuple(array.leads[number] for array in group.arrays if array.written),
        (),
        group.places[number].loop.origin,
    )


def _with_calls(body: tuple[Stmt, ...], calls: Mapping[int, Invoke]) -> tuple[Stmt, ...]:
    out: list[Stmt] = []
    for statement in body:
        call = calls.get(id(statement))
        if call is not None:
            out.append(call)
            continue
        match statement:
            case For():
                inner = _with_calls(statement.body, calls)
                out.append(statement if inner == statement.body else replace(statement, body=inner))
            case If():
                then, orelse = _with_calls(statement.then, calls), _with_calls(statement.orelse, calls)
                same = then == statement.then and orelse == statement.orelse
                out.append(statement if same else If(statement.condition, then, orelse))
            case _:
                out.append(statement)
    return tuple(out)


__all__ = ["outline_loops"]
