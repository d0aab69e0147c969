"""Verifier of calls of local functions: what is passed fits the parameters, and nothing that is written overlaps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loop_indices import Ranges, Tables, index_bounds
from arc_codegen.ir.loops import Buffer, Call, Fail, Index, Invoke, LocalFunction, Symbol

Problem = tuple[str, str]
"""Code and message."""
Span = tuple[Symbol, Index, int]
"""A part of a buffer: where it begins, and how many elements it has."""

SCOPES, TYPES, BOUNDS, CALLS = "ARC414", "ARC415", "ARC416", "ARC418"


def local_problem(local: LocalFunction, before: Sequence[LocalFunction]) -> Problem | None:
    """What is wrong with the parameters of a local function, or with its name among those before it."""
    name = local.symbol.hint
    if any(other.symbol == local.symbol for other in before):
        return CALLS, f"two local functions {name!r}"
    kinds = [buffer.kind for buffer in local.buffers]
    if not set(kinds) <= {"input", "output"} or kinds != sorted(kinds):
        return CALLS, f"parameters of kind {', '.join(kinds)}: first inputs, then outputs, no others"
    if any(not buffer.shape for buffer in local.buffers):
        return CALLS, "a pointer of shape (): numbers are passed by value"
    if len(set(local.parameters)) < len(local.parameters):
        return CALLS, "two parameters have one symbol"
    if any(span.start >= span.stop for span in local.indices):
        return CALLS, "an index has no values"
    if any(isinstance(s, Fail) or (isinstance(s, Call) and s.checked) for s in walk_statements(local.body)):
        return CALLS, "a local function cannot fail"
    return None


def invoke_problem(
    call: Invoke, local: LocalFunction, buffers: Mapping[Symbol, Buffer], ranges: Ranges, tables: Tables
) -> Problem | None:
    """What is wrong with a call, whose indices and expressions are well formed, of a local function."""
    given = (len(call.values), len(call.indices), len(call.reads) + len(call.writes), len(call.results))
    wanted = (len(local.values), len(local.indices), len(local.buffers), len(local.results))
    if given != wanted or len(call.reads) != sum(buffer.kind == "input" for buffer in local.buffers):
        return CALLS, f"values, indices, buffers and results are {given}, and should be {wanted}"
    pairs = [*zip(call.values, local.values, strict=True), *zip(call.results, local.results, strict=True)]
    for got, expected in pairs:
        if got.dtype is not expected.dtype:
            return TYPES, f"{got.dtype.value} for {expected.dtype.value}"
    for index, span in zip(call.indices, local.indices, strict=True):
        low, high = index_bounds(index, ranges, tables)
        if low < span.start or high >= span.stop:
            return BOUNDS, f"{low} to {high} for an index from {span.start} to {span.stop - 1}"
    return next(_buffer_problems(call, local, buffers, ranges, tables), None)


def _buffer_problems(
    call: Invoke, local: LocalFunction, buffers: Mapping[Symbol, Buffer], ranges: Ranges, tables: Tables
) -> Iterator[Problem]:
    spans: list[Span] = []
    for (symbol, index), parameter in zip((*call.reads, *call.writes), local.buffers, strict=True):
        buffer = buffers[symbol]
        if buffer.dtype is not parameter.dtype:
            yield TYPES, f"{symbol.hint!r} of {buffer.dtype.value} for a parameter of {parameter.dtype.value}"
        if buffer.kind == "input" and buffer.shape == ():
            yield CALLS, f"the number {symbol.hint!r} goes by value"
        low, high = index_bounds(index, ranges, tables)
        if low < 0 or high + parameter.size > buffer.size:
            what = f"elements {low} to {high + parameter.size - 1} of {symbol.hint!r}, which has {buffer.size}"
            yield BOUNDS, f"the call uses {what}"
        spans.append((symbol, index, parameter.size))
    for position, (symbol, _) in enumerate(call.writes, len(call.reads)):
        if buffers[symbol].kind not in ("output", "work"):
            yield SCOPES, f"the call writes the {buffers[symbol].kind} buffer {symbol.hint!r}"
        for other, span in enumerate(spans):
            if other != position and _may_overlap(spans[position], span, ranges, tables):
                yield CALLS, f"the call gets overlapping parts of {symbol.hint!r}"


def _may_overlap(first: Span, second: Span, ranges: Ranges, tables: Tables) -> bool:
    (symbol, index, size), (other, other_index, other_size) = first, second
    if symbol != other:
        return False
    if (index.terms, index.tables) == (other_index.terms, other_index.tables):
        return index.offset < other_index.offset + other_size and other_index.offset < index.offset + size
    low, high = index_bounds(index, ranges, tables)
    other_low, other_high = index_bounds(other_index, ranges, tables)
    return low < other_high + other_size and other_low < high + size
