"""What is wrong with a call of a kernel of the runtime."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from arc_codegen.ir.kernel_table import KERNELS
from arc_codegen.ir.loop_coverage import kernel_extents
from arc_codegen.ir.loops import Buffer, Call, Symbol
from arc_codegen.ir.status import Status
from arc_codegen.ir.types import DType

Problem: TypeAlias = tuple[str, str]
"""A code and a message."""

SCOPES, TYPES, BOUNDS, CALLS = "ARC414", "ARC415", "ARC416", "ARC418"


def kernel_problem(call: Call, buffer_of: Callable[[Symbol], Buffer]) -> Problem | None:
    """What a call of a kernel does wrong, or None; ``buffer_of`` finds a buffer by its symbol.

    Examples
    --------
    >>> kernel_problem(Call("no_such_kernel", (), ()), lambda symbol: Buffer(symbol, DType.F32, 4, "work", (4,)))
    ('ARC418', "no kernel 'no_such_kernel'")
    """
    kernel = KERNELS.get(call.kernel)
    if kernel is None:
        return CALLS, f"no kernel {call.kernel!r}"
    if len(call.ints) != len(kernel.ints) or len(call.buffers) != len(kernel.buffers):
        takes = f"{len(kernel.ints)} integers and {len(kernel.buffers)} buffers"
        return CALLS, f"{call.kernel} takes {takes}, got {len(call.ints)} and {len(call.buffers)}"
    if call.checked and kernel.error is Status.OK:
        return CALLS, f"{call.kernel} is checked, but cannot fail"
    if min(call.ints) < 0:
        return CALLS, f"{call.kernel} of negative extents {call.ints}"
    reals: set[DType] = set()
    spans: list[tuple[Symbol, int, int]] = []
    for position, (symbol, offset) in enumerate(call.buffers):
        buffer = buffer_of(symbol)
        extent = kernel_extents(call)[position]
        if offset < 0 or offset + extent > buffer.size:
            what = f"elements {offset} to {offset + extent - 1} of {symbol.hint!r}, which has {buffer.size}"
            return BOUNDS, f"{call.kernel} uses {what}"
        if position in kernel.written and buffer.kind not in ("output", "work"):
            return SCOPES, f"{call.kernel} writes the {buffer.kind} buffer {symbol.hint!r}"
        if any(other == symbol and offset < stop and start < offset + extent for other, start, stop in spans):
            return CALLS, f"{call.kernel} gets overlapping parts of {symbol.hint!r}"
        spans.append((symbol, offset, offset + extent))
        if not kernel.buffers[position].is_index:
            reals.add(buffer.dtype)
        elif buffer.dtype is not DType.I32:
            return TYPES, f"{call.kernel} keeps its pivots in i32, {symbol.hint!r} is {buffer.dtype.value}"
    if len(reals) != 1 or not next(iter(reals)).is_real:
        got = ", ".join(sorted(dtype.value for dtype in reals))
        return TYPES, f"{call.kernel} takes buffers of one real type, got {got}"
    return None
