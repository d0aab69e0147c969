"""Scalars that live from one piece of a body to another: where they wait, and how pieces get at them."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from dataclasses import dataclass, field

from arc_codegen.ir.loops import Buffer, Index, Let, Load, Ref, Stmt, Store, Symbol
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.cuts import Piece
from arc_codegen.passes.loops.lives import Life, Lives
from arc_codegen.passes.loops.substitute import Substitution


class Crossings:
    """Writes the pieces of a body, with stores and loads of the scalars that go from one to another.

    ``arrays`` are the work arrays that this takes, one for each element type.
    """

    def __init__(self, body: Sequence[Stmt], pieces: Sequence[Piece], lives: Lives, fresh: FreshSymbols) -> None:
        self._body, self._lives, self._fresh = body, lives, fresh
        self._piece = [number for number, piece in enumerate(pieces) for _ in range(piece.start, piece.stop)]
        self._crossing = {
            symbol
            for symbol, life in lives.of.items()
            if any(self._piece[at] != self._piece[life.ready] for at in life.reads)
        }
        self._waiting: dict[int, list[Symbol]] = {}  # those that are stored behind a statement
        self._places = self._allocate()

    def _allocate(self) -> dict[Symbol, Load]:
        """A place for each scalar that has to wait, from its store to the last piece's load."""
        rooms: dict[DType, _Room] = {}
        places: dict[Symbol, Load] = {}
        waiting = [(life.ready, s.id, s) for s, life in self._lives.of.items() if self._has_to_wait(s, life)]
        for ready, _, symbol in sorted(waiting, key=lambda item: item[:2]):
            life = self._lives.of[symbol]
            if life.dtype not in rooms:
                rooms[life.dtype] = _Room(self._fresh.symbol("kept"))
            room = rooms[life.dtype]
            places[symbol] = Load(room.array, Index(room.place(ready, self._last_load(life))), life.dtype)
            self._waiting.setdefault(ready, []).append(symbol)
        self.arrays = [Buffer(room.array, dtype, room.size, "work", (room.size,)) for dtype, room in rooms.items()]
        return places

    def _has_to_wait(self, symbol: Symbol, life: Life) -> bool:
        return symbol in self._crossing and life.again is None

    def _last_load(self, life: Life) -> int:
        last = self._piece[life.reads[-1]]
        return next(at for at in life.reads if self._piece[at] == last)

    def apart(self, piece: Piece) -> list[Stmt]:
        """The statements of a piece in a function of its own, where scalars keep their symbols."""
        return self._written(piece, {})

    def in_place(self, piece: Piece) -> list[Stmt]:
        """The statements of a piece in the function itself."""
        names: dict[Symbol, Symbol] = {}
        for at in range(piece.start, piece.stop):
            for symbol in self._lives.reads[at]:
                if symbol in self._crossing and self._comes_from_outside(symbol, piece):
                    names.setdefault(symbol, self._fresh.symbol(symbol.hint))
        return self._written(piece, names)

    def _comes_from_outside(self, symbol: Symbol, piece: Piece) -> bool:
        return not piece.start <= self._lives.of[symbol].ready < piece.stop

    def _written(self, piece: Piece, names: dict[Symbol, Symbol]) -> list[Stmt]:
        out: list[Stmt] = []
        loaded: set[Symbol] = set()
        renaming = Substitution(scalars=names)
        for at in range(piece.start, piece.stop):
            for symbol in self._lives.reads[at]:
                if symbol in self._crossing and symbol not in loaded and self._comes_from_outside(symbol, piece):
                    loaded.add(symbol)
                    again = self._lives.of[symbol].again
                    out.append(Let(names.get(symbol, symbol), self._places[symbol] if again is None else again))
            statement = self._body[at]
            if isinstance(statement, Let) and self._is_read_elsewhere_only(statement.symbol):
                continue
            out.append(renaming.statement(statement) if names else statement)
            for symbol in self._waiting.get(at, ()):
                place = self._places[symbol]
                out.append(Store(place.buffer, place.index, Ref(symbol, place.dtype)))
        return out

    def _is_read_elsewhere_only(self, symbol: Symbol) -> bool:
        """Whether a scalar is of no use where it is defined: others read again what it is."""
        life = self._lives.of[symbol]
        own = self._piece[life.first]
        return life.again is not None and bool(life.reads) and all(self._piece[at] != own for at in life.reads)


@dataclass(slots=True)
class _Room:
    """A work array whose places are given away in the order of time."""

    array: Symbol
    size: int = 0
    _free: list[int] = field(default_factory=list)
    _leaving: list[tuple[int, int]] = field(default_factory=list)

    def place(self, since: int, until: int) -> int:
        """The first place that is free; what is stored behind a statement may follow what is read before it."""
        while self._leaving and self._leaving[0][0] <= since:
            heapq.heappush(self._free, heapq.heappop(self._leaving)[1])
        place = heapq.heappop(self._free) if self._free else self.size
        self.size = max(self.size, place + 1)
        heapq.heappush(self._leaving, (until, place))
        return place
