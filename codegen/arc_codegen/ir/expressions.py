"""Walking the scalar expressions and statements of the loop IR without recursion limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from arc_codegen.ir.loops import (
    Call,
    Expr,
    Fail,
    Find,
    For,
    If,
    Invoke,
    Let,
    Literal,
    LoopFunction,
    Op,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
)
from arc_codegen.ir.types import DType

T = TypeVar("T")


def fold_expression(expr: Expr, combine: Callable[[Expr, list[T]], T]) -> T:
    """Bottom-up value of an expression: ``combine(node, values of its operands)``, however deep it is.

    Parameters
    ----------
    expr : Expr
        The expression.
    combine : callable
        Gives the value of one node from those of its operands (none for leaves).

    Examples
    --------
    >>> from arc_codegen.ir.loops import Literal
    >>> from arc_codegen.ir.types import DType
    >>> one = Literal(1.0, DType.F64)
    >>> depth = lambda node, operands: 1 + max(operands, default=0)
    >>> fold_expression(Op("neg", (Op("add", (one, one), DType.F64),), DType.F64), depth)
    3
    """
    pending: list[tuple[Expr, bool]] = [(expr, False)]
    values: list[T] = []
    while pending:
        node, ready = pending.pop()
        if not isinstance(node, Op):
            values.append(combine(node, []))
        elif ready:
            first = len(values) - len(node.args)
            operands = values[first:]
            del values[first:]
            values.append(combine(node, operands))
        else:
            pending.append((node, True))
            pending.extend((arg, False) for arg in reversed(node.args))
    return values[0]


def leaves(expression: Expr) -> Iterator[Expr]:
    """Literals, references and loads of an expression, from left to right.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Literal
    >>> from arc_codegen.ir.types import DType
    >>> one, two = (Literal(x, DType.F64) for x in (1.0, 2.0))
    >>> [leaf.value for leaf in leaves(Op("add", (one, Op("neg", (two,), DType.F64)), DType.F64))]
    [1.0, 2.0]
    """
    pending = [expression]
    while pending:
        current = pending.pop()
        if isinstance(current, Op):
            pending.extend(reversed(current.args))
        else:
            yield current


def map_leaves(expression: Expr, change: Callable[[Expr], Expr]) -> Expr:
    """The expression with every leaf changed; itself where all of them stay.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Literal
    >>> from arc_codegen.ir.types import DType
    >>> one = Literal(1.0, DType.F64)
    >>> map_leaves(Op("neg", (one,), DType.F64), lambda leaf: Literal(leaf.value + 1.0, leaf.dtype)).args[0].value
    2.0
    """

    def combine(node: Expr, operands: list[Expr]) -> Expr:
        if not isinstance(node, Op):
            return change(node)
        same = all(a is b for a, b in zip(operands, node.args, strict=True))
        return node if same else replace(node, args=tuple(operands))

    return fold_expression(expression, combine)


def own_expressions(statement: Stmt) -> tuple[Expr, ...]:
    """The expressions that a statement evaluates itself; not those of statements inside it."""
    match statement:
        case Let() | Var() | Set() | Store() | Fail():
            return (statement.value,)
        case If():
            return (statement.condition,)
        case Find():
            return (statement.place,)
        case Invoke():
            return statement.values
        case For() | Call():
            return ()


def with_expressions(statement: Stmt, change: Callable[[Expr], Expr]) -> Stmt:
    """The statement with its own expressions changed; itself where they stay."""
    match statement:
        case Let() | Var() | Set() | Store() | Fail():
            value = change(statement.value)
            return statement if value is statement.value else replace(statement, value=value)
        case If():
            condition = change(statement.condition)
            return statement if condition is statement.condition else replace(statement, condition=condition)
        case Find():
            place = change(statement.place)
            return statement if place is statement.place else replace(statement, place=place)
        case Invoke():
            values = tuple(map(change, statement.values))
            same = all(a is b for a, b in zip(values, statement.values, strict=True))
            return statement if same else replace(statement, values=values)
        case For() | Call():
            return statement


def defined_symbols(statement: Stmt) -> tuple[Symbol, ...]:
    """What a statement itself brings into its scope, or into that of its body: scalars and indices."""
    match statement:
        case Let() | Var() | Find():
            return (statement.symbol,)
        case For():
            return (statement.var,)
        case Invoke():
            return tuple(result.symbol for result in statement.results)
        case Set() | Store() | Fail() | If() | Call():
            return ()


def map_statement(statement: Stmt, change: Callable[[Stmt], Stmt]) -> Stmt:
    """The statement with ``change`` applied to it and to all inside it, inner ones first."""
    match statement:
        case For():
            statement = replace(statement, body=tuple(map_statement(inner, change) for inner in statement.body))
        case If():
            then = tuple(map_statement(inner, change) for inner in statement.then)
            orelse = tuple(map_statement(inner, change) for inner in statement.orelse)
            statement = If(statement.condition, then, orelse)
    return change(statement)


def is_sine_pair(first: Let, second: Let) -> bool:
    """Whether two constants are the sine and the cosine, in this order, of one float32 angle.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Ref, Symbol
    >>> from arc_codegen.ir.types import DType
    >>> x = Ref(Symbol(0, "x"), DType.F32)
    >>> sine, cosine = (Let(Symbol(k, fn), Op(fn, (x,), DType.F32)) for k, fn in enumerate(("sin", "cos"), 1))
    >>> is_sine_pair(sine, cosine), is_sine_pair(cosine, sine)
    (True, False)
    """
    match first.value, second.value:
        case Op("sin", (angle,), DType.F32), Op("cos", (other,), DType.F32):
            # 0.0 == -0.0, and their sines differ.
            return angle == other and not isinstance(angle, Literal)
    return False


def walk_statements(body: Sequence[Stmt]) -> Iterator[Stmt]:
    """Every statement of a body, in the order of the text, nested ones after the one that holds them.

    Examples
    --------
    >>> from arc_codegen.ir.loops import Symbol
    >>> len(list(walk_statements([For(Symbol(0, "i"), 0, 3, (For(Symbol(1, "j"), 0, 2, ()),))])))
    2
    """
    pending = list(reversed(body))
    while pending:
        statement = pending.pop()
        yield statement
        if isinstance(statement, For):
            pending.extend(reversed(statement.body))
        elif isinstance(statement, If):
            pending.extend(reversed(statement.then + statement.orelse))


def all_bodies(function: LoopFunction) -> Iterator[tuple[Stmt, ...]]:
    """The bodies of the local functions, then that of the function itself."""
    yield from (local.body for local in function.locals)
    yield function.body


def all_symbols(function: LoopFunction) -> Iterator[Symbol]:
    """Every symbol that a function defines, its local functions and theirs among them."""
    for buffer in function.buffers:
        yield buffer.symbol
    for local in function.locals:
        yield local.symbol
        yield from local.parameters
    for body in all_bodies(function):
        for statement in walk_statements(body):
            yield from defined_symbols(statement)
