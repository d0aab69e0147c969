"""Arrays that scalar-indexed code fills element by element, kept open until somebody reads them whole.

``y = zeros(n); y[0] = a; y[1] = b; ...`` is, in CasADi, a chain of n full-length nodes. Taken literally it costs
O(n^2). An `OpenArray` collects the writes: elements set from scalars stay known, so that reading them back forwards the
scalar, and reading the array whole closes it into one `Assemble`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from arc_codegen.ir.graph import AffineMap, Part, Value

from archimedes.lower.emitter import Emitter

_FORWARDED = 8
"""Reads and writes of up to this many elements are followed one by one."""


class OpenArray:
    """A flat array under construction.

    Parameters
    ----------
    base : Value or None
        What it held before the writes; None for zeros.
    size : int
        Number of elements.
    """

    def __init__(self, base: Value | None, size: int) -> None:
        self.size = size
        self.shared = False  # two slots refer to it: the next write must copy
        self._base = base
        self._known: dict[int, Value] = {}
        self._unwritten: dict[int, None] = {}  # positions in _known that _base does not hold yet
        self._pending: list[Part] = []

    def copy(self) -> OpenArray:
        other = OpenArray(self._base, self.size)
        other._known = dict(self._known)
        other._unwritten = dict(self._unwritten)
        other._pending = list(self._pending)
        return other

    def element(self, emit: Emitter, position: int) -> Value:
        known = self._known.get(position)
        if known is not None:
            return known
        if self._pending:
            return emit.element(self.close(emit), position)
        if self._base is None:  # an element of zeros, not the number 0.0
            return emit.element(emit.zeros((max(self.size, 2),)), 0)
        return emit.element(self._base, position)

    def write(self, emit: Emitter, source: Value, table: npt.NDArray[np.int64], *, accumulate: bool) -> None:
        """``self[table[k]] = source[k]`` (or ``+=``) for each k in order."""
        if table.size <= _FORWARDED and not (accumulate and self._pending) and not emit.is_loop_result(source):
            for k, position in enumerate(table.tolist()):
                self._write_element(emit, position, emit.element(source, k), accumulate=accumulate)
            return
        untouched = self._base is None and not self._pending and not self._known
        self._flush()
        if accumulate:  # what meets at one position is summed first: a loop, not one addition after another
            part = emit.summed_part(source, table)
            # Structural zeros plus x is x.
            self._pending.append(part if untouched else replace(part, accumulate=True))
        else:
            self._pending.append(emit.part(source, table, accumulate=False))
        self._known.clear()

    def _write_element(self, emit: Emitter, position: int, value: Value, *, accumulate: bool) -> None:
        if accumulate and (position in self._known or self._base is not None):
            value = emit.add(self.element(emit, position), value)
        self._known[position] = value
        self._unwritten[position] = None

    def read(self, emit: Emitter, table: npt.NDArray[np.int64]) -> Value | None:
        """The elements at ``table`` if they can be forwarded, else None."""
        if table.size > _FORWARDED or self._pending:
            return None
        entries = table.tolist()
        if not all(position in self._known or self._base is None for position in entries):
            return None
        if len(entries) == 1:
            return self.element(emit, entries[0])
        scalars = [self.element(emit, position) for position in entries]
        return emit.concatenate([emit.reshape(scalar, (1,)) for scalar in scalars])

    def _flush(self) -> None:
        for position in sorted(self._unwritten):
            self._pending.append(Part(value=self._known[position], target=AffineMap(position, ())))
        self._unwritten.clear()

    def close(self, emit: Emitter) -> Value:
        """The array as one value; what is known stays known."""
        self._flush()
        if self._pending:
            self._base = emit.assemble(tuple(self._pending), (self.size,), base=self._base)
            self._pending = []
        if self._base is None:
            self._base = emit.zeros((self.size,))
        return self._base
