"""What several statements of one body compute alike is computed once.

The graph has each value once; loops that are fused may have what they made each for itself. (Value numbering: Cocke and
Schwartz, Programming Languages and Their Compilers, 1970.)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from arc_codegen.ir.expressions import (
    fold_expression,
    leaves,
    map_leaves,
    map_statement,
    own_expressions,
    with_expressions,
)
from arc_codegen.ir.loops import Expr, For, If, Index, Let, Load, LoopFunction, Op, Ref, Stmt, Symbol, origin_of
from arc_codegen.passes.loopgen.symbols import FreshSymbols
from arc_codegen.passes.loops.effects import effects


def share_expressions(function: LoopFunction) -> LoopFunction:
    """The function with equal expressions in the bodies of loops computed once."""
    sharing = _Sharing(FreshSymbols(function))
    body = tuple(sharing.inside(statement) for statement in function.body)
    return replace(function, body=body)


@dataclass(slots=True)
class _Sharing:
    fresh: FreshSymbols

    def inside(self, statement: Stmt) -> Stmt:
        """The statement with its bodies rewritten, if it has any."""
        if isinstance(statement, For):
            return replace(statement, body=self.body(statement.body))
        if isinstance(statement, If):
            then = tuple(map(self.inside, statement.then))
            return If(statement.condition, then, tuple(map(self.inside, statement.orelse)))
        return statement

    def body(self, body: Sequence[Stmt]) -> tuple[Stmt, ...]:
        """The statements of a loop."""
        body = _without_copies(self.inside(statement) for statement in body)
        repeated = _repeated(body)
        if not repeated:
            return body
        out: list[Stmt] = []
        known: dict[Expr, Ref] = {}
        for statement in body:

            def share(node: Expr, operands: list[Expr]) -> Expr:
                if not isinstance(node, Op):
                    return node
                same = all(a is b for a, b in zip(operands, node.args, strict=True))
                made = node if same else replace(node, args=tuple(operands))
                if node not in repeated:
                    return made
                if node not in known:
                    symbol = self.fresh.symbol("t")
                    out.append(Let(symbol, made, origin_of(statement)))  # noqa: B023 - called before the loop goes on
                    known[node] = Ref(symbol, node.dtype)
                return known[node]

            if isinstance(statement, (For, If)):
                out.append(statement)
            elif isinstance(statement, Let) and statement.value in repeated:
                value = known.get(statement.value)
                if value is None:
                    assert isinstance(statement.value, Op)
                    args = tuple(fold_expression(arg, share) for arg in statement.value.args)
                    out.append(replace(statement, value=replace(statement.value, args=args)))
                    known[statement.value] = Ref(statement.symbol, statement.value.dtype)
                else:
                    out.append(replace(statement, value=value))
            else:
                out.append(with_expressions(statement, lambda e: fold_expression(e, share)))
            _forget(known, statement)
        return _without_copies(out)


def _repeated(body: Iterable[Stmt]) -> set[Expr]:
    """Operations that stand twice or more in a body, nothing between them changing what they read."""
    counts = Counter[Expr]()
    found: set[Expr] = set()
    for statement in body:
        if not isinstance(statement, (For, If)):
            for expression in own_expressions(statement):
                pending = [expression]
                while pending:
                    current = pending.pop()
                    if isinstance(current, Op):
                        counts[current] += 1
                        if counts[current] > 1:
                            found.add(current)
                        else:
                            pending.extend(current.args)
        _forget(counts, statement)
    return found


def _forget(known: dict[Expr, Ref] | Counter[Expr], statement: Stmt) -> None:
    """Forget what a statement changes."""
    touched = effects(statement)
    if not (touched.stored or touched.written):
        return
    for expression in [e for e in known if _reads(e, touched.stored, touched.written)]:
        del known[expression]


def _reads(expression: Expr, stored: set[Symbol], written: set[Symbol]) -> bool:
    for leaf in leaves(expression):
        if isinstance(leaf, Load) and leaf.buffer in stored:
            return True
        if isinstance(leaf, Ref) and leaf.symbol in written:
            return True
    return False


def _without_copies(body: Iterable[Stmt]) -> tuple[Stmt, ...]:
    """Without constants whose value an earlier one has, which is read in their place."""
    out: list[Stmt] = []
    names: dict[Symbol, Expr] = {}
    known: dict[Expr, Ref] = {}
    defined: set[Symbol] = set()
    indices: dict[object, Index] = {}

    def leaf(expression: Expr) -> Expr:
        if isinstance(expression, Load):
            index = expression.index
            same = indices.setdefault((index.offset, frozenset(index.terms), index.tables), index)
            return expression if same is index else replace(expression, index=same)
        return names.get(expression.symbol, expression) if isinstance(expression, Ref) else expression

    def renamed(statement: Stmt) -> Stmt:
        return with_expressions(statement, lambda expression: map_leaves(expression, leaf))

    for statement in body:
        inside = isinstance(statement, (For, If))
        changed = map_statement(statement, renamed) if inside else renamed(statement)
        _forget(known, changed)
        if isinstance(changed, Let):
            value = changed.value
            earlier = known.get(value) if isinstance(value, Op) else None
            if isinstance(value, Ref) and value.symbol in defined:
                earlier = value
            if earlier is not None:
                names[changed.symbol] = earlier
                continue
            defined.add(changed.symbol)
            if isinstance(value, Op):
                known[value] = Ref(changed.symbol, value.dtype)
        out.append(changed)
    return tuple(out)


__all__ = ["share_expressions"]
