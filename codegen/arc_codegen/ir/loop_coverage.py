"""Which elements of the outputs a loop function is sure to write.

Loops always run (``start < stop``), so a store outside a branch reaches every position of its index; of a branch counts
what both sides write.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loop_indices import Ranges, Tables, index_count, index_positions, index_variables
from arc_codegen.ir.loops import Call, For, If, Index, Invoke, LocalFunction, LoopFunction, Stmt, Store, Symbol

Mask = NDArray[np.bool_]
Masks = dict[Symbol, Mask]

_BUDGET = 1 << 24
"""Positions enumerated in one function; beyond it nothing is claimed."""


def unwritten_outputs(function: LoopFunction, tables: Tables) -> dict[Symbol, int]:
    """First element that may stay unwritten, for every output that has one.

    Best effort: empty for a function with more stores than can be enumerated.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Buffer, Index, Literal
    >>> from arc_codegen.ir.types import DType
    >>> y = Symbol(0, "y")
    >>> store = Store(y, Index(0), Literal(1.0, DType.F64))
    >>> unwritten_outputs(LoopFunction("f", (Buffer(y, DType.F64, 2, "output", (2,)),), (store,)), {})
    {Symbol(id=0, hint='y'): 1}
    """
    masks = {b.symbol: np.zeros(b.size, np.bool_) for b in function.buffers if b.kind == "output"}
    coverage = _Coverage(tables, function.locals)
    if not coverage.mark(function.body, {}, masks):
        return {}
    return {symbol: int(np.argmin(mask)) for symbol, mask in masks.items() if not mask.all()}


class _Coverage:
    def __init__(self, tables: Tables, functions: Sequence[LocalFunction]) -> None:
        self._tables = tables
        self._left = _BUDGET
        self._locals = {local.symbol: local for local in functions}

    def mark(self, body: Sequence[Stmt], ranges: Ranges, masks: Masks) -> bool:
        """Set in ``masks`` what the statements write; False if there is too much to enumerate."""
        return all(self._mark_statement(statement, ranges, masks) for statement in body)

    def _mark_statement(self, statement: Stmt, ranges: Ranges, masks: Masks) -> bool:
        match statement:
            case Store() if statement.buffer in masks:
                return self._mark_store(statement, ranges, masks[statement.buffer])
            case For():
                return self.mark(statement.body, {**ranges, statement.var: (statement.start, statement.stop)}, masks)
            case If():
                return self._mark_branch(statement, ranges, masks)
            case Call():
                _mark_call(statement, masks)
            case Invoke():
                return self._mark_invoke(statement, ranges, masks)
        return True

    def _mark_invoke(self, call: Invoke, ranges: Ranges, masks: Masks) -> bool:
        """The same as if the body of the local function stood here."""
        if not any(symbol in masks for symbol, _ in call.writes):
            return True
        local = self._locals[call.function]
        parameters = (buffer.symbol for buffer in local.buffers if buffer.kind == "output")
        places = dict(zip(parameters, call.writes, strict=True))
        indices = {span.symbol: index for span, index in zip(local.indices, call.indices, strict=True)}
        return self.mark([*_writes(local.body, places, indices, ranges)], ranges, masks)

    def _mark_store(self, store: Store, ranges: Ranges, mask: Mask) -> bool:
        if any(variable not in ranges for variable in index_variables(store.index)):
            return True  # found in the run: it reaches some of its positions only
        self._left -= index_count(store.index, ranges)
        if self._left < 0:
            return False
        if not store.index.terms and not store.index.tables:
            mask[store.index.offset] = True
        else:
            mask[index_positions(store.index, ranges, self._tables)] = True
        return True

    def _mark_branch(self, branch: If, ranges: Ranges, masks: Masks) -> bool:
        self._left -= 2 * sum(mask.size for mask in masks.values())
        sides: list[Masks] = []
        for body in (branch.then, branch.orelse):
            side = {symbol: np.zeros_like(mask) for symbol, mask in masks.items()}
            if self._left < 0 or not self.mark(body, ranges, side):
                return False
            sides.append(side)
        for symbol, mask in masks.items():
            np.logical_or(mask, sides[0][symbol] & sides[1][symbol], out=mask)
        return True


def _writes(
    body: Sequence[Stmt], places: Mapping[Symbol, tuple[Symbol, Index]], indices: Mapping[Symbol, Index], ranges: Ranges
) -> Iterator[Stmt]:
    """The statements of a local function that write, on the buffers and with the indices of its caller."""
    for statement in body:
        match statement:
            case Store() if statement.buffer in places:
                buffer, start = places[statement.buffer]
                yield replace(statement, buffer=buffer, index=_sum(start, _seen_outside(statement.index, indices)))
            case For() if statement.var not in ranges:
                yield replace(statement, body=tuple(_writes(statement.body, places, indices, ranges)))
            case If():
                then = tuple(_writes(statement.then, places, indices, ranges))
                yield If(statement.condition, then, tuple(_writes(statement.orelse, places, indices, ranges)))
            case Invoke():
                writes = [(places.get(symbol), _seen_outside(index, indices)) for symbol, index in statement.writes]
                if all(place is not None for place, _ in writes):
                    moved = tuple((place[0], _sum(place[1], index)) for place, index in writes if place is not None)
                    inner = tuple(_seen_outside(index, indices) for index in statement.indices)
                    yield replace(statement, writes=moved, indices=inner)


def _seen_outside(index: Index, indices: Mapping[Symbol, Index]) -> Index:
    """An index of a local function with what its caller passes in the place of its parameters."""
    total = Index(index.offset)
    for symbol, coefficient in index.terms:
        passed = indices.get(symbol, Index(0, ((symbol, 1),)))
        terms = tuple((s, c * coefficient) for s, c in passed.terms)
        tables = tuple((t, inner, c * coefficient) for t, inner, c in passed.tables)
        total = _sum(total, Index(passed.offset * coefficient, terms, tables))
    tables = tuple((table, _seen_outside(inner, indices), c) for table, inner, c in index.tables)
    return _sum(total, Index(0, (), tables))


def _sum(first: Index, second: Index) -> Index:
    terms = dict(first.terms)
    for symbol, coefficient in second.terms:
        terms[symbol] = terms.get(symbol, 0) + coefficient
    kept = tuple((symbol, coefficient) for symbol, coefficient in terms.items() if coefficient)
    return Index(first.offset + second.offset, kept, (*first.tables, *second.tables))


def kernel_extents(call: Call) -> list[int]:
    """Number of elements that a kernel call reads or writes in each of its buffers."""
    return KERNELS[call.kernel].sizes(call.ints)


def _mark_call(call: Call, masks: Masks) -> None:
    extents = kernel_extents(call)
    for position in KERNELS[call.kernel].written:
        buffer, offset = call.buffers[position]
        if buffer in masks:
            masks[buffer][offset : offset + extents[position]] = True
