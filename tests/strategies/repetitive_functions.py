"""Straight-line functions in which the same steps come again."""

from __future__ import annotations

from typing import Any

from arc_codegen.ir.loops import (
    Buffer,
    Expr,
    For,
    Index,
    Let,
    Literal,
    Load,
    LoopFunction,
    Op,
    Ref,
    Stmt,
    Store,
    Symbol,
)
from arc_codegen.ir.types import DType, Origin
from hypothesis import strategies as st

F32 = DType.F32
X, Y, W = Symbol(0, "x"), Symbol(1, "y"), Symbol(2, "w")

F32 = DType.F32
X, Y, W = Symbol(0, "x"), Symbol(1, "y"), Symbol(2, "w")
SIZE = 12
KINDS = ((X, "input"), (Y, "output"), (W, "work"))
BUFFERS = tuple(Buffer(symbol, F32, SIZE, kind, (SIZE,)) for symbol, kind in KINDS)

BINARY = ("add", "sub", "mul", "div", "max", "hypot")
UNARY = ("neg", "sqrt", "sin", "abs")
CHOICE = "choice"


class Program:
    """Statements as they are drawn: values that may be read, and elements of the output that are left to store."""

    def __init__(self, draw: Any) -> None:
        self.draw = draw
        self.count = 10
        self.statements: list[Stmt] = []
        self.values: list[Expr] = [Load(X, Index(k), F32) for k in range(SIZE)]
        self.left = list(range(SIZE))
        self.conditions: list[Ref] = []

    def pick(self) -> Expr:
        """A value, seldom a constant or an element of a work array that is stored as well."""
        kind = self.draw(st.integers(0, 9))
        if kind == 0:
            return Literal(self.draw(st.sampled_from([0.5, -2.0, 3.0])), F32)
        if kind == 1:
            return Load(W, Index(self.draw(st.integers(0, 3))), F32)
        return self.draw(st.sampled_from(self.values[-16:]))

    def let(self, value: Expr) -> Ref:
        self.count += 1
        symbol = Symbol(self.count, "t")
        self.statements.append(Let(symbol, value, Origin("model.py", self.count, "rate")))
        if self.draw(st.integers(0, 4)) == 0:
            self.count += 1
            first, symbol = symbol, Symbol(self.count, "again")
            self.statements.append(Let(symbol, Ref(first, F32)))
        self.values.append(Ref(symbol, F32))
        return Ref(symbol, F32)

    def chosen(self, first: Expr, second: Expr) -> Op:
        """One of two, by a condition that others may read."""
        self.count += 1
        condition = Ref(Symbol(self.count, "less"), DType.BOOL)
        self.statements.append(Let(condition.symbol, Op("lt", (first, second), DType.BOOL)))
        self.conditions.append(condition)
        return Op("select", (condition, first, second), F32)

    def operation(self, *operands: Expr) -> Op:
        names = UNARY if len(operands) == 1 else BINARY
        return Op(self.draw(st.sampled_from(names)), operands, F32)

    def step(self) -> None:
        """A statement of no part."""
        value: Expr = self.operation(self.operation(self.pick()), self.pick())
        if self.conditions and self.draw(st.booleans()):
            value = Op("select", (self.draw(st.sampled_from(self.conditions[-8:])), value, self.pick()), F32)
        if self.draw(st.booleans()):
            value = self.let(value)
        kind = self.draw(st.integers(0, 3))
        if kind == 0 and self.left:
            self.statements.append(Store(Y, Index(self.left.pop(0)), value))
        elif kind == 1:
            self.statements.append(Store(W, Index(self.draw(st.integers(0, 3))), value))
        else:
            self.let(value)

    def planted(self, recipe: list[tuple[str, int, int]]) -> None:
        """The operations of a recipe; what a step reads is among the last values or comes from outside."""
        made: list[Expr] = [self.pick() for _ in range(3)]
        for fn, first, second in recipe:
            operands = (made[first % len(made)], made[second % len(made)])
            plain = Op(fn, operands if fn in BINARY else operands[:1], F32)
            value = self.chosen(*operands) if fn == CHOICE else plain
            made.append(self.let(value) if self.draw(st.booleans()) else value)
            if self.draw(st.integers(0, 3)) == 0:
                self.step()
        if self.left:
            self.statements.append(Store(Y, Index(self.left.pop(0)), made[-1]))


@st.composite
def repetitive(draw: Any) -> LoopFunction:
    """Straight-line functions in which a few recipes are followed again and again, some of it in a loop."""
    program = Program(draw)
    program.statements.extend(Store(W, Index(k), Literal(float(k), F32)) for k in range(4))
    step = st.tuples(st.sampled_from((*BINARY, *UNARY, CHOICE)), st.integers(0, 30), st.integers(0, 30))
    recipes = draw(st.lists(st.lists(step, min_size=2, max_size=10), min_size=1, max_size=2))
    for _ in range(draw(st.integers(2, 5))):
        program.planted(draw(st.sampled_from(recipes)))
    while program.left:
        program.statements.append(Store(Y, Index(program.left.pop(0)), program.pick()))
    statements = list(program.statements)
    if draw(st.booleans()):
        loop = Program(draw)
        loop.count = 1000
        i = Symbol(999, "i")
        loop.values = [Load(X, Index(0, ((i, 1),)), F32), *program.values]
        loop.conditions = list(program.conditions)
        loop.left = []
        for _ in range(draw(st.integers(1, 3))):
            loop.planted(draw(st.sampled_from(recipes)))
        body = (*loop.statements, Store(Y, Index(0, ((i, 1),)), loop.values[-1]))
        statements.append(For(i, 0, 3, body))
    return LoopFunction("f", BUFFERS, tuple(statements))


@st.composite
def deciding(draw: Any) -> LoopFunction:
    """A recipe with choices, followed again and again; the conditions are read behind it, beside its numbers."""
    program = Program(draw)
    step = st.tuples(st.sampled_from(BINARY), st.integers(0, 30), st.integers(0, 30))
    choice = st.tuples(st.just(CHOICE), st.integers(0, 30), st.integers(0, 30))
    recipe = [*draw(st.lists(choice, min_size=1, max_size=2)), *draw(st.lists(step, min_size=6, max_size=12))]
    program.statements.extend(Store(W, Index(k), Literal(float(k), F32)) for k in range(4))
    for k in range(draw(st.integers(2, 3))):
        made: list[Expr] = [Load(X, Index(3 * k + j), F32) for j in range(3)]
        for fn, first, second in recipe:
            operands = (made[first % len(made)], made[second % len(made)])
            made.append(program.let(program.chosen(*operands) if fn == CHOICE else Op(fn, operands, F32)))
        program.statements.append(Store(Y, Index(3 * k), made[-1]))
        program.statements.append(Store(Y, Index(3 * k + 1), made[-2]))
        condition = program.conditions[-1]
        value = Op("select", (condition, Literal(2.0, F32), made[3]), F32) if k else Op("cast", (condition,), F32)
        program.statements.append(Store(Y, Index(3 * k + 2), value))
        program.left = program.left[3:]
    program.statements.extend(Store(Y, Index(k), Literal(0.0, F32)) for k in program.left)
    return LoopFunction("f", BUFFERS, tuple(program.statements))
