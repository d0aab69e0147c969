"""Statements with other loop variables and scalars in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import map_leaves, map_statement, with_expressions
from arc_codegen.ir.loops import Expr, Find, For, Index, Invoke, Let, Load, Ref, Set, Stmt, Store, Symbol, Var


@dataclass(frozen=True, slots=True)
class Substitution:
    """``variables``: loop variable -> ``scale * other + offset`` (None: the offset alone); ``scalars``: other names."""

    variables: Mapping[Symbol, tuple[Symbol | None, int, int]] = field(default_factory=dict)
    scalars: Mapping[Symbol, Symbol] = field(default_factory=dict)

    def index(self, index: Index) -> Index:
        """The index with its variables replaced."""
        if (
            not any(symbol in self.variables or symbol in self.scalars for symbol, _ in index.terms)
            and not index.tables
        ):
            return index
        offset = index.offset
        terms: dict[Symbol, int] = {}
        for symbol, coefficient in index.terms:
            target, scale, shift = self.variables.get(symbol, (self.scalars.get(symbol, symbol), 1, 0))
            offset += coefficient * shift
            if target is not None:
                terms[target] = terms.get(target, 0) + coefficient * scale
        tables = tuple((table, self.index(inner), coefficient) for table, inner, coefficient in index.tables)
        return Index(offset, tuple((s, c) for s, c in terms.items() if c), tables)

    def expression(self, expression: Expr) -> Expr:
        """The expression with everything replaced."""
        return map_leaves(expression, self._leaf)

    def _leaf(self, leaf: Expr) -> Expr:
        match leaf:
            case Ref():
                target = self.scalars.get(leaf.symbol)
                return leaf if target is None else Ref(target, leaf.dtype)
            case Load():
                index = self.index(leaf.index)
                return leaf if index is leaf.index else replace(leaf, index=index)
        return leaf

    def statement(self, statement: Stmt) -> Stmt:
        """The statement, and all inside it; what it defines is renamed too."""
        return map_statement(statement, self._one)

    def _one(self, statement: Stmt) -> Stmt:
        statement = with_expressions(statement, self.expression)
        match statement:
            case For():
                return replace(statement, var=self.scalars.get(statement.var, statement.var))
            case Let() | Var() | Set() | Find():
                return replace(statement, symbol=self.scalars.get(statement.symbol, statement.symbol))
            case Store():
                return replace(statement, index=self.index(statement.index))
            case Invoke():
                return replace(
                    statement,
                    indices=tuple(map(self.index, statement.indices)),
                    reads=tuple((symbol, self.index(index)) for symbol, index in statement.reads),
                    writes=tuple((symbol, self.index(index)) for symbol, index in statement.writes),
                    results=tuple(Ref(self.scalars.get(r.symbol, r.symbol), r.dtype) for r in statement.results),
                )
        return statement

    def body(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """All statements of a body."""
        return tuple(self.statement(statement) for statement in body)
