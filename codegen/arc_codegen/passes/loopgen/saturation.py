"""``guard="saturate"``: inputs that have bounds are replaced by copies within them.

NaN becomes the lower bound, or the upper one where there is no lower.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from arc_codegen.ir.interface import Leaf
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
        if (leaf.low is None and leaf.high is None) or buffer.dtype is DType.BOOL or not buffer.size:
            continue
        copy = fresh.symbol(f"{buffer.symbol.hint}_clamped")
        moved[buffer.symbol] = copy
        if buffer.shape == ():
            scalars.add(copy)
            clamps.append(Let(copy, _clamped(Load(buffer.symbol, Index(), buffer.dtype), leaf)))
        else:
            works.append(Buffer(copy, buffer.dtype, buffer.size, "work", buffer.shape))
            variable = fresh.symbol("i")
            index = Index(0, ((variable, 1),))
            value = _clamped(Load(buffer.symbol, index, buffer.dtype), leaf)
            clamps.append(For(variable, 0, buffer.size, (Store(copy, index, value),)))
    if not moved:
        return function
    body = tuple(rename_buffers(statement, moved, scalars) for statement in function.body)
    return replace(function, buffers=(*function.buffers, *works), body=(*clamps, *body))


def _clamped(value: Load, leaf: Leaf) -> Expr:
    """``low <= x ? (x <= high ? x : high) : low``: a comparison with NaN is false."""
    dtype = value.dtype
    result: Expr = value
    if leaf.high is not None:
        high = bound_literal(leaf.high, dtype)
        result = Op("select", (Op("le", (value, high), DType.BOOL), result, high), dtype)
    if leaf.low is not None:
        low = bound_literal(leaf.low, dtype)
        result = Op("select", (Op("le", (low, value), DType.BOOL), result, low), dtype)
    return result


def bound_literal(bound: float, dtype: DType) -> Literal:
    """A bound as a constant of the element type, the nearest to what the user wrote."""
    if dtype.is_integer:
        return Literal(int(bound), dtype)
    return Literal(float(np.asarray(bound, dtype.numpy_name)), dtype)
