"""Work arrays whose lives do not overlap share memory.

A life runs from the first to the last statement, at the top of the function, that touches the array. Arrays are laid
out first come, first served: each takes over the smallest free one of its type that is large enough, else the
largest free one, which grows. One with several tenants has a name of its own, ``work``: the first tenant's would
mislead.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from arc_codegen.ir.loops import Buffer, LoopFunction, Symbol
from arc_codegen.passes.loopgen.substitution import rename_buffers
from arc_codegen.passes.loops.effects import effects


def share_memory(function: LoopFunction) -> LoopFunction:
    """The function with fewer work arrays, each with the largest size that its tenants need."""
    works = {buffer.symbol: buffer for buffer in function.buffers if buffer.kind == "work"}
    if len(works) < 2:
        return function
    first: dict[Symbol, int] = {}
    last: dict[Symbol, int] = {}
    for time, statement in enumerate(function.body):
        touched = effects(statement)
        for symbol in (touched.loaded | touched.stored) & works.keys():
            first.setdefault(symbol, time)
            last[symbol] = time
    home: dict[Symbol, Symbol] = {}
    sizes: dict[Symbol, int] = {}
    free: list[Symbol] = []
    leaving: dict[int, list[Symbol]] = {}
    for symbol in sorted(first, key=lambda s: (first[s], s.id)):
        for time in sorted(t for t in leaving if t < first[symbol]):
            free.extend(leaving.pop(time))
        wanted = works[symbol]
        fitting = [f for f in free if works[f].dtype is wanted.dtype]
        if fitting:
            enough = [f for f in fitting if sizes[f] >= wanted.size]
            chosen = min(enough, key=lambda f: sizes[f]) if enough else max(fitting, key=lambda f: sizes[f])
            free.remove(chosen)
            sizes[chosen] = max(sizes[chosen], wanted.size)
        else:
            chosen = symbol
            sizes[chosen] = wanted.size
        home[symbol] = chosen
        leaving.setdefault(last[symbol], []).append(chosen)
    tenants = Counter(home.values())
    neutral = {symbol: Symbol(symbol.id, "work") for symbol, count in tenants.items() if count > 1}
    buffers = []
    for buffer in function.buffers:
        if buffer.kind != "work":
            buffers.append(buffer)
        elif home.get(buffer.symbol) == buffer.symbol:
            renamed = replace(buffer, symbol=neutral.get(buffer.symbol, buffer.symbol))
            buffers.append(_sized(renamed, sizes[buffer.symbol]))
    moved = {symbol: neutral.get(target, target) for symbol, target in home.items()}
    moved = {symbol: target for symbol, target in moved.items() if symbol is not target}
    if not moved and len(buffers) == len(function.buffers):
        return function
    body = tuple(rename_buffers(statement, moved) for statement in function.body)
    return replace(function, buffers=tuple(buffers), body=body)


def _sized(buffer: Buffer, size: int) -> Buffer:
    return buffer if buffer.size == size else replace(buffer, size=size, shape=(size,))


__all__ = ["share_memory"]
