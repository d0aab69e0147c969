"""``guard="saturate"``: inputs that have bounds are replaced by copies within them.

NaN becomes the lower bound, or the upper one where there is no lower.
"""

from __future__ import annotations

from dataclasses import replace

from arc_codegen.ir.interface import Bound, element_bounds
from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.types import DType
from arc_codegen.passes.loopgen.substitution import rename_buffers
from arc_codegen.passes.loopgen.symbols import FreshSymbols


def saturate_inputs(function: LoopFunction) -> LoopFunction:
    """The function with every bounded input clamped at its beginning."""
    if function.interface is None:
        return function
    fresh = FreshSymbols(function)
    inputs = [buffer for buffer in function.buffers if buffer.kind == "input"]
    scalars: set[Symbol] = set()
    moved: dict[Symbol, Symbol] = {}
    works: list[Buffer] = []
    clamps: list[Stmt] = []
    for buffer, leaf in zip(inputs, function.interface.input_leaves(), strict=True):
        low, high = element_bounds(leaf)
        if (low is None and high is None) or not buffer.size:
            continue
        copy = fresh.symbol(f"{buffer.symbol.hint}_clamped")
        moved[buffer.symbol] = copy
        if buffer.shape == ():
            scalars.add(copy)
            clamps.append(Let(copy, _clamped(Load(buffer.symbol, Index(), buffer.dtype), low, high)))
        else:
            works.append(Buffer(copy, buffer.dtype, buffer.size, "work", buffer.shape))
            variable = fresh.symbol("i")
            index = Index(0, ((variable, 1),))
            value = _clamped(Load(buffer.symbol, index, buffer.dtype), low, high)
            clamps.append(For(variable, 0, buffer.size, (Store(copy, index, value),)))
    if not moved:
        return function
    body = tuple(rename_buffers(statement, moved, scalars) for statement in function.body)
    return replace(function, buffers=(*function.buffers, *works), body=(*clamps, *body))


def _clamped(value: Load, low: Bound, high: Bound) -> Expr:
    """``low <= x ? (x <= high ? x : high) : low``: a comparison with NaN is false."""
    dtype = value.dtype
    result: Expr = value
    if high is not None:
        limit = Literal(high, dtype)
        result = Op("select", (Op("le", (value, limit), DType.BOOL), result, limit), dtype)
    if low is not None:
        limit = Literal(low, dtype)
        result = Op("select", (Op("le", (limit, value), DType.BOOL), result, limit), dtype)
    return result
