"""Statements with other loop variables and scalars in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from arc_codegen.ir.loops import Expr, Fail, Find, For, If, Index, Let, Load, Op, Ref, Set, Stmt, Store, Symbol, Var


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
        match expression:
            case Ref():
                target = self.scalars.get(expression.symbol)
                return expression if target is None else Ref(target, expression.dtype)
            case Load():
                index = self.index(expression.index)
                return expression if index is expression.index else replace(expression, index=index)
            case Op():
                args = tuple(self.expression(arg) for arg in expression.args)
                same = all(a is b for a, b in zip(args, expression.args, strict=True))
                return expression if same else Op(expression.fn, args, expression.dtype)
        return expression

    def statement(self, statement: Stmt) -> Stmt:
        """The statement, and all inside it; what it defines is renamed too."""
        match statement:
            case For():
                return replace(
                    statement, var=self.scalars.get(statement.var, statement.var), body=self.body(statement.body)
                )
            case If():
                return If(self.expression(statement.condition), self.body(statement.then), self.body(statement.orelse))
            case Let() | Var() | Set():
                symbol = self.scalars.get(statement.symbol, statement.symbol)
                return replace(statement, symbol=symbol, value=self.expression(statement.value))
            case Fail():
                return replace(statement, value=self.expression(statement.value))
            case Store():
                return replace(statement, index=self.index(statement.index), value=self.expression(statement.value))
            case Fail():
                return replace(statement, value=self.expression(statement.value))
            case Find():
                symbol = self.scalars.get(statement.symbol, statement.symbol)
                return replace(statement, symbol=symbol, place=self.expression(statement.place))
        return statement

    def body(self, body: tuple[Stmt, ...]) -> tuple[Stmt, ...]:
        """All statements of a body."""
        return tuple(self.statement(statement) for statement in body)
