"""Numbers for the expressions of a loop's body: equal numbers mean equal bits, in one run and from run to run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

from arc_codegen.ir.expressions import walk_statements
from arc_codegen.ir.loops import Expr, Find, For, Let, Literal, Load, Op, Ref, Set, Symbol, Var
from arc_codegen.passes.loops.effects import effects

Number: TypeAlias = int

_Key: TypeAlias = tuple[object, ...]


class Numbering:
    """Numbers the expressions of the body of ``loop``.

    A load has a number if no run stores to its buffer; a scalar if it is a constant of the body, or comes from outside
    and stays as it is. What is made of numbered operands is numbered.
    """

    def __init__(self, loop: For) -> None:
        self._variable = loop.var
        self._stored = effects(loop).stored
        self._opaque: set[Symbol] = {s.symbol for s in walk_statements(loop.body) if isinstance(s, (Var, Set, Find))}
        self._opaque |= {s.symbol for s in walk_statements(loop.body) if isinstance(s, Let)}
        self._opaque |= {s.var for s in walk_statements(loop.body) if isinstance(s, For)}
        self._scalars: dict[Symbol, Number] = {}
        self._numbers: dict[_Key, Number] = {}
        self._keys: list[_Key] = []
        self._later: dict[Number, Number | None] = {}

    def define(self, symbol: Symbol, value: Expr) -> None:
        """From now on, the number of a constant of the body is that of its value."""
        number = self.number(value)
        if number is not None:
            self._scalars[symbol] = number

    def number(self, expression: Expr) -> Number | None:
        """The number of an expression; None if its value may change within a run, or in ways that are not seen here."""
        match expression:
            case Literal():
                return self._of(("literal", expression.key()))
            case Ref():
                known = self._scalars.get(expression.symbol)
                if known is None and expression.symbol not in self._opaque:
                    known = self._of(("scalar", expression.symbol))
                return known
            case Load():
                index = expression.index
                moving = any(symbol in self._opaque for symbol, _ in index.terms)
                if expression.buffer in self._stored or index.tables or moving:
                    return None
                terms = tuple(sorted(index.terms, key=lambda term: term[0].id))
                return self._of(("load", expression.buffer, index.offset, terms))
            case Op():
                args = self.operands(expression.args)
                return None if args is None else self._of((expression.fn, expression.dtype, *args))
        return None

    def operands(self, expressions: Sequence[Expr]) -> list[Number] | None:
        """Numbers of several expressions, None where one has none."""
        found: list[Number] = []
        for expression in expressions:
            number = self.number(expression)
            if number is None:
                return None
            found.append(number)
        return found

    def in_next_run(self, number: Number) -> Number | None:
        """The number of what, in this run, is what ``number`` is in the next; None if nothing here is."""
        if number not in self._later:
            key = self._keys[number]
            later: Number | None = number
            if key[0] == "load":
                _, buffer, offset, terms = key
                assert isinstance(offset, int)
                assert isinstance(terms, tuple)
                later = self._numbers.get(("load", buffer, offset + dict(terms).get(self._variable, 0), terms))
            elif key[0] not in ("literal", "scalar"):
                args = [self.in_next_run(arg) for arg in key[2:] if isinstance(arg, int)]
                later = None if None in args else self._numbers.get((*key[:2], *args))
            self._later[number] = later
        return self._later[number]

    def _of(self, key: _Key) -> Number:
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self._keys)
            self._keys.append(key)
        return number


__all__ = ["Number", "Numbering"]
