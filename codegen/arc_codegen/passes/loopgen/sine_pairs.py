"""Sine and cosine of one angle stand side by side, where the emitter makes one call of both.

In each body, operations on the same angle are found by value numbers: a symbol that was written in between has another
one. Both become constants before the first statement that needs either. Operations that are evaluated only on a
condition (in the branches of a select) stay where they are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from arc_codegen.ir.expressions import all_bodies, fold_expression, walk_statements
from arc_codegen.ir.loops import (
    Call,
    Expr,
    Fail,
    For,
    If,
    Invoke,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Set,
    Stmt,
    Store,
    Symbol,
    Var,
    origin_of,
)
from arc_codegen.ir.types import DType, Origin
from arc_codegen.passes.loopgen.symbols import FreshSymbols

_NAMES = {"sin": "sine", "cos": "cosine"}
_LAZY = {"select": 1, "and": 1, "or": 1}
"""Operations of which C evaluates only the first operands for certain, and how many those are."""

Number = int
"""Stands for a value: equal numbers, equal bits."""


def pair_sines(function: LoopFunction) -> LoopFunction:
    """The function with sines and cosines of one float32 angle next to each other."""
    if not any(_holds_both(body) for whole in all_bodies(function) for body in _bodies(whole)):
        return function
    fresh = FreshSymbols(function)
    local = tuple(replace(local, body=_paired(local.body, fresh)) for local in function.locals)
    return replace(function, body=_paired(function.body, fresh), locals=local)


def _bodies(body: tuple[Stmt, ...]) -> Iterator[tuple[Stmt, ...]]:
    yield body
    for statement in walk_statements(body):
        if isinstance(statement, For):
            yield statement.body
        elif isinstance(statement, If):
            yield from (statement.then, statement.orelse)


def _holds_both(body: tuple[Stmt, ...]) -> bool:
    """A quick look, before anything is numbered."""
    found: set[str] = set()

    def look(node: Expr, _: list[None]) -> None:
        if isinstance(node, Op) and node.fn in _NAMES and node.dtype is DType.F32:
            found.add(node.fn)

    for statement in body:
        expression = _expression(statement)
        if expression is not None:
            fold_expression(expression, look)
    return len(found) == len(_NAMES)


def _expression(statement: Stmt) -> Expr | None:
    match statement:
        case Let() | Var() | Set() | Store() | Fail():
            return statement.value
        case If():
            return statement.condition
    return None


@dataclass(slots=True)
class _Angle:
    """What is known of one angle in a body: the first statement that needs it, and who computes what."""

    first: int
    expression: Expr
    origin: Origin | None
    wanted: set[str] = field(default_factory=set)
    symbols: dict[str, Symbol] = field(default_factory=dict)  # constants that are the sine or cosine, and nothing else
    replaced: set[int] = field(default_factory=set)  # the statements that define them


class _Numbering:
    """Value numbers of the expressions of one body."""

    def __init__(self) -> None:
        self._known: dict[tuple[object, ...], Number] = {}
        self._versions: dict[Symbol, int] = {}

    def rewind(self) -> None:
        """Back to the beginning of the body."""
        self._versions.clear()

    def write(self, symbol: Symbol) -> None:
        """What was read from this symbol before differs from what is read now."""
        self._versions[symbol] = self._versions.get(symbol, 0) + 1

    def number(self, node: Expr, operands: list[Number]) -> Number:
        match node:
            case Literal():
                key: tuple[object, ...] = node.key()
            case Ref(symbol):
                key = ("ref", symbol, self._versions.get(symbol, 0))
            case Load(buffer, index):
                key = ("load", buffer, self._versions.get(buffer, 0), index)
            case Op(fn, _, dtype):
                key = (fn, dtype, *operands)
        return self._known.setdefault(key, len(self._known))


def _paired(body: tuple[Stmt, ...], fresh: FreshSymbols) -> tuple[Stmt, ...]:
    numbering = _Numbering()
    angles = _find_angles(body, numbering) if _holds_both(body) else {}
    paired = {number: angle for number, angle in angles.items() if len(angle.wanted) == len(_NAMES)}
    for angle in paired.values():
        for fn, hint in _NAMES.items():
            if fn not in angle.symbols:
                angle.symbols[fn] = fresh.symbol(hint)
    gone = {position for angle in paired.values() for position in angle.replaced}
    numbering.rewind()
    at: dict[int, list[Number]] = {}
    for number, angle in paired.items():
        at.setdefault(angle.first, []).append(number)
    computed: dict[Number, _Angle] = {}
    out: list[Stmt] = []
    for position, statement in enumerate(body):
        # An angle that is made of another pair's sine has been found after it, and so comes after it here.
        for number in at.get(position, ()):
            angle = paired[number]
            value = _rewritten(angle.expression, numbering, computed)
            out.extend(Let(angle.symbols[fn], Op(fn, (value,), DType.F32), angle.origin) for fn in _NAMES)
            computed[number] = angle
        if position not in gone:
            out.append(_rewritten_statement(statement, numbering, computed, fresh))
        _note_writes(statement, numbering)
    return tuple(out)


def _find_angles(body: tuple[Stmt, ...], numbering: _Numbering) -> dict[Number, _Angle]:
    """Angles by their number, inner ones before those that are made of them."""
    angles: dict[Number, _Angle] = {}
    for position, statement in enumerate(body):
        expression = _expression(statement)
        if expression is not None:
            origin = origin_of(statement)

            def visit(op: Op, angle: Number, *, position: int = position, origin: Origin | None = origin) -> None:
                entry = angles.setdefault(angle, _Angle(position, op.args[0], origin))
                entry.wanted.add(op.fn)

            _visit(expression, numbering, visit)
            if isinstance(statement, Let) and isinstance(expression, Op) and expression.fn in _NAMES:
                entry = angles.get(fold_expression(expression.args[0], numbering.number))
                if entry is not None and expression.dtype is DType.F32 and expression.fn not in entry.symbols:
                    entry.symbols[expression.fn] = statement.symbol
                    entry.replaced.add(position)
        _note_writes(statement, numbering)
    return angles


def _visit(expression: Expr, numbering: _Numbering, visit: Callable[[Op, Number], None]) -> None:
    """Number an expression; ``visit`` sees each sine and cosine in it that is evaluated for certain."""
    pending: list[tuple[Expr, bool, bool]] = [(expression, False, True)]
    numbers: list[Number] = []
    while pending:
        node, ready, certain = pending.pop()
        if not isinstance(node, Op):
            numbers.append(numbering.number(node, []))
        elif ready:
            operands = numbers[len(numbers) - len(node.args) :]
            del numbers[len(numbers) - len(node.args) :]
            if certain and node.fn in _NAMES and node.dtype is DType.F32 and not isinstance(node.args[0], Literal):
                visit(node, operands[0])
            numbers.append(numbering.number(node, operands))
        else:
            pending.append((node, True, certain))
            sure = _LAZY.get(node.fn, len(node.args))
            pending.extend((arg, False, certain and k < sure) for k, arg in reversed(list(enumerate(node.args))))


def _rewritten(expression: Expr, numbering: _Numbering, computed: dict[Number, _Angle]) -> Expr:
    """The expression with the constants of the pairs in it."""

    def combine(node: Expr, operands: list[tuple[Expr, Number]]) -> tuple[Expr, Number]:
        number = numbering.number(node, [operand for _, operand in operands])
        if not isinstance(node, Op):
            return node, number
        if node.fn in _NAMES and node.dtype is DType.F32 and operands[0][1] in computed:
            return Ref(computed[operands[0][1]].symbols[node.fn], DType.F32), number
        return replace(node, args=tuple(operand for operand, _ in operands)), number

    return fold_expression(expression, combine)[0]


def _rewritten_statement(
    statement: Stmt, numbering: _Numbering, computed: dict[Number, _Angle], fresh: FreshSymbols
) -> Stmt:
    match statement:
        case Let() | Var() | Set() | Store() | Fail():
            return replace(statement, value=_rewritten(statement.value, numbering, computed))
        case For():
            return replace(statement, body=_paired(statement.body, fresh))
        case If():
            condition = _rewritten(statement.condition, numbering, computed)
            then, orelse = _paired(statement.then, fresh), _paired(statement.orelse, fresh)
            return replace(statement, condition=condition, then=then, orelse=orelse)
    return statement


def _note_writes(statement: Stmt, numbering: _Numbering) -> None:
    for inner in walk_statements((statement,)):
        match inner:
            case Set(symbol):
                numbering.write(symbol)
            case Store(buffer):
                numbering.write(buffer)
            case Call(buffers=buffers) | Invoke(writes=buffers):
                for buffer, _ in buffers:
                    numbering.write(buffer)
