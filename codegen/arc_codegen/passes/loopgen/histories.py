"""Carries that a loop emits before each run stay in the rows that are emitted: a run reads its row and writes the next.

``states[STEPS + 1][4]`` is what an engineer declares for the states of a motion that a gradient goes back over. Neither
is the carry copied into its row then, nor the new carry over the old one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from arc_codegen.ir.graph import Loop, Value
from arc_codegen.ir.loops import Symbol
from arc_codegen.passes.loopgen.forms import Form, combine
from arc_codegen.passes.loopgen.fusion import resolve_reshapes

if TYPE_CHECKING:
    from arc_codegen.passes.loopgen.nests import NestLowering


@dataclass(frozen=True, slots=True)
class History:
    """The rows of one carry, one for each run and one more.

    Parameters
    ----------
    carry, emitted : int
        Which carry it is, and which of the outputs of the body emits it.
    symbol : Symbol
        The buffer.
    size : int
        Elements of a row.
    length : int
        Runs.
    backwards : bool
    """

    carry: int
    emitted: int
    symbol: Symbol
    size: int
    length: int
    backwards: bool

    def row(self, run: Form) -> Form:
        """Where the carry before a run lies; after a run, it is that before the next."""
        if self.backwards:
            return combine(self.length * self.size, [(-self.size, run)])
        return combine(0, [(self.size, run)])

    @property
    def last(self) -> int:
        """Where the carry after the last run lies."""
        return 0 if self.backwards else self.length * self.size

    @property
    def first_row(self) -> int:
        """Where what is emitted lies: its row 0."""
        return self.size if self.backwards else 0


def find_histories(nest: NestLowering, value: Value, node: Loop) -> dict[int, History]:
    """Carries that are emitted before each run, too large for registers, by their number."""
    found: dict[int, History] = {}
    outputs = node.body.outputs
    base = resolve_reshapes(node.body)
    for index in range(len(node.carries), len(outputs)):
        carry = base[outputs[index].value]
        kind = node.body.nodes[carry].type
        if carry >= len(node.carries) or carry in found or kind.size <= max(1, nest.cost.promoted):
            continue
        if nest.results.get((value, index)) in nest.targets or base[outputs[carry].value] == carry:
            continue
        rows = (node.length + 1, kind.size)
        symbol = nest.buffer(f"{node.body.inputs[carry].name}s", kind.dtype, rows[0] * rows[1], "work", rows)
        found[carry] = History(carry, index, symbol, kind.size, node.length, node.backwards)
    return found
