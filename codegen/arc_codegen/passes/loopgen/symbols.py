"""New symbols for a function that is already made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from arc_codegen.ir.loops import Find, For, If, Let, LoopFunction, Stmt, Symbol, Var


class FreshSymbols:
    """Gives symbols that a function does not have yet."""

    def __init__(self, function: LoopFunction) -> None:
        taken = [buffer.symbol.id for buffer in function.buffers]
        self._last = max([*taken, *(symbol.id for symbol in _defined(function.body))], default=0)

    def symbol(self, hint: str) -> Symbol:
        self._last += 1
        return Symbol(self._last, hint)


def _defined(body: Iterable[Stmt]) -> Iterator[Symbol]:
    for statement in body:
        if isinstance(statement, (Let, Var, Find)):
            yield statement.symbol
        elif isinstance(statement, For):
            yield statement.var
            yield from _defined(statement.body)
        elif isinstance(statement, If):
            yield from _defined((*statement.then, *statement.orelse))
