"""Walking the scalar expressions and statements of the loop IR without recursion limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from arc_codegen.ir.loops import Expr, For, If, Let, Literal, Op, Stmt
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
