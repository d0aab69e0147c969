"""New symbols for a function that is already made."""

from __future__ import annotations

from arc_codegen.ir.expressions import all_symbols
from arc_codegen.ir.loops import LoopFunction, Symbol


class FreshSymbols:
    """Gives symbols that a function, with its local functions, does not have yet."""

    def __init__(self, function: LoopFunction) -> None:
        self._last = max((symbol.id for symbol in all_symbols(function)), default=0)

    def symbol(self, hint: str) -> Symbol:
        self._last += 1
        return Symbol(self._last, hint)
