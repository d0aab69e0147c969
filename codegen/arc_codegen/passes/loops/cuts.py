"""Where a long row of statements is cut: where few scalars are alive, into pieces of about one size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise

from arc_codegen.ir.expressions import is_sine_pair
from arc_codegen.ir.loops import Let, Stmt
from arc_codegen.passes.loops.lives import Lives
from arc_codegen.passes.loops.outline import can_be_local
from arc_codegen.passes.loops.statement_size import weight

_LEAST, _MOST = 0.6, 1.4
"""How much smaller and larger than asked for a piece may be, for a better cut."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Statements in a row; ``local``: all of them may stand in a local function."""

    start: int
    stop: int
    local: bool


def cut(body: Sequence[Stmt], lives: Lives, part: int) -> list[Piece]:
    """The statements in pieces of about ``part`` operations, loads and stores.

    Where two statements must stay together, or one must stay where it is since it may fail, pieces are larger and
    smaller.
    """
    count = len(body)
    local = [can_be_local(statement) for statement in body]
    closed = lives.held_together(count)
    for position, (first, second) in enumerate(pairwise(body), 1):
        if isinstance(first, Let) and isinstance(second, Let) and is_sine_pair(first, second):
            closed[position] = True
    crossing = lives.crossing(count)
    reached = [0, *accumulate(map(weight, body))]
    pieces: list[Piece] = []
    start = 0
    while start < count:
        stop = _next_cut(start, reached, closed, crossing, local, part)
        pieces.append(Piece(start, stop, all(local[start:stop])))
        start = stop
    return pieces


def _next_cut(
    start: int,
    reached: Sequence[int],
    closed: Sequence[bool],
    crossing: Sequence[int],
    local: Sequence[bool],
    part: int,
) -> int:
    """The best place in reach; where there is none, the first behind it."""
    last = len(local)
    best = 0
    for position in range(start + 1, last + 1):
        if closed[position] and position != last:
            continue
        if position == last or local[position - 1] != local[position]:
            # Here it must be cut, or all is done; unless that would have made too long a piece.
            return best if best and reached[position] - reached[start] > _MOST * part else position
        size = reached[position] - reached[start]
        if size > _MOST * part:
            return best or position
        if size >= _LEAST * part and (not best or crossing[position] <= crossing[best]):
            best = position
    return last
